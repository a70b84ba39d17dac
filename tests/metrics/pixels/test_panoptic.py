"""Panoptic quality against torchmetrics, and against its definition with what is void and crowds."""

from collections import defaultdict

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.metrics.pixels.scenes import CLASSES, scene
from torchmetrics.detection import PanopticQuality

from convsight.metrics.pixels.overlap import mean_defined
from convsight.metrics.pixels.panoptic import VOID, PanopticCounts, Segments, panoptic_counts

STUFF = {0, 1}


def by_definition(truth: Segments, found: Segments) -> dict[int, list[float]]:
    """Overlaps, matched, wrong and missed by class."""
    told: dict[int, list[float]] = defaultdict(lambda: [0.0] * 4)
    true = {number: (truth.ids == number, label, crowd) for number, label, crowd in zip(*truth[1:], strict=True)}
    void = truth.ids == VOID
    matched = set()
    for number, label, _ in zip(*found[1:], strict=True):
        mask = found.ids == number
        partner = None
        for other, (area, own, crowd) in true.items():
            overlap = (mask & area).sum() / ((mask & ~void) | area).sum()
            if own == label and not crowd and overlap > 0.5:
                assert partner is None
                partner = other
                told[label][0] += overlap
                told[label][1] += 1
        if partner is not None:
            matched.add(partner)
            continue
        excused = void | np.any(
            [area for area, own, crowd in true.values() if crowd and own == label] or [0 * void], axis=0
        )
        told[label][2] += (mask & excused).sum() / mask.sum() <= 0.5
    for number, (_, label, crowd) in true.items():
        told[label][3] += number not in matched and not crowd
    return told


@pytest.mark.parametrize("seed", range(8))
def test_counts_are_as_defined(seed: int) -> None:
    truth, found = scene(seed)
    told = panoptic_counts(truth, found, CLASSES)
    expected = by_definition(truth, found)
    for label in range(CLASSES):
        assert [each[label] for each in told] == pytest.approx(expected[label])


@pytest.mark.parametrize("void", [False, True])
def test_quality_is_that_of_torchmetrics(void: bool) -> None:
    options = {"return_per_class": True, "return_sq_and_rq": True, "allow_unknown_preds_category": True}
    metric = PanopticQuality(things={2, 3, 4}, stuffs=STUFF, **options)
    images = []
    for seed in range(6):
        # torchmetrics leaves void pixels of the prediction out of the union, as the authors' program does not.
        truth, found = scene(seed, void=void, crowds=False)[0], scene(seed, void=False, crowds=False)[1]
        images.append(panoptic_counts(truth, found, CLASSES))
        metric.update(*(torch.from_numpy(_coloured(each))[None] for each in (found, truth)))
    pooled = PanopticCounts.stacked(images).pooled(np.ones((1, 6)))
    theirs = metric.compute().numpy()
    ours = np.stack([pooled.quality[0], pooled.segmentation[0], pooled.recognition[0]], axis=1)
    np.testing.assert_allclose(ours[:4], theirs[[3, 4, 0, 1]], atol=1e-6)  # things come first there
    assert np.isnan(ours[4]).all()
    assert mean_defined(pooled.quality)[0] == pytest.approx(ours[:4, 0].mean())


def _coloured(segments: Segments) -> NDArray[np.int64]:
    """Class and number of each pixel: (height, width, 2); 99 is no class."""
    found = np.full((*segments.ids.shape, 2), 99, np.int64)
    for number, label in zip(segments.numbers, segments.labels, strict=True):
        found[segments.ids == number] = label, number
    return found


def test_what_half_lies_on_void_is_wrong_and_more_is_excused() -> None:
    nothing = np.array([], np.int64)
    for pixels, wrong in (([0, 0, 5, 5], 1.0), ([0, 0, 0, 5], 0.0)):
        ids = np.array([pixels])
        truth = Segments(ids, np.array([5]), np.array([1]), np.zeros(1, bool))
        found = Segments(np.full((1, 4), 3), np.array([3]), np.array([0]), np.zeros(1, bool))
        assert panoptic_counts(truth, found, 2).wrong[0] == wrong
    empty = Segments(np.zeros((1, 4), np.int64), nothing, nothing, np.zeros(0, bool))
    assert not any(each.any() for each in panoptic_counts(empty, empty, 2))
    assert panoptic_counts(truth, empty, 2).missed.tolist() == [0.0, 1.0]


def test_an_id_without_a_row_is_refused() -> None:
    truth, found = scene(0)
    with pytest.raises(ValueError, match="holds the segment 201, which has no row"):
        panoptic_counts(Segments(truth.ids, *(each[truth.numbers != 201] for each in truth[1:])), found, CLASSES)
    with pytest.raises(ValueError, match="cannot be judged by a truth of shape"):
        panoptic_counts(truth, Segments(found.ids[1:], *found[1:]), CLASSES)
