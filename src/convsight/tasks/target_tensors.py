"""What is to be learnt as tensors, a batch at a time: held in memory, or made when it is asked for."""

from collections.abc import Callable, Mapping
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.memory import available_memory_bytes

_MEMORY_SHARE = 8  # an eighth of what is available: images have a quarter


class TargetTensors(Protocol):
    """The targets of the training examples. Safe in threads."""

    def take(self, samples: NDArray[np.int64]) -> Mapping[str, Tensor]:
        """The named targets of the examples at `samples`, whose number is the first axis of each."""


@runtime_checkable
class TiledTargets(Protocol):
    """Targets that know those of a tile of a picture."""

    def tiles(self, samples: NDArray[np.int64], corners: NDArray[np.int64]) -> Mapping[str, Tensor]:
        """The same of the tiles that begin at `corners` (samples, 2), left and top in pixels."""


def tiles_of(targets: TargetTensors, samples: NDArray[np.int64], corners: NDArray[np.int64]) -> Mapping[str, Tensor]:
    """`targets` of tiles; raises TypeError where they know only whole pictures."""
    if not isinstance(targets, TiledTargets):
        raise TypeError(f"{type(targets).__name__} must make tiles(), since its pictures are seen in tiles")
    return targets.tiles(samples, corners)


@final
class HeldTargets:
    """Targets that fit into memory.

    >>> HeldTargets({"class": torch.tensor([3, 1, 2])}).take(np.array([2, 0]))
    {'class': tensor([2, 3])}
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = dict(tensors)

    def take(self, samples: NDArray[np.int64]) -> Mapping[str, Tensor]:
        chosen = torch.from_numpy(samples)
        return {name: values[chosen] for name, values in self._tensors.items()}


@final
class TargetsOnDemand:
    """Targets made example by example when they are asked for, such as images read from files.

    >>> squares = TargetsOnDemand(lambda sample: {"square": torch.tensor(sample * sample)})
    >>> squares.take(np.array([2, 3]))
    {'square': tensor([4, 9])}
    """

    def __init__(self, make: Callable[[int], Mapping[str, Tensor]]) -> None:
        self._make = make

    def take(self, samples: NDArray[np.int64]) -> Mapping[str, Tensor]:
        made = [self._make(sample) for sample in samples.tolist()]
        return {name: torch.stack([each[name] for each in made]) for name in made[0]}


def held_where_it_fits(made: TargetTensors, examples: int, example_bytes: int) -> TargetTensors:
    """All that `made` makes of so many examples, each of so many bytes, where an eighth of the memory has room.

    Else `made` itself, which makes them when they are asked for.
    """
    if examples * example_bytes > target_budget_bytes():
        return made
    return HeldTargets(made.take(np.arange(examples)))


def target_budget_bytes() -> int:
    """What targets may take of the memory."""
    return available_memory_bytes() // _MEMORY_SHARE
