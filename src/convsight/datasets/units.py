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

    `shows[unit]` are pairs of a class and how many images of the unit show it, `of_class` the units that show a class,
    `first` the smallest name in each.
    """

    unit: Indices
    sizes: Indices
    shows: list[list[tuple[int, int]]]
    of_class: list[list[int]]
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
    of_class: list[list[int]] = [[] for _ in range(int(strata.max()) + 1)]
    for number, each in enumerate(shows):
        for stratum in each:
            of_class[stratum].append(number)
    return Units(unit, np.bincount(unit), [list(each.items()) for each in shows], of_class, first)


def assign(units: Units, quotas: Parts, seed: int) -> Indices:
    """The part of each image, so that units stay whole and parts have about `quotas` images of each class.

    Units are dealt out in an order drawn from `seed` and their names: to the first part but train that is then nearer
    to its quotas, else to train. Units of one image fill the quotas exactly. Where larger ones do not, some other
    orders are tried. There must be as many units as parts.
    """
    best, least = np.zeros(0, np.int64), np.inf
    for attempt in range(_TRIES):
        order = np.argsort(_draws(units.first, seed + (attempt << 32)), kind="stable")
        dealt = _Deal(units, quotas)
        dealt.deal(order)
        dealt.complete()
        if dealt.missed < least:
            best, least = dealt.part, dealt.missed
        if not least:
            break
    return best[units.unit]


class _Deal:
    """Units in the parts of a cut: `part` (units,), at first train; `left` are images of each class a part lacks."""

    def __init__(self, units: Units, quotas: Parts) -> None:
        self.units = units
        self.quotas = quotas.tolist()  # lists are much faster than arrays one by one
        self.left = [[0] * quotas.shape[1], *quotas[1:].tolist()]
        self.left[0] = (quotas[0] - quotas.sum(axis=0)).tolist()
        self.part = np.zeros(len(units.sizes), np.int64)

    @property
    def missed(self) -> float:
        """How far the parts are from their quotas, squared; a class that one lacks counts most."""
        lacking = sum(map(len, map(self._lacking, range(len(self.left)))))
        return sum(float(value) ** 2 for row in self.left[1:] for value in row) + 1e12 * lacking

    def deal(self, order: Indices) -> None:
        """Give each unit in `order` to the first part that is then nearer to its quotas, if there is such."""
        for unit in order.tolist():
            part = next((each for each in range(1, len(self.left)) if self._farther(unit, each) < 0), 0)
            if part:
                self._move(unit, part)

    def complete(self) -> None:
        """Let every part have every class, where there are units enough, and no part be empty."""
        for part in range(len(self.left)):
            for stratum in self._lacking(part):
                holding = [unit for unit in self.units.of_class[stratum] if self._can_spare(unit, part)]
                if holding and stratum in self._lacking(part):  # no unit moved before brought it
                    self._move(min(holding, key=lambda unit: self._farther(unit, part)), part)
        for part in range(1, len(self.left)):
            fullest = int(np.bincount(self.part).argmax())
            if not (self.part == part).any():
                others = np.flatnonzero(self.part == fullest).tolist()
                self._move(min(others, key=lambda unit: self._farther(unit, part)), part)

    def _move(self, unit: int, part: int) -> None:
        for stratum, count in self.units.shows[unit]:
            self.left[self.part[unit]][stratum] += count
            self.left[part][stratum] -= count
        self.part[unit] = part

    def _farther(self, unit: int, part: int) -> int:
        """How much farther from its quotas, squared, `part` is with `unit`."""
        left = self.left[part]
        return sum(count * (count - 2 * left[stratum]) for stratum, count in self.units.shows[unit])

    def _lacking(self, part: int) -> list[int]:
        """The classes of which `part` has no image, though it should."""
        rows = zip(self.left[part], self.quotas[part], strict=True)
        return [stratum for stratum, (left, quota) in enumerate(rows) if left == quota > 0]

    def _can_spare(self, unit: int, taker: int) -> bool:
        """Whether `taker` may have `unit` of another part: train, part 0, what it lacks, others what leaves no gap."""
        part = int(self.part[unit])
        if part == taker:
            return False
        left, quotas = self.left[part], self.quotas[part]
        return taker == 0 or all(quotas[stratum] - left[stratum] > count for stratum, count in self.units.shows[unit])


def _draws(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """A number drawn for each name, the same wherever and whenever it is drawn."""
    key = seed.to_bytes(8, "big")
    digests = (hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)
