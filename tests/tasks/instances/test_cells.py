"""The U-Net for crowded things, and what it is taught."""

import pytest
import torch

from convsight.nets.entry import NetShape
from convsight.tasks.instances.cells import build_cells, cell_losses
from convsight.tasks.instances.instance_net import IGNORE

SHAPE = NetShape(outputs=3, channels=4, height=64, width=96)


@pytest.mark.parametrize("encoder", ["", "small"])
def test_maps_have_the_size_of_the_images(encoder: str) -> None:
    net = build_cells(encoder, SHAPE).eval()
    with torch.no_grad():
        for sides in ((64, 96), (50, 70)):
            found = net.arrays(torch.randn(2, 4, *sides), 0.5)
            assert found["probabilities"].shape == (2, 4, *sides)
            assert found["depths"].shape == (2, *sides)
            torch.testing.assert_close(found["probabilities"].sum(dim=1), torch.ones(2, *sides))
    assert bool(net.borrowed()) == bool(encoder)


def perfect(classes: torch.Tensor, depths: torch.Tensor) -> torch.Tensor:
    logits = 40.0 * torch.nn.functional.one_hot(classes.clamp(min=0), 3).permute(0, 3, 1, 2)
    return torch.cat([logits, torch.logit(depths.clamp(1e-6, 1 - 1e-6))], dim=1)


def test_what_is_right_costs_nothing_and_what_is_unknown_neither() -> None:
    classes = torch.zeros(2, 8, 8, dtype=torch.long)
    classes[:, 2:5, 2:5] = 2
    depths = (classes > 0).float()[:, None] * 0.7
    losses = cell_losses(perfect(classes, depths), classes, depths)
    assert float(losses["total"]) < 1e-3
    wrong = perfect(classes, depths)
    wrong[:, :, 6:] = torch.randn(2, 4, 2, 8) * 9
    assert float(cell_losses(wrong, classes, depths)["total"]) > 0.1
    classes[:, 6:] = IGNORE
    assert float(cell_losses(wrong, classes, depths)["total"]) < 1e-3


def test_the_parts_are_worked_numbers() -> None:
    logits = torch.zeros(1, 3, 1, 2)  # a half each, and a depth of a half
    classes, depths = torch.tensor([[[0, 1]]]), torch.tensor([[[[0.0, 0.5]]]])
    losses = cell_losses(logits, classes, depths)
    assert float(losses["class"]) == pytest.approx(0.6931, abs=1e-4)
    assert float(losses["overlap"]) == pytest.approx(1 - 2 / 3)  # (2 * 0.5 + 1) / (1 + 1 + 1)
    assert float(losses["depth"]) == pytest.approx(3 * (0.5 - 0.05) / 2)
    nothing = cell_losses(logits, torch.full_like(classes, IGNORE), depths)
    assert float(nothing["class"]) == float(nothing["depth"]) == 0


def test_an_image_without_things_teaches() -> None:
    logits = torch.randn(2, 3, 8, 8, requires_grad=True)
    losses = cell_losses(logits, torch.zeros(2, 8, 8, dtype=torch.long), torch.zeros(2, 1, 8, 8))
    losses["total"].backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())
