"""What the last layer of a network is given, held against what that layer makes of it."""

import pytest
import torch
from torch import nn

from convsight.errors import UserError
from convsight.nets.catalogue import NetShape, build_net
from convsight.tasks import task_of
from convsight.tasks.capabilities import with_vector
from convsight.tasks.last_vector import last_vectors


@pytest.mark.parametrize("name", ["lecture3", "small", "resnet18"])
def test_the_head_makes_the_answer_of_it(name: str) -> None:
    torch.manual_seed(0)
    model = build_net(name, NetShape(5, 3, 32, 32)).eval()
    planes = torch.randn(4, 3, 32, 32)
    head = [each for each in model.modules() if isinstance(each, nn.Linear)][-1]
    with torch.no_grad():
        torch.testing.assert_close(head(last_vectors(model, planes)), model(planes))


def test_of_a_convolution_at_the_end_the_mean_over_places() -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    planes = torch.randn(4, 3, 8, 8)
    found = last_vectors(model, planes)
    expected = model[:2](planes).mean(dim=(2, 3))
    torch.testing.assert_close(found, expected.detach())
    assert not model[0]._forward_pre_hooks  # nothing is left behind


@pytest.mark.parametrize("model", [nn.Flatten(), nn.Sequential(nn.Flatten(2), nn.Linear(64, 2))])
def test_networks_without_a_vector_say_so(model: nn.Module) -> None:
    with pytest.raises(UserError, match="not given one vector"):
        last_vectors(model, torch.zeros(2, 3, 8, 8))


@pytest.mark.parametrize("name", ["detection", "segmentation", "instances", "panoptic"])
def test_tasks_about_places_have_none(name: str) -> None:
    with pytest.raises(UserError, match=f"networks of {name} answer about places"):
        with_vector(task_of(name), name)


@pytest.mark.parametrize("name", ["classification", "multilabel", "regression"])
def test_tasks_about_whole_pictures_have_one(name: str) -> None:
    assert with_vector(task_of(name), name) is not None
