"""Integrated gradients where they are known, and what they tell of themselves."""

import numpy as np
import pytest
import torch
from tests.inside.subjects import CLASSES, logit, map_by, random_subject, subject_of
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.explain.fill import stand_in
from convsight.explain.method import MethodOptions
from convsight.inside import many_gradients
from convsight.inside.integrated_gradients import IntegratedGradients, along_the_way


class _Square(nn.Module):
    """The class `c` gets the sum of w x^3 over all pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(3, 6, 4))

    def forward(self, images: Tensor) -> Tensor:
        found = (self.weight * images**3).sum(dim=(1, 2, 3))
        return torch.stack([found * (index == 2) for index in range(len(CLASSES))], dim=1)


def test_of_a_sum_each_part_gets_its_own_change() -> None:
    model = _Square()
    subject = subject_of(model, "perceptron", 6, 4, 3)
    network = subject.open_network()
    for fill in ("mean", "blur", "0"):
        planes, base = (
            network.planes(np.stack([subject.array, stand_in(subject.array, fill)])).detach().double().numpy()
        )
        expected = (model.weight.detach().double().numpy() * (planes**3 - base**3)).sum(axis=0)
        # Two points integrate the square that is the gradient exactly.
        np.testing.assert_allclose(map_by("integrated-gradients", subject, steps=2, fill=fill), expected, atol=2e-5)


def test_it_tells_how_far_the_sum_is_from_the_change() -> None:
    subject = random_subject("timm/vit_tiny_patch16_224", 32)
    network = subject.open_network()
    with torch.no_grad():
        after, before = logit(subject)(network.planes(np.stack([subject.array, stand_in(subject.array)])))
    apart = []
    for steps in (2, 30):
        method = IntegratedGradients(MethodOptions(steps=steps))
        found = method.importance(subject)
        told = method.settings()
        assert told["steps"] == steps
        assert told["fill"] == "mean"
        assert told["sum"] == pytest.approx(found.sum())
        assert told["change"] == pytest.approx(float(after - before), rel=1e-4)
        assert told["difference"] == told["sum"] - told["change"]
        apart.append(abs(told["difference"]))
    assert apart[1] < 0.1 * apart[0]


def test_points_and_weights_integrate_what_is_known() -> None:
    places, weights = (np.array(each) for each in along_the_way(4))
    assert ((places > 0) & (places < 1)).all()
    for power in range(8):
        assert (weights * places**power).sum() == pytest.approx(1 / (power + 1))


def test_memory_is_bounded_and_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = random_subject("lecture3", 20)
    whole = map_by("integrated-gradients", subject, steps=7)
    network = subject.open_network()
    batches: list[int] = []
    network.model.register_forward_hook(lambda _, given, __: batches.append(len(given[0])))
    monkeypatch.setattr(many_gradients, "_MOST_PIXELS", 3 * 400 + 399)
    np.testing.assert_allclose(map_by("integrated-gradients", subject, steps=7), whole, rtol=1e-4, atol=1e-7)
    assert batches == [3, 3, 1, 2]  # and both ends for the change


@pytest.mark.parametrize(("options", "told"), [({"steps": 0}, "--steps 0"), ({"fill": "black"}, "--fill black")])
def test_what_cannot_be_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        map_by("integrated-gradients", random_subject("perceptron", 8), **options)
