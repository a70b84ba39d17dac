"""Images that a Python program names or holds, as items: paths, URLs, bytes, files, arrays, tensors, PIL images."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.foreign import is_table, is_tensor
from convsight.images import ImageError, Source
from convsight.images.tensors import array_of_tensor, channels_last, pixels_of_floats
from convsight.inputs import InputSpec
from convsight.runtime.sources.item import Item
from convsight.runtime.sources.resolve import read_sources
from convsight.runtime.sources.web import is_url, url_item

ONE = "a path, a URL, the bytes of a file, an open file, a PIL image, an array or a tensor"
_LONGEST_PATH = 4096  # characters, of Linux
_MOST_CHANNELS = 4  # of an image of 8 bits
_PATH_COLUMNS = ("path", "image", "file", "filename")  # of a table; of several that are there, the first counts


def held_item(image: object, name: str, spec: InputSpec) -> Item:
    """One image as an item; `name` is for those that have none. Raises `TypeError` for what is no image."""
    if isinstance(image, Item):
        return image
    if isinstance(image, str | os.PathLike):
        return _named(os.fspath(image))
    if isinstance(image, Image.Image):
        name = str(getattr(image, "filename", "") or name)
    elif callable(getattr(image, "read", None)):
        name = str(getattr(image, "name", name))
    return Item(name, _loader(image, name, spec))


def _loader(image: Any, name: str, spec: InputSpec) -> Callable[[], Source]:
    """What gives the content of an image in memory; raises `TypeError` for what is none."""
    if isinstance(image, Image.Image | np.ndarray):
        return lambda: image
    if isinstance(image, bytes | bytearray | memoryview):
        return partial(bytes, image)
    if is_tensor(image):
        return partial(_of_tensor, image, name, spec)
    if callable(getattr(image, "read", None)):
        return partial(_content, image)
    raise TypeError(f"{_article(image)} is no image: give {ONE}")


def batch_of(images: object, spec: InputSpec) -> list[Any] | None:
    """The images of a batch in one array or tensor, those of a list or tuple; None where `images` is one image.

    An array is a batch where it has an axis more than an example of `spec`; so are grey images (images, height, width).
    """
    if isinstance(images, list | tuple):
        return list(images)
    array = array_of_tensor(images) if is_tensor(images) else images
    if not isinstance(array, np.ndarray):
        return None
    return list(images) if array.ndim > len(spec.array_shape) or _is_grey_batch(array, spec) else None  # type: ignore[call-overload]


def paths_in(table: Any) -> list[Any] | None:
    """The paths of a table of pandas or polars, which has a column `path`; None where `table` is none.

    Raises `TypeError` where no column is called so.
    """
    if not is_table(table):
        return None
    columns = table.columns
    named = {str(column).strip().lower(): column for column in columns}
    found = next((named[name] for name in _PATH_COLUMNS if name in named), None)
    if found is None:
        raise TypeError(
            f"the table has no column 'path', but {', '.join(map(repr, columns))}: give the column you mean"
        )
    return list(table[found])


def items_of(images: Any, spec: InputSpec) -> Iterator[Item]:
    """The items of what `predict_many` was given: images, sources that hold many, a table, a batch.

    Raises `TypeError`, at once, for what holds no images, and at its turn for one that is none; `UserError` for a
    source at its turn.
    """
    listed = paths_in(images)
    if listed is not None:  # a row is one image, and one that is not there is told in its place
        return (held_item(path, f"row {row}", spec) for row, path in enumerate(listed))
    several = batch_of(images, spec)
    if several is None:
        several = [images] if _is_one(images) else images
    if isinstance(several, Mapping) or not hasattr(several, "__iter__"):
        raise TypeError(
            f"{_article(images)} holds no images: give a list of images, a table with the column path, {ONE}"
        )
    return _items(several, spec)


def _items(images: Iterable[Any], spec: InputSpec) -> Iterator[Item]:
    for position, image in enumerate(images):
        if isinstance(image, str | os.PathLike):  # which may be that of many
            yield from read_sources([os.fsdecode(image)], is_file=spec.is_file)
        else:
            yield held_item(image, f"images[{position}]", spec)


def _is_one(image: object) -> bool:
    known = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image, np.ndarray, Item)
    return isinstance(image, known) or is_tensor(image) or callable(getattr(image, "read", None))


def _named(text: str | bytes) -> Item:
    text = os.fsdecode(text)
    if is_url(text):
        return url_item(text)
    if len(text) > _LONGEST_PATH:
        raise TypeError(f"a text of {len(text):,} characters is no path: give {ONE}")
    return Item(text, lambda: Path(text))


def _content(file: Any) -> bytes:
    content = file.read()
    if not isinstance(content, bytes):
        raise ImageError(f"{getattr(file, 'name', 'the file')} is open as text: open it with open(path, 'rb')")
    return content


def _of_tensor(tensor: Any, name: str, spec: InputSpec) -> Source:
    array = array_of_tensor(tensor)
    if spec.array_shape != spec.planes_shape:
        array = channels_last(array, len(spec.array_shape), _channels(spec))
    return pixels_of_floats(array, name) if _takes_pixels(spec) and array.dtype.kind == "f" else array


def _is_grey_batch(array: NDArray[Any], spec: InputSpec) -> bool:
    """Whether pixels (images, height, width) cannot be those of one image, which has its few channels at an end."""
    return (
        _takes_pixels(spec)
        and array.ndim == 3
        and array.shape[0] not in _channels(spec)
        and array.shape[2] > _MOST_CHANNELS
    )


def _takes_pixels(spec: InputSpec) -> bool:
    return spec.dtype == np.uint8 and len(spec.array_shape) == 3 and spec.array_shape[-1] == 3


def _channels(spec: InputSpec) -> frozenset[int]:
    return frozenset({1, 3} if _takes_pixels(spec) else {spec.channels})


def _article(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
