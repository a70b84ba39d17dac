"""`Item`: one image to predict, not read yet."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from convsight.images import ImageError, Source


@dataclass(frozen=True, slots=True)
class Item:
    """An image by the `name` its prediction is reported under; `load` gets its content, in a thread, at its turn.

    `load` raises `ImageError` where there is no content to be had.
    """

    name: str
    load: Callable[[], Source]


def file_item(path: str) -> Item:
    """The image in a file.

    >>> file_item("photos/cat.jpg").name
    'photos/cat.jpg'
    """
    return Item(path, lambda: Path(path))


def failed_item(name: str, reason: str) -> Item:
    """What is reported in the place of an image that could not even be found."""

    def fail() -> Source:
        raise ImageError(reason)

    return Item(name, fail)
