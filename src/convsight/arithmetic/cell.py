"""One number of a result, written out: the terms it is made of, as data that a page can show and as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Number = int | float
Position = tuple[int, ...]


@dataclass(frozen=True)
class Term:
    """One cell of the image and, where there is a kernel, the weight it meets.

    `position` is in the image, (channel, row, column) for a volume; it is outside where the cell is padding, and
    `inside` is False. `weight_position` is in the kernel as it was given, also where the operation flips it.
    """

    value: Number
    position: Position
    inside: bool = True
    weight: Number | None = None
    weight_position: Position | None = None

    @property
    def product(self) -> Number:
        """What the term adds to a sum: value times weight, or the value where there is no weight."""
        return self.value if self.weight is None else self.value * self.weight

    def to_json(self) -> dict[str, Any]:
        """The term as JSON values; those of a pooling have no weight."""
        document: dict[str, Any] = {"value": self.value, "position": list(self.position), "inside": self.inside}
        if self.weight is not None and self.weight_position is not None:
            document |= {"weight": self.weight, "weight_position": list(self.weight_position), "product": self.product}
        return document


@dataclass(frozen=True)
class Cell:
    """One output cell: which operation gives it, from which terms, and the arithmetic in words.

    >>> terms = (Term(8, (0,), weight=-1, weight_position=(0,)), Term(5, (1,), weight=1, weight_position=(1,)))
    >>> print(Cell("cross-correlation", (0,), terms, total=-3, expression=sum_of_products(terms)))
    8*-1 + 5*1 = -3
    """

    operation: str
    position: Position
    terms: tuple[Term, ...]
    total: Number
    expression: str  # such as "8*-1 + 2*0" or "max(255, 200)"
    bias: Number | None = None

    @property
    def text(self) -> str:
        """The arithmetic with its result; floats are rounded to six digits."""
        return f"{self.expression} = {written(self.total)}"

    def __str__(self) -> str:
        return self.text

    def to_json(self) -> dict[str, Any]:
        """The cell as JSON values; `bias` only where there is one."""
        document: dict[str, Any] = {"operation": self.operation, "position": list(self.position)}
        document["terms"] = [term.to_json() for term in self.terms]
        if self.bias is not None:
            document["bias"] = self.bias
        return document | {"total": self.total, "text": self.text}


def written(number: Number) -> str:
    """A number as it stands in a formula: whole ones in full, others with six digits.

    >>> written(1020), written(1 / 9), written(-0.0)
    ('1020', '0.111111', '0')
    """
    return str(number) if isinstance(number, int) else f"{number + 0.0:.6g}"


def sum_of_products(terms: Sequence[Term], bias: Number | None = None) -> str:
    """Value times weight of every term, and the bias; `0` where not one term reaches the cell."""
    parts = [f"{written(term.value)}*{written(term.weight)}" for term in terms if term.weight is not None]
    if bias is not None:
        parts.append(f"{written(bias)} (bias)")
    return " + ".join(parts) or "0"
