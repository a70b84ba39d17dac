"""The logit at a box, by hand: which places count, how much, and that gradients reach the logits alone."""

import math

import pytest
import torch

from convsight.tasks.boxes.asked import log_odds, logit_at, weights_at

BOX = (0.0, 0.0, 0.5, 0.5)
SAME, MOST, QUARTER, ELSEWHERE = [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.3], [0, 0, 0.25, 0.25], [0.5, 0.5, 1, 1]


def test_places_count_by_their_overlap_from_a_half_on() -> None:
    found = weights_at(torch.tensor([[SAME, MOST, QUARTER, ELSEWHERE]]), BOX)
    assert found[0].tolist() == pytest.approx([1, 0.6, 0, 0], abs=1e-5)


def test_the_nearest_counts_where_none_overlaps_by_half() -> None:
    found = weights_at(torch.tensor([[QUARTER, ELSEWHERE]]), BOX)
    assert found[0].tolist() == pytest.approx([0.25, 0], abs=1e-5)


def test_it_is_the_sum_of_exponentials_times_overlaps() -> None:
    boxes, logits = torch.tensor([[SAME, MOST, ELSEWHERE]]), torch.tensor([[1.0, 2.0, 9.0]])
    expected = math.log(math.exp(1) + 0.6 * math.exp(2))
    assert float(logit_at(boxes, logits, BOX)) == pytest.approx(expected, abs=1e-5)


def test_gradients_are_shares_of_the_logits_and_do_not_move_boxes() -> None:
    boxes = torch.tensor([[SAME, MOST, ELSEWHERE]]).requires_grad_()
    logits = torch.tensor([[1.0, 2.0, 9.0]]).requires_grad_()
    found = logit_at(boxes, logits, BOX).sum()
    by_logits, by_boxes = torch.autograd.grad(found, [logits, boxes], allow_unused=True)
    assert by_boxes is None
    share = math.e / (math.e + 0.6 * math.exp(2))
    assert by_logits[0].tolist() == pytest.approx([share, 1 - share, 0], abs=1e-5)


def test_where_nothing_overlaps_it_is_a_number_still() -> None:
    assert bool(logit_at(torch.tensor([[ELSEWHERE, ELSEWHERE]]), torch.zeros(1, 2), BOX).isfinite().all())


def test_log_odds_are_those_of_the_softmax() -> None:
    logits = torch.tensor([[0.3, -1.0, 2.0], [4.0, 0.0, 1.0]])
    for index in range(3):
        torch.testing.assert_close(log_odds(logits, index).sigmoid(), logits.softmax(dim=1)[:, index])
