"""Scenes of ground and things, each pixel of a segment: what panoptic numbers are tested with."""

import numpy as np
from numpy.typing import NDArray
from tests.metrics.pixels.maps import moved, things

from convsight.metrics.pixels.panoptic import VOID, Segments

CLASSES = 5


def scene(seed: int, *, void: bool = True, crowds: bool = True) -> tuple[Segments, Segments]:
    """What is true of an image and what was found: two kinds of ground, discs of two classes; class 4 nowhere."""
    generator = np.random.default_rng(seed)
    ids = things(seed).astype(np.int64)
    truth = _segments(ids, seed)
    found = _segments(moved(ids.astype(np.int32), seed).astype(np.int64), seed, generator)
    if void:
        truth.ids[:9, :30] = VOID
        found.ids[20:30, 50:] = VOID
    truth, found = _occurring(truth), _occurring(found)
    if crowds:
        first = {int(label): place for place, label in reversed(list(enumerate(truth.labels)))}
        for label, place in first.items():
            truth.crowd[place] = label >= 2
    return truth, found


def _segments(ids: NDArray[np.int64], seed: int, generator: np.random.Generator | None = None) -> Segments:
    """Ground under the things, and a class for each: now and then another one, where there is a generator."""
    ground = 200 + (np.arange(ids.shape[1])[None] > 40 + (0 if generator is None else 3))
    whole = np.where(ids > 0, ids * 7 + 300, ground + 0 * ids)
    numbers = np.unique(whole)
    classes = 2 + np.random.default_rng(seed).integers(0, 2, 40)
    labels = np.where(numbers >= 300, classes[(numbers - 300) // 7 % 40], numbers - 200)
    if generator is not None:
        labels = np.where((generator.random(len(labels)) < 0.2) & (numbers >= 300), 5 - labels, labels)
    return Segments(whole, numbers, labels, np.zeros(len(numbers), np.bool_))


def _occurring(segments: Segments) -> Segments:
    kept = np.isin(segments.numbers, segments.ids)
    return Segments(segments.ids, segments.numbers[kept], segments.labels[kept], segments.crowd[kept])
