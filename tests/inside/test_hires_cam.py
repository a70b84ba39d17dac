"""HiResCAM by hand: every place by its own gradient, and nothing below 0."""

import torch

from convsight.inside.grad_cam import grad_cam
from convsight.inside.hires_cam import hires_cam
from convsight.inside.map_gradients import LayerMaps

MAPS = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])


def test_places_are_weighed_by_their_own_gradients() -> None:
    found = LayerMaps("layer", MAPS, torch.tensor([[[[0.5, 0.0]], [[1.0, -2.0]]]]))
    assert hires_cam(found).tolist() == [[3.5, 0.0]]


def test_where_gradients_are_the_same_everywhere_it_is_grad_cam() -> None:
    found = LayerMaps("layer", MAPS, torch.tensor([[[[0.5, 0.5]], [[-0.1, -0.1]]]]))
    torch.testing.assert_close(torch.from_numpy(hires_cam(found)), torch.from_numpy(grad_cam(found)))
