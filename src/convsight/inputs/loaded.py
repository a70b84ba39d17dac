"""`Loaded`: one example as the network takes it."""

from typing import Any, NamedTuple

from numpy.typing import NDArray


class Loaded(NamedTuple):
    """The array of one example, and the sides of its original: of an image (width, height), upright.

    `remark` says what is wrong with an original that could be read all the same; it is empty for most.
    """

    array: NDArray[Any]
    size: tuple[int, ...]
    remark: str = ""
