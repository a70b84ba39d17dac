"""Which cells learn which boxes, in cases small enough to do by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convsight.settings import TrainSettings
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.yolo import BINS, Cells, cells
from convsight.tasks.detection.yolo_loss import TrueBoxes, assign, true_boxes, yolo_losses

SETTINGS = DetectionSettings()


def grid(side: int = 64) -> Cells:
    """Cells of 8 and 16 px of one square image."""
    return cells([(side // 8, side // 8), (side // 16, side // 16)], torch.zeros(1, 3, side, side))


def saying(distance: float, batch: int, places: Cells) -> Tensor:
    """Sides of which each lies `distance` cells away, in every cell."""
    sides = torch.full((batch, len(places.centres), 4, BINS), -30.0)
    below = math.floor(distance)
    sides[..., below] = math.log(max(1 - (distance - below), 1e-9))
    sides[..., below + 1] = math.log(max(distance - below, 1e-9))
    return sides


def target(*boxes: tuple[int, int, float, float, float, float]) -> TrueBoxes:
    """True boxes from (image, label, left, top, right, bottom)."""
    rows = torch.tensor(boxes).reshape(-1, 6)
    return TrueBoxes(rows[:, 0].long(), rows[:, 1].long(), rows[:, 2:].float())


def test_only_cells_in_the_box_learn_it_and_the_best_wants_the_overlap() -> None:
    places = grid()
    # The cell of 8 px at (20, 20) says 8 px to each side, the target is 10 px: an overlap of 0.64.
    found = assign(torch.zeros(1, 80, 2), saying(1.0, 1, places), places, target((0, 1, 10, 10, 30, 30)))
    assert set(found.image.tolist()) == {0}
    inside = ((places.centres[found.cell] >= 10) & (places.centres[found.cell] <= 30)).all()
    assert bool(inside)
    best = found.score.argmax()
    assert places.centres[found.cell[best]].tolist() == [20, 20]
    assert found.score[best].item() == pytest.approx(16**2 / 20**2, abs=1e-3)
    assert len(found.cell) <= 10


def test_ten_cells_learn_a_large_box() -> None:
    places = grid()
    draws = torch.randn(1, 80, 2, generator=torch.Generator().manual_seed(0))
    found = assign(draws, saying(3.0, 1, places), places, target((0, 0, 0, 0, 64, 64)))
    assert len(found.cell) == len(set(found.cell.tolist())) == 10


def test_a_surer_cell_learns_before_another_that_fits_as_well() -> None:
    places = grid()
    logits = torch.full((1, 80, 2), -5.0)
    # Four cells lie alike around the middle of the box.
    four = [3 * 8 + 3, 3 * 8 + 4, 4 * 8 + 3, 4 * 8 + 4]
    logits[0, four[2], 1] = 5.0
    found = assign(logits, saying(2.0, 1, places), places, target((0, 1, 16, 16, 48, 48)))
    scores = dict(zip(found.cell.tolist(), found.score.tolist(), strict=True))
    assert max(scores, key=lambda cell: scores[cell]) == four[2]
    assert scores[four[0]] < 0.2 * scores[four[2]]


def test_a_cell_in_two_boxes_learns_the_one_it_fits() -> None:
    places = grid()
    # Of 8 px to each side: the small one.
    small, large = (0, 0, 12.0, 12.0, 28.0, 28.0), (0, 1, 1.0, 2.0, 62.0, 61.0)
    found = assign(torch.zeros(1, 80, 2), saying(1.0, 1, places), places, target(small, large))
    assert len(found.cell) == len(set(found.cell.tolist()))
    middle = int((places.centres == 20).all(dim=1).nonzero()[0])
    assert found.box[found.cell == middle].tolist() == [0]


def test_a_box_smaller_than_a_cell_is_learnt_too() -> None:
    places = grid()
    found = assign(torch.zeros(1, 80, 2), saying(0.5, 1, places), places, target((0, 1, 15.0, 15.0, 17.0, 17.0)))
    assert len(found.cell) > 0
    assert float((places.centres[found.cell] - 16).abs().max()) <= 4


def test_boxes_belong_to_their_images() -> None:
    places = grid()
    true = target((2, 1, 0, 0, 30, 30), (0, 0, 20, 20, 60, 60))
    found = assign(torch.zeros(3, 80, 2), saying(2.0, 3, places), places, true)
    assert set(zip(found.image.tolist(), found.box.tolist(), strict=True)) == {(2, 0), (0, 1)}


@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
@settings(deadline=None, max_examples=40)
def test_what_holds_of_any_assignment(seed: int, count: int) -> None:
    draws = torch.Generator().manual_seed(seed)
    places = grid()
    start = torch.rand(count, 2, generator=draws) * 50
    xyxy = torch.cat([start, (start + torch.rand(count, 2, generator=draws) * 40).clamp(max=64)], dim=1)
    true = TrueBoxes(
        torch.randint(0, 2, (count,), generator=draws), torch.randint(0, 3, (count,), generator=draws), xyxy
    )
    logits, sides = torch.randn(2, 80, 3, generator=draws), torch.randn(2, 80, 4, BINS, generator=draws)
    found = assign(logits, sides, places, true)
    assert bool(((found.score >= 0) & (found.score <= 1)).all())
    assert bool((true.image[found.box] == found.image).all())
    pairs = found.image * 80 + found.cell
    assert len(pairs) == len(set(pairs.tolist()))
    assert all(int((found.box == box).sum()) <= 10 for box in range(count))


def test_true_boxes_leave_out_what_is_none() -> None:
    fractions = torch.tensor([[[0.0, 0, 0.5, 0.5], [0, 0, 0, 0]], [[0.25, 0.25, 0.5, 1], [0, 0, 1, 1]]])
    found = true_boxes(fractions, torch.tensor([[1, -1], [0, 2]]), torch.zeros(2, 3, 40, 80))
    assert found.image.tolist() == [0, 1, 1]
    assert found.label.tolist() == [1, 0, 2]
    assert found.xyxy.tolist() == [[0, 0, 40, 20], [20, 10, 40, 40], [0, 0, 80, 40]]


def test_a_right_class_costs_less_and_an_image_without_boxes_only_classes() -> None:
    places = grid()
    true = target((0, 1, 8, 8, 24, 24))
    logits = torch.full((1, 80, 2), -12.0)
    chosen = assign(logits, saying(1.0, 1, places), places, true)
    logits[0, chosen.cell, 1] = chosen.score.clamp(1e-4, 1 - 1e-4).logit()
    exact = yolo_losses(logits, saying(1.0, 1, places), places, true, SETTINGS)
    wrong = yolo_losses(-logits, saying(1.0, 1, places), places, true, SETTINGS)
    assert exact["class"] < 0.1 * wrong["class"]
    nothing = yolo_losses(logits, saying(1.0, 1, places), places, target(), SETTINGS)
    assert nothing["box"] == nothing["sides"] == 0
    assert bool(nothing["total"].isfinite())


@pytest.mark.parametrize("name", ["ciou", "diou", "giou", "iou", "smooth-l1"])
def test_every_box_loss_teaches_the_sides(name: str) -> None:
    places = grid()
    sides = saying(2.0, 1, places).requires_grad_()
    chosen = DetectionSettings.of(TrainSettings.of(data="x", own={"box_loss": name}))
    losses = yolo_losses(torch.zeros(1, 80, 2), sides, places, target((0, 1, 10, 10, 30, 50)), chosen)
    losses["box"].backward()  # type: ignore[no-untyped-call]
    assert sides.grad is not None
    assert bool(sides.grad.isfinite().all())
    assert bool(sides.grad.any())
