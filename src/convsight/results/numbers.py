"""`Numbers`: one or several numbers about an example; `NumbersOfMany`: those of many, in one array."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final, overload

import numpy as np
from numpy.typing import NDArray

from convsight.results.result import Difference, InvalidOutputError, Result

Floats = NDArray[np.float64]

_STRATA = 10  # groups of about equal size that numbers are cut by
_SAME = 0.5  # of the scale: half a standard deviation further, a number says something else


@final
@dataclass(frozen=True, eq=False)
class Numbers(Result):
    """A number for each of `names`, in `units`; `scale` is what a difference of each is a share of.

    Shapes: `values` and `scale` are (names,).

    >>> Numbers(("age",), ("years",), np.array([31.5]), np.array([10.0])).summary()
    'age 31.5 years'
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    scale: Floats

    def __post_init__(self) -> None:
        if not self.values.shape == self.scale.shape == (len(self.names),) or len(self.units) != len(self.names):
            raise ValueError(f"{len(self.names)} numbers need as many values, units and scales")
        if not bool(np.isfinite(self.values).all()):
            raise InvalidOutputError(f"{', '.join(self.names)}: not finite: {self.values.tolist()}")

    def to_json(self) -> dict[str, Any]:
        rows = zip(self.names, self.values.tolist(), self.units, strict=True)
        return {"numbers": [{"name": name, "value": value, "unit": unit} for name, value, unit in rows]}

    def to_rows(self) -> list[tuple[str | float, ...]]:
        return [tuple(self.values.tolist())]

    def summary(self) -> str:
        rows = zip(self.names, self.values.tolist(), self.units, strict=True)
        return ", ".join(f"{name} {value:.4g} {unit}".rstrip() for name, value, unit in rows)

    def difference(self, other: "Numbers") -> Difference:
        shares = np.abs(self.values - other.values) / self.scale
        return Difference(float(shares.max()), float((shares <= _SAME).mean()), len(self.names))


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
