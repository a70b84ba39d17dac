"""`WrittenStep`: one number that an operation gave, with what it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.arithmetic.cell import written

Place = tuple[int, ...]
Values = NDArray[np.float64]

MOST_PARTS = 16  # channels, or terms, that are written one by one; the others as their sum
_MOST_TERMS = 9  # in the text of a formula


@dataclass(frozen=True)
class WrittenStep:
    """`total` is worked out here in double precision from what went in; `value` is what the network has, in float32.

    `parts` are numbers for a page, by name; both are None where `operation` is not written out yet.
    """

    operation: str
    module: str
    value: float
    total: float | None = None
    text: str = ""
    parts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The step as JSON values."""
        return {
            "operation": self.operation,
            "module": self.module,
            "value": self.value,
            "total": self.total,
            "text": self.text,
            **self.parts,
        }


@dataclass(frozen=True)
class Worked:
    """What a way of writing out returns: the total, the formula in words, and the numbers for a page."""

    total: float
    text: str
    parts: dict[str, Any]


def strongest_first(sums: Values) -> list[int]:
    """The places of those of `sums` that add or take most, at most `MOST_PARTS`; of equals the first."""
    order = np.argsort(-np.abs(sums), kind="stable")
    return [int(place) for place in order[:MOST_PARTS]]


def products(values: Values, weights: Values, shown: Sequence[int], bias: float | None, total: float) -> str:
    """The sum of products as a formula: the first few of the terms at `shown`, the rest of them by a word."""
    terms = [f"{written(float(values[n]))}*{written(float(weights[n]))}" for n in shown[:_MOST_TERMS]]
    if (left := values.size - len(terms)) > 0:
        terms.append(f"{left} more")
    if bias is not None:
        terms.append(f"{written(bias)} (bias)")
    return f"{' + '.join(terms) or '0'} = {written(total)}"


def listed(values: Values) -> Any:
    """Numbers as nested lists, in the fewest digits that give the same float32."""
    return values.tolist()


def numbers(tensor: Any) -> Values:
    """A tensor, or what is none, as an array of doubles."""
    found: Values = tensor.detach().double().numpy()
    return found
