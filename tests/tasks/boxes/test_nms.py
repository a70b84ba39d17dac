"""Suppression against torchvision's, and soft suppression against a plain loop."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision import ops

from convsight.tasks.boxes.nms import (
    Candidates,
    best,
    best_of_all_classes,
    nms,
)


def candidates(seed: int, batch: int = 2, count: int = 40, classes: int = 3) -> Candidates:
    """Crowded boxes, surest first, no two scores alike."""
    random = np.random.default_rng(seed)
    start = random.uniform(0, 0.5, (batch, count, 2))
    boxes = np.concatenate([start, start + random.uniform(0.05, 0.5, (batch, count, 2))], axis=2)
    scores = -np.sort(-random.permuted(np.tile(np.linspace(0.01, 0.99, count), (batch, 1)), axis=1), axis=1)
    labels = random.integers(0, classes, (batch, count))
    return Candidates(
        torch.from_numpy(boxes.astype(np.float32)),
        torch.from_numpy(scores.astype(np.float32)),
        torch.from_numpy(labels),
    )


def kept(found: Candidates, image: int) -> list[int]:
    return [int(place) for place in found.scores[image].nonzero()]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
@settings(deadline=None, max_examples=60)
def test_plain_suppression_is_torchvisions(seed: int, overlap: float) -> None:
    given_ = candidates(seed)
    found = nms(given_, "plain", overlap)
    for image in range(2):
        theirs = ops.nms(given_.boxes[image], given_.scores[image], overlap)
        assert kept(found, image) == sorted(theirs.tolist())


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
@settings(deadline=None, max_examples=60)
def test_nms_within_classes_is_torchvisions(seed: int, overlap: float) -> None:
    given_ = candidates(seed)
    found = nms(given_, "class", overlap)
    for image in range(2):
        # Each class by itself: torchvision's trick of moving classes apart rounds differently, which matters where an
        # overlap is the limit itself.
        theirs = []
        for label in range(3):
            places = (given_.labels[image] == label).nonzero()[:, 0]
            stay = ops.nms(given_.boxes[image][places], given_.scores[image][places], overlap)
            theirs += places[stay].tolist()
        assert kept(found, image) == sorted(theirs)


def test_it_is_torchvisions_batched_suppression_too() -> None:
    given_ = candidates(4)
    found = nms(given_, "class", 0.4)
    theirs = ops.batched_nms(given_.boxes[0], given_.scores[0], given_.labels[0], 0.4)
    assert kept(found, 0) == sorted(theirs.tolist())


def test_a_chain_is_followed_to_its_end() -> None:
    # Each box overlaps the next by a half and no other: every second one stays.
    start = torch.arange(14) * 0.03
    boxes = torch.stack([start, torch.zeros(14), start + 0.06, torch.ones(14)], dim=1)[None]
    given_ = Candidates(boxes, torch.linspace(0.9, 0.5, 14)[None], torch.zeros(1, 14, dtype=torch.long))
    assert kept(nms(given_, "class", 0.3), 0) == list(range(0, 14, 2))


def test_boxes_of_other_classes_suppress_in_plain_only() -> None:
    boxes = torch.tensor([[[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.5]]])
    given_ = Candidates(boxes, torch.tensor([[0.9, 0.8]]), torch.tensor([[0, 1]]))
    assert kept(nms(given_, "class", 0.5), 0) == [0, 1]
    assert kept(nms(given_, "plain", 0.5), 0) == [0]
    torch.testing.assert_close(nms(given_, "soft", 0.5).scores, given_.scores)


def soft_by_loop(boxes: Tensor, scores: Tensor, labels: Tensor) -> list[float]:
    """Bodla et al., 2017, figure 2, with the Gaussian, sigma 0.5, among boxes of one class."""
    left = dict(enumerate(scores.tolist()))
    final = [0.0] * len(left)
    overlaps = ops.box_iou(boxes, boxes).tolist()
    while left:
        chosen = max(left, key=lambda place: left[place])
        final[chosen] = left.pop(chosen)
        for place in left:
            if labels[place] == labels[chosen]:
                left[place] *= math.exp(-(overlaps[chosen][place] ** 2) / 0.5)
    return [score if score >= 0.001 else 0.0 for score in final]


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=12)
def test_soft_suppression_is_the_papers_loop(seed: int) -> None:
    given_ = candidates(seed, count=25)
    found = nms(given_, "soft", 0.5)
    for image in range(2):
        expected = soft_by_loop(given_.boxes[image], given_.scores[image], given_.labels[image])
        torch.testing.assert_close(found.scores[image], torch.tensor(expected), rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize(("most", "count"), [(5, 5), (40, 40), (100, 40)])
def test_the_best_are_the_surest_in_order(most: int, count: int) -> None:
    given_ = candidates(1)
    mixed = Candidates(*(values.flip(1) for values in given_))
    found = best(mixed, most)
    for ours, expected in zip(found, given_, strict=True):
        assert torch.equal(ours, expected[:, :count])


def test_the_best_of_all_classes_are_pairs() -> None:
    scores = torch.tensor([[[0.1, 0.9, 0.2], [0.8, 0.3, 0.7]]])
    boxes = torch.tensor([[[0.0, 0, 1, 1], [0.5, 0.5, 1, 1]]])
    found = best_of_all_classes(boxes, scores, 4)
    torch.testing.assert_close(found.scores, torch.tensor([[0.9, 0.8, 0.7, 0.3]]))
    assert found.labels.tolist() == [[1, 0, 2, 1]]
    assert found.boxes[0, :, 0].tolist() == [0.0, 0.5, 0.5, 0.5]
    assert best_of_all_classes(boxes, scores, 99).scores.shape == (1, 6)
