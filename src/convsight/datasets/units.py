"""Images that stay together, and how such units are dealt out to the parts of a cut."""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Parts = Indices  # (parts, classes): images of each class in train, the first, and in the other parts

_TRIES = 16  # orders in which large units are dealt out; the first that fits is taken, else the best


@dataclass(frozen=True, eq=False)
class Units:
    """Images cut as one: `unit` (images,) is that of each image, the others are by unit.

    `shows[unit]` are pairs of a class and how many images of the unit show it, `first` the smallest name in it.
    """

    unit: Indices
    sizes: Indices
    shows: list[list[tuple[int, int]]]
    first: list[str]


def units_of(names: Sequence[str], strata: Indices, together: Mapping[str, Hashable]) -> Units:
    """The units of images called `names`, of the classes `strata`: those of one value in `together`, and single ones.

    >>> units_of(["a", "b", "c"], np.array([0, 0, 1]), {"a": 7, "c": 7}).unit.tolist()
    [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    unit = np.array(
        [numbers.setdefault((together[name],) if name in together else name, len(numbers)) for name in names], np.int64
    )
    shows: list[dict[int, int]] = [{} for _ in numbers]
    first = [""] * len(numbers)
    for number, stratum, name in zip(unit.tolist(), strata.tolist(), names, strict=True):
        shows[number][stratum] = shows[number].get(stratum, 0) + 1
        first[number] = min(first[number] or name, name)
    return Units(unit, np.bincount(unit), [list(each.items()) for each in shows], first)


def assign(units: Units, quotas: Parts, seed: int) -> Indices:
    """The part of each image, so that units stay whole and parts have about `quotas` images of each class.

    Units are dealt out in an order drawn from `seed` and their names: to the first part but train that is then nearer
    to its quotas, else to train. Units of one image fill the quotas exactly. Where larger ones do not, some other
    orders are tried.
    """
    best, least = np.zeros(0, np.int64), np.inf
    for attempt in range(_TRIES):
        part, missed = _dealt(units, quotas, np.argsort(_draws(units.first, seed + (attempt << 32)), kind="stable"))
        if missed < least:
            best, least = part, missed
        if not missed:
            break
    return best[units.unit]


def _dealt(units: Units, quotas: Parts, order: Indices) -> tuple[Indices, float]:
    """The part of each unit dealt out in `order`, and how far the parts are from their quotas."""
    left = quotas.tolist()  # lists are much faster than arrays one by one
    part = np.zeros(len(units.sizes), np.int64)
    parts = range(1, len(quotas))
    for number in order.tolist():
        shown = units.shows[number]
        chosen = next((each for each in parts if _farther(left[each], shown) < 0), 0)
        part[number] = chosen
        for stratum, count in shown:
            left[chosen][stratum] -= count
    missing = _fill_empty(units, part, quotas, left)
    return part, sum(float(value) ** 2 for row in left[1:] for value in row) + 1e12 * missing


def _farther(left: list[int], shown: list[tuple[int, int]]) -> int:
    """How much farther from its quotas, squared, a part is with what a unit shows."""
    return sum(count * (count - 2 * left[stratum]) for stratum, count in shown)


def _fill_empty(units: Units, part: Indices, quotas: Parts, left: list[list[int]]) -> int:
    """Move units so that every part has every class, where a class has units enough; returns how many it lacks."""
    lacking = [
        (number, stratum)
        for number, (row, wanted) in enumerate(zip(left, quotas.tolist(), strict=True))
        for stratum, quota in enumerate(wanted)
        if row[stratum] == quota
    ]
    missing = 0
    for number, stratum in lacking:
        if left[number][stratum] != quotas[number, stratum]:
            continue  # another move brought it
        movable = [
            each
            for each in np.flatnonzero(part != number).tolist()
            if any(shown == stratum for shown, _ in units.shows[each])
            and _can_spare(units.shows[each], quotas[part[each]], left[part[each]], number)
        ]
        if not movable:
            missing += 1
            continue
        moved = min(movable, key=lambda each: _farther(left[number], units.shows[each]))
        for shown, count in units.shows[moved]:
            left[part[moved]][shown] += count
            left[number][shown] -= count
        part[moved] = number
    return missing


def _can_spare(shown: list[tuple[int, int]], quotas: Indices, left: list[int], taker: int) -> bool:
    """Whether a part keeps some of all classes that a unit shows without it; train, part 0, takes what it lacks."""
    return taker == 0 or all(quotas[stratum] - left[stratum] > count for stratum, count in shown)


def _draws(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """A number drawn for each name, the same wherever and whenever it is drawn."""
    key = seed.to_bytes(8, "big")
    digests = (hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)
