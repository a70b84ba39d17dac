"""`Levels`: how many bits the values of an image or a volume have, and which of them count as 0 and as 1."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, model_validator

Bits = Literal[8, 16, 32]

_TYPES: dict[int, np.dtype[Any]] = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}
_RANGES = {8: (0.0, 255.0), 16: (0.0, 65_535.0), 32: (0.0, 1.0)}


class Levels(BaseModel):
    """`bits` 8 and 16 are unsigned whole numbers, 32 floating point; `low`..`high` become 0..1, and nothing is clipped.

    The range is what augmentation may fill, and what a change of brightness is a share of. Of 8 bits it is 0..255.
    """

    bits: Bits = 8
    low: float = 0.0
    high: float = 255.0

    @model_validator(mode="before")
    @classmethod
    def _range_of_bits(cls, found: Any) -> Any:
        """The whole range of the type, where none is stated."""
        if not isinstance(found, dict):
            return found
        low, high = _RANGES.get(found.get("bits", 8), (0.0, 255.0))
        return {"low": low, "high": high, **found}

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"the range must rise, not go from {self.low:g} to {self.high:g}")
        if self.bits == 8 and (self.low, self.high) != _RANGES[8]:
            raise ValueError(f"values of 8 bits range from 0 to 255, not from {self.low:g} to {self.high:g}")
        return self

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the arrays."""
        return _TYPES[self.bits]

    @property
    def min_std(self) -> float:
        """One step of whole numbers, as a share of the range; of floating point, what float32 still tells apart."""
        return 1e-6 if self.bits == 32 else 1 / (self.high - self.low)

    def _shares(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """`values` as shares of the range."""
        return (values.astype(np.float64) - self.low) / (self.high - self.low)


def measured_range(values: NDArray[Any]) -> dict[str, float]:
    """`bits`, `low` and `high` for data with such values: uint8, uint16 or float32.

    Whole numbers of 16 bits range up to what 9 to 16 bits hold, as cameras of 10, 12 or 14 bits fill them; floating
    point from 0 to 1 where all lie there, else from their minimum to their maximum.

    >>> measured_range(np.array([0, 3000], np.uint16))
    {'bits': 16, 'low': 0.0, 'high': 4095.0}
    >>> measured_range(np.array([-2, 0.5], np.float32))
    {'bits': 32, 'low': -2.0, 'high': 0.5}
    """
    bits = next((bits for bits, dtype in _TYPES.items() if dtype == values.dtype.newbyteorder("=")), 32)
    low, high = _RANGES[bits]
    if bits == 16:
        high = float(2 ** max(9, int(values.max()).bit_length()) - 1)
    elif bits == 32 and not (values.min() >= low and values.max() <= high):
        low, high = float(values.min()), float(values.max())
    return {"bits": bits, "low": low, "high": high if high > low else low + 1.0}
