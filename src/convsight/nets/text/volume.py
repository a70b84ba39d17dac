"""`Volume`: what passes between layers; `InputShape`: what a network says it takes."""

import math
from dataclasses import dataclass

UNKNOWN = "?"


@dataclass(frozen=True)
class Volume:
    """A volume of `sides` cells with `channels` numbers in each, without the batch; a vector has no sides.

    Written sides first, as Keras does; PyTorch's arrays of it are (batch, channels, *sides).

    >>> print(Volume(3, (28, 20)), Volume(1152))
    28x20x3 1152
    """

    channels: int
    sides: tuple[int, ...] = ()

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return self.channels * math.prod(self.sides)

    @property
    def is_vector(self) -> bool:
        """Whether it has no sides."""
        return not self.sides

    def __str__(self) -> str:
        return times([*self.sides, self.channels])


@dataclass(frozen=True)
class InputShape:
    """The volume a network is made for; None stands for any number.

    >>> InputShape.parse("28x28x1").admits(Volume(1, (28, 28)))
    True
    >>> print(InputShape.parse("?x?x3"))
    ?x?x3
    """

    sides: tuple[int | None, ...]
    channels: int | None

    @classmethod
    def parse(cls, word: str) -> "InputShape":
        """Sides, then channels, with `x` between; raises `ValueError` for anything else."""
        numbers = [None if part == UNKNOWN else int(part) for part in word.split("x")]
        if len(numbers) > 4 or any(number is not None and not 1 <= number <= 1_000_000 for number in numbers):
            raise ValueError(f"no input shape: {word!r}")
        return cls(tuple(numbers[:-1]), numbers[-1])

    def admits(self, volume: Volume) -> bool:
        """Whether `volume` is such a one."""
        if len(self.sides) != len(volume.sides):
            return False
        pairs = zip((*self.sides, self.channels), (*volume.sides, volume.channels), strict=True)
        return all(own in (None, given) for own, given in pairs)

    def __str__(self) -> str:
        return "x".join(UNKNOWN if number is None else str(number) for number in (*self.sides, self.channels))


def times(numbers: "list[int] | tuple[int, ...]") -> str:
    """Numbers with `x` between them.

    >>> times((3, 3))
    '3x3'
    """
    return "x".join(map(str, numbers))
