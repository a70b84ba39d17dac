"""Probabilities of a network's map to the most probable class of every pixel of the original."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.inputs import InputGeometry
from convsight.results import InvalidOutputError

_AT_ONCE = 2**16  # pixels of a class looked at together: those of all classes stay in the processor's cache
_KEPT = np.float16  # of scores: a thousandth is enough for people and thresholds


class Probable(NamedTuple):
    """Of every pixel of an original: its most probable class, how probable that is, and its lead over the next."""

    indices: NDArray[np.integer[Any]]
    scores: NDArray[np.float16]
    leads: NDArray[np.float16]


def most_probable(probabilities: NDArray[Any], geometry: InputGeometry, unknown: int) -> Probable:
    """The classes of the pixels of an original, which came to a network by `geometry`.

    `probabilities` (classes, height, width) or (classes, depth, height, width) are those of the network's map, which
    may be coarser than its input. They are interpolated linearly at the centres of the original's pixels, then the
    largest is taken: borders run between the cells of the map. What was cut off has the index `unknown`, a score of 0.

    Raises `InvalidOutputError` where they are no probabilities.
    """
    if not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-3):  # NaN fails too
        raise InvalidOutputError("the probabilities of pixels must lie in 0..1")
    shape = geometry.size[::-1]
    kind = np.uint8 if max(unknown, len(probabilities) - 1) < 256 else np.uint16
    found = Probable(np.full(shape, unknown, kind), np.zeros(shape, _KEPT), np.zeros(shape, _KEPT))
    seen = tuple(placement.seen() for placement in reversed(geometry.placements))
    for rows, values in _interpolated(probabilities.astype(np.float32, copy=False), geometry):
        where = (slice(seen[0].start + rows.start, seen[0].start + rows.stop), *seen[1:])
        best = _best(values)
        found.indices[where], found.scores[where], found.leads[where] = best
    return found


def _interpolated(
    probabilities: NDArray[np.float32], geometry: InputGeometry
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Slabs along the first axis of what was seen of the original, and probabilities there (classes, rows, ...)."""
    *others, first = geometry.placements
    for axis, placement in enumerate(others):
        places = placement.places(probabilities.shape[-1 - axis]) - 0.5
        probabilities = _between(probabilities, places, -1 - axis)
    places = first.places(probabilities.shape[1]) - 0.5
    step = max(1, _AT_ONCE // max(1, int(np.prod(probabilities.shape[2:]))))
    for start in range(0, len(places), step):
        rows = slice(start, min(start + step, len(places)))
        yield rows, _between(probabilities, places[rows], 1)


def _between(values: NDArray[np.float32], places: NDArray[np.float64], axis: int) -> NDArray[np.float32]:
    """`values` at `places` along `axis`, linear between neighbours and constant beyond the last."""
    last = values.shape[axis] - 1
    places = np.clip(places, 0, last)
    before = np.floor(places).astype(np.int64)
    if (before == places).all():
        same = len(places) == last + 1 and bool((before == np.arange(last + 1)).all())
        taken: NDArray[np.float32] = values if same else np.take(values, before, axis)
        return taken
    after = np.minimum(before + 1, last)
    behind = [1] * (values.ndim - 1 - axis % values.ndim)
    share = (places - before).astype(np.float32).reshape(-1, *behind)
    found: NDArray[np.float32] = np.take(values, after, axis)
    near = np.take(values, before, axis)
    found -= near
    found *= share
    found += near
    return found


def _best(values: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """The class of the largest of (classes, ...), its value, and how far that is above the next."""
    best, next_best = values[0].copy(), np.zeros_like(values[0])
    indices = np.zeros(best.shape, np.int64)
    for index, each in enumerate(values[1:], start=1):
        larger = each > best
        np.maximum(next_best, np.minimum(each, best), out=next_best)
        np.maximum(best, each, out=best)
        indices[larger] = index
    return indices, np.minimum(best, 1), np.clip(best - next_best, 0, 1)
