"""Volumes as stacks of slices: a folder of images, or the pages of one TIFF."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from convsight.images import ImageError, is_image_name
from convsight.images.pillow import undisturbed
from convsight.natural_order import natural_key

_FORMATS = ("PNG", "TIFF", "JPEG", "BMP", "PPM", "GIF", "WEBP")
_MODES = {"L": np.uint8, "P": np.uint8, "1": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "F": np.float32}


def read_slices(source: Path | bytes, name: str, most: float) -> NDArray[Any]:
    """The slices (depth, height, width) in a folder, by their names in natural order, or the pages of a TIFF.

    They are grey, of 8 or 16 bits or floating point, and all alike. Raises `ImageError` where one is not, is damaged,
    or all together have more than `most` voxels.
    """
    slices: list[NDArray[Any]] = []
    left = most
    for number, (called, image) in enumerate(_opened(source, name)):
        left -= image.width * image.height
        if left < 0:
            raise ImageError(f"{name} has over {most / 1e6:,.6g} million voxels; raise it with --max-megapixels")
        slices.append(_values(image, called))
        if (slices[-1].shape, slices[-1].dtype) != (slices[0].shape, slices[0].dtype):
            raise ImageError(
                f"{called}, slice {number + 1}, is {_words(slices[-1])}; the first is {_words(slices[0])}: all slices "
                "of a volume have to be alike"
            )
    if not slices:
        raise ImageError(f"{name} holds no slices; give a folder of images, or a TIFF of several pages")
    return np.stack(slices)


def _opened(source: Path | bytes, name: str) -> Iterator[tuple[str, Image.Image]]:
    """Each slice, its pixels not decoded, and what messages call it."""
    if isinstance(source, Path) and source.is_dir():
        for file in sorted((each for each in source.iterdir() if is_image_name(each.name)), key=_by_name):
            yield from ((str(file), page) for page in _pages(file, str(file)))
        return
    yield from ((f"{name}, page {page + 1}", image) for page, image in enumerate(_pages(source, name)))


def _by_name(file: Path) -> Any:
    return natural_key(file.name)


def _pages(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    try:
        file = BytesIO(source) if isinstance(source, bytes) else source
        with undisturbed(Image.Image), Image.open(file, formats=_FORMATS) as image:
            yield from ImageSequence.Iterator(image)
    except Exception as error:  # whatever Pillow's parsers run into
        raise ImageError(f"{name} cannot be read as an image ({error}); save it again or leave it out") from error


def _values(image: Image.Image, name: str) -> NDArray[Any]:
    if image.mode not in _MODES:
        raise ImageError(f"{name} is of the mode {image.mode}; expected grey of 8 or 16 bits or floating point")
    try:
        values = np.asarray(image.convert("L") if image.mode in {"P", "1"} else image)
    except Exception as error:  # whatever Pillow's decoders run into
        raise ImageError(f"{name} cannot be decoded ({error}); save it again or leave it out") from error
    return values.astype(_MODES[image.mode])


def _words(values: NDArray[Any]) -> str:
    return f"{values.shape[1]} x {values.shape[0]} of {values.dtype}"
