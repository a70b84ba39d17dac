"""`NumberTargets`: one or several numbers, each with its unit, and the scale that they have in training."""

from collections.abc import Mapping
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from convsight.errors import UserError
from convsight.results import NumbersOfMany
from convsight.targets.spec import Targets, TargetSpec

_CONSTANT = 1e-12  # of the mean: a spread below it is rounding, not variation
_RESOLVED = 1e-6  # of the mean: a spread below it is a few steps of float32, in which networks answer


@final
class NumberTargets(TargetSpec):
    """So many numbers an example, called `names`, in `units` (empty for a plain number).

    `mean` and `std` are those of the training targets: networks learn (number - mean) / std, and differences between
    two predictions are shares of `std`.

    >>> NumberTargets(names=("age",), units=("years",)).summary
    '1 number'
    """

    kind: Literal["numbers"] = "numbers"
    names: tuple[str, ...] = Field(min_length=1)
    units: tuple[str, ...]
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _one_value_a_name(self) -> Self:
        for part in (self.units, self.mean, self.std):
            if part is not None and len(part) != len(self.names):
                raise ValueError(f"{len(self.names)} numbers need as many units, means and deviations, not {part}")
        if self.std is not None and min(self.std) <= 0:
            raise ValueError(f"a standard deviation must be positive, not {self.std}")
        return self

    @property
    def outputs(self) -> int:
        return len(self.names)

    @property
    def scale(self) -> tuple[float, ...]:
        if self.std is None:
            raise ValueError("the scale of numbers is known once they are fitted on training targets")
        return self.std

    @property
    def labels(self) -> tuple[str, ...]:
        """The names, each with its unit.

        >>> NumberTargets(names=("height", "ratio"), units=("m", "")).labels
        ('height (m)', 'ratio')
        """
        return _with_units(self.names, self.units)

    @property
    def noun(self) -> str:
        return "number"

    def fitted(self, train: Targets) -> "NumberTargets":
        values = _numbers(train).values
        for name, column in zip(self.names, values.T, strict=True):
            _check_learnable(name, column)
        mean, std = values.mean(axis=0), values.std(axis=0)
        return self.model_copy(update={"mean": tuple(mean.tolist()), "std": tuple(std.tolist())})

    def unfitted(self) -> "NumberTargets":
        return self.model_copy(update={"mean": None, "std": None})

    def meaning(self) -> list[Any]:
        return [self.names, self.units] if any(self.units) else list(self.names)

    def check(self, source: str, splits: Mapping[str, Targets]) -> list[str]:
        for name, targets in splits.items():
            bad = np.flatnonzero(~np.isfinite(_numbers(targets).values).all(axis=1))
            if len(bad):
                raise UserError(f"{source}: example {bad[0] + 1} of {name} has a target that is no finite number")
        return []

    def aligned(self, source: str, targets: Targets, hint: str = "") -> Targets:
        if not isinstance(targets, NumbersOfMany):
            raise UserError(f"{source} holds targets that are no numbers; the network tells {self.summary}{hint}")
        known = targets
        if (known.names, known.units) != (self.names, self.units):
            held, told = (", ".join(_with_units(each.names, each.units)) for each in (known, self))
            raise UserError(f"{source} holds {held}; the network tells {told}{hint}")
        return known

    def of_array(self, values: NDArray[Any]) -> NumbersOfMany:
        table = np.asarray(values, np.float64).reshape(len(values), -1)
        if table.shape[1] != len(self.names):
            raise UserError(f"expected {len(self.names)} numbers an example, not {table.shape[1]}")
        return NumbersOfMany(table, self.names, self.units)


def _check_learnable(name: str, values: NDArray[np.float64]) -> None:
    """Raise `UserError` where the training targets `values` (examples,) of the number `name` cannot be learnt."""
    if not np.isfinite(values).all():
        raise UserError(f"{name} is not a finite number in every training example; mend or leave out those")
    middle, spread = float(values.mean()), float(values.std())
    if spread <= _CONSTANT * abs(middle):
        raise UserError(f"{name} is {middle:g} in every training example, so there is nothing to learn")
    if spread <= _RESOLVED * abs(middle):
        raise UserError(
            f"{name} is about {middle:.10g} and varies by {spread:.3g}, which float32 cannot resolve; subtract an "
            f"offset such as {middle:.10g} from it"
        )


def _with_units(names: tuple[str, ...], units: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True))


def _numbers(targets: Targets) -> NumbersOfMany:
    if not isinstance(targets, NumbersOfMany):
        raise TypeError(f"expected targets that are numbers, not {type(targets).__name__}")
    return targets
