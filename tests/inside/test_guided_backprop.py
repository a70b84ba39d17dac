"""Guided backpropagation by hand; beside captum in test_captum.py."""

import numpy as np
import pytest
import torch
from tests.inside.subjects import CLASSES, map_by, random_subject, subject_of
from torch import Tensor, nn

from convsight.errors import UserError


class _Two(nn.Module):
    """Class `c` is a relu(u x) + b relu(v x) over the grey of all pixels: two units, one of which speaks against it."""

    def __init__(self, relu: nn.Module) -> None:
        super().__init__()
        self.units = nn.Conv2d(1, 2, 1, bias=False)
        self.units.weight.data = torch.tensor([2.0, 3.0]).view(2, 1, 1, 1)
        self.relu = relu
        self.answer = nn.Conv2d(2, len(CLASSES), 1, bias=False)
        self.answer.weight.data.zero_()
        self.answer.weight.data[2] = torch.tensor([5.0, -7.0]).view(2, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.answer(self.relu(self.units(images))).sum(dim=(2, 3))
        return found


@pytest.mark.parametrize("relu", [nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.Hardtanh(0.0, 50.0)])
def test_what_speaks_against_the_answer_is_left_out(relu: nn.Module) -> None:
    subject = subject_of(_Two(relu), "perceptron", 5, 5, 1)
    seen = subject.open_network().planes(subject.array[None])[0, 0] > 0
    plain = map_by("saliency", subject)
    guided = map_by("guided-backprop", subject)
    np.testing.assert_allclose(plain, np.where(seen, abs(5 * 2 - 7 * 3), 0))
    np.testing.assert_allclose(guided, np.where(seen, 5 * 2, 0))
    np.testing.assert_allclose(map_by("saliency", subject), plain)  # nothing of it stays


@pytest.mark.parametrize("net", ["perceptron", "convnext_tiny", "conv 4 3x3 leakyrelu | globalavg | dense classes"])
def test_a_network_without_relu_is_told_which_methods_apply(net: str) -> None:
    with pytest.raises(UserError, match=r"no ReLU, which is what guided backpropagation changes; use occlusion, .*"):
        map_by("guided-backprop", random_subject(net, 32))
