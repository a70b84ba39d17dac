"""`Loaded`: one example as the network takes it."""

from typing import Any, NamedTuple

from numpy.typing import NDArray


class Loaded(NamedTuple):
    """The array of one example at the network's size, and the (width, height) that its image had, upright."""

    array: NDArray[Any]
    size: tuple[int, int]
