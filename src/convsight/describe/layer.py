"""One row of a description: a layer with its volumes and costs, each number beside the formula that gives it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Layer:
    """What one layer does to its volume, and what it costs for one image.

    Volumes are (sides..., channels) for maps, as the lectures and TensorFlow write them, else as the tensor has them,
    without the batch. `flops` are two a multiply-add; `other_operations` are what is no multiply-add (biases, sums,
    comparisons, function values).
    """

    name: str
    kind: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    output_formula: str
    kernel: str
    stride: str
    padding: str
    parameters: int
    parameters_formula: str
    multiply_adds: int
    multiply_adds_formula: str
    other_operations: int
    activation_bytes: int
    receptive_field: str
    jump: str

    @property
    def flops(self) -> int:
        """Floating-point operations of convolutions and matrix products: two a multiply-add."""
        return 2 * self.multiply_adds

    def to_json(self) -> dict[str, Any]:
        """Every field by its name, and `flops`."""
        return {**asdict(self), "flops": self.flops}


def volume_text(volume: tuple[int, ...]) -> str:
    """A volume as the lectures write it.

    >>> volume_text((112, 112, 64))
    '112 x 112 x 64'
    """
    return " x ".join(str(n) for n in volume)
