"""`Numbers`: one or several numbers about an example; `NumbersOfMany`: those of many, in one array."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.results.caption import with_caption
from convsight.results.mistakes import Mistake
from convsight.results.mixture import LEVEL, Mixture
from convsight.results.result import Difference, InvalidOutputError, Result

Floats = NDArray[np.float64]

_STRATA = 10  # groups of about equal size that numbers are cut by
_SAME = 0.5  # of the scale: half a standard deviation further, a number says something else


@final
@dataclass(frozen=True, eq=False)
class Numbers(Result):
    """A number for each of `names`, in `units`; `scale` is what a difference of each is a share of.

    Shapes: `values` and `scale` are (names,). A prediction may know how likely every value is: its `mixture`, whose
    mean is the value.

    >>> Numbers(("age",), ("years",), np.array([31.5]), np.array([10.0])).summary()
    'age 31.5 years'
    >>> normal = Mixture(np.array([[1.0]]), np.array([[31.5]]), np.array([[4.0]]))
    >>> Numbers(("age",), ("years",), normal.mean, np.array([10.0]), normal).summary()
    'age 31.5 [24.92, 38.08] years'
    """

    wrong: ClassVar[str] = f"have a true number outside its interval, as {1 - LEVEL:.0%} are expected to"

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    scale: Floats
    mixture: Mixture | None = None

    def __post_init__(self) -> None:
        if not self.values.shape == self.scale.shape == (len(self.names),) or len(self.units) != len(self.names):
            raise ValueError(f"{len(self.names)} numbers need as many values, units and scales")
        if self.mixture is not None and len(self.mixture.means) != len(self.names):
            raise ValueError(f"{len(self.names)} numbers but distributions of {len(self.mixture.means)}")
        if not bool(np.isfinite(self.values).all()):
            raise InvalidOutputError(f"{', '.join(self.names)}: not finite: {self.values.tolist()}")

    @cached_property
    def interval(self) -> tuple[Floats, Floats] | None:
        """Low and high of each number, between which it lies with a probability of 0.9; None where nothing is known."""
        return None if self.mixture is None else self.mixture.interval()

    def to_json(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for row, (name, value, unit) in enumerate(zip(self.names, self.values.tolist(), self.units, strict=True)):
            found.append({"name": name, "value": value, "unit": unit})
            if self.interval is not None:
                found[-1]["interval"] = {"level": LEVEL, "low": float(self._low[row]), "high": float(self._high[row])}
            if self.mixture is not None and self.mixture.components > 1:
                found[-1]["mixture"] = self._components(self.mixture, row)
        return {"numbers": found}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        if self.interval is None:
            return [tuple(self.values.tolist())]
        parts = zip(self.values.tolist(), self._low.tolist(), self._high.tolist(), strict=True)
        return [tuple(value for part in parts for value in part)]

    def summary(self) -> str:
        return ", ".join(self._words())

    def _words(self) -> list[str]:
        found = []
        for row, (name, value, unit) in enumerate(zip(self.names, self.values.tolist(), self.units, strict=True)):
            within = "" if self.interval is None else f" [{self._low[row]:.4g}, {self._high[row]:.4g}]"
            found.append(f"{name} {value:.4g}{within} {unit}".rstrip())
        return found

    def difference(self, other: "Numbers") -> Difference:
        """Of the ends of intervals too, where both have them."""
        shares = np.abs(self.values - other.values) / self.scale
        ends = [shares]
        if self.interval is not None and other.interval is not None:
            ends += [np.abs(one - two) / self.scale for one, two in zip(self.interval, other.interval, strict=True)]
        return Difference(float(np.max(ends)), float((shares <= _SAME).mean()), len(self.names))

    def mistakes(self, target: "Numbers") -> list[Mistake]:
        """Numbers of which the truth is not within the interval; without one, half a scale off or more."""
        off = np.abs(self.values - target.values) / self.scale
        outside = off > _SAME
        if self.interval is not None:
            outside = (target.values < self._low) | (target.values > self._high)
        kind = "differs" if self.interval is None else "outside"
        said, true = self._words(), target._words()
        found = [Mistake(kind, true[row], said[row], float(off[row])) for row in np.flatnonzero(outside).tolist()]
        return sorted(found, key=lambda mistake: -mistake.severity)

    def draw(self, image: Image.Image) -> Image.Image:
        """The image under a bar with the numbers, so larger than `image`: see `with_caption`."""
        return with_caption(image, self._words())

    def draw_mistakes(self, image: Image.Image, target: "Numbers") -> Image.Image:
        return with_caption(image, [*self._words(), f"true: {target.summary()}"])

    @property
    def _low(self) -> Floats:
        return np.asarray((self.interval or (self.values,))[0])

    @property
    def _high(self) -> Floats:
        return np.asarray((self.interval or (self.values,))[-1])

    def _components(self, mixture: Mixture, row: int) -> list[dict[str, float]]:
        parts = zip(mixture.weights[row], mixture.means[row], mixture.deviations[row], strict=True)
        return [{"weight": float(w), "mean": float(mean), "deviation": float(far)} for w, mean, far in parts]


@final
class NumbersOfMany(Sequence[Numbers]):
    """The true numbers of many examples: `values` (examples, names)."""

    def __init__(self, values: Floats, names: tuple[str, ...], units: tuple[str, ...]) -> None:
        if values.ndim != 2 or values.shape[1] != len(names):
            raise ValueError(f"expected (examples, {len(names)}) numbers, not {values.shape}")
        self.values = values
        self.names = names
        self.units = units

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Numbers: ...
    @overload
    def __getitem__(self, index: slice) -> "NumbersOfMany": ...
    def __getitem__(self, index: int | slice) -> "Numbers | NumbersOfMany":
        if isinstance(index, slice):
            return NumbersOfMany(self.values[index], self.names, self.units)
        return Numbers(self.names, self.units, self.values[index], np.ones(len(self.names)))

    def select(self, positions: NDArray[np.integer[Any]]) -> "NumbersOfMany":
        """The numbers at `positions`, in that order."""
        return NumbersOfMany(self.values[positions], self.names, self.units)

    def to_find(self) -> int:
        """How many examples have something to be judged by."""
        return len(self)

    def strata(self) -> NDArray[np.int64]:
        """Tenths of the first number, so that every split has small and large ones."""
        ranks = np.argsort(np.argsort(self.values[:, 0], kind="stable"), kind="stable")
        groups = max(1, min(_STRATA, len(self) // _STRATA))
        return ranks * groups // max(1, len(self))

    def lines(self) -> list[str]:
        """Every number with all its digits."""
        return [" ".join(repr(value) for value in row) for row in self.values.tolist()]
