"""An image file's own numbers: palette indices, 16 bits, colours; nothing is turned, scaled or put on white.

Masks are read so: a number of theirs is a class or a thing, and no shade.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from convsight.images.bands import opened_tiff
from convsight.images.decode import check_size, explanation, opened
from convsight.images.deep import is_deep_colour
from convsight.images.errors import ImageError
from convsight.images.orientation import UPRIGHT, orientation_of
from convsight.images.pillow import correct_header, undisturbed
from convsight.images.regular_file import opened_file
from convsight.images.tiff_header import is_tiff_source

_GREY = ("L", "P", "I", "F")


class RawValues(NamedTuple):
    """The numbers (height, width) or colours (height, width, 3) in a file, as they are stored.

    `is_lossy` is whether the format changes them when it stores them; `orientation` is the EXIF one, 1 to 8.
    `palette` (colours, 3) are the colours of indices, where the file has them.
    """

    values: NDArray[Any]
    is_lossy: bool
    orientation: int
    palette: NDArray[np.uint8] | None = None


def raw_values(file: Path, max_megapixels: float = 100.0) -> RawValues:
    """The numbers in an image file.

    Raises `ImageError`, naming the file, where it is missing, empty, damaged, cut short, of another format, over
    `max_megapixels`, of 16-bit colour, or of numbers that are not whole.
    """
    name = str(file)
    try:
        with opened_file(file) as stream:
            image = opened(stream, name)
            check_size(image, name, max_megapixels)
            correct_header(image)
            if is_deep_colour(image):
                raise ImageError(f"{name} is in colour of 16 bits, which no mask needs; save it with 8 bits a colour")
            with undisturbed(type(image)):
                image.load()
            return RawValues(
                _values(image, name), isinstance(image, JpegImageFile), orientation_of(image), _palette(image)
            )
    except ImageError:
        raise
    # On damaged data Pillow raises whatever its parsers run into; of TIFF it knows some kinds only.
    except Exception as error:
        if is_tiff_source(file) and (band := _only_band(file, max_megapixels)) is not None:
            return RawValues(band, False, UPRIGHT)
        raise ImageError(explanation(name, error)) from error


def _only_band(file: Path, max_megapixels: float) -> NDArray[Any] | None:
    """The numbers of a TIFF of one band, as rasterio reads them; None where it has more or cannot be read so."""
    try:
        with opened_tiff(file) as source:
            if source.count != 1 or source.width * source.height > max_megapixels * 1e6:
                return None
            values: NDArray[Any] = source.read(1)
            return values if values.dtype.kind in "iu" else None
    except Exception:  # whatever Pillow said stands
        return None


def image_orientation(file: Path) -> int:
    """The EXIF orientation of the image in `file`, 1 to 8; 1 where it has none or cannot be read."""
    try:
        with opened_file(file) as stream:
            return orientation_of(opened(stream, str(file)))
    except Exception:
        return 1


def _values(image: Image.Image, name: str) -> NDArray[Any]:
    if image.mode == "1":
        return np.asarray(image, np.uint8) * np.uint8(255)
    if image.mode.startswith("I;16"):
        return np.asarray(image, np.uint16)
    if image.mode in _GREY:
        values = np.asarray(image)
        if values.dtype.kind == "f":
            if not np.isfinite(values).all() or (values % 1).any():
                raise ImageError(f"{name} holds numbers that are not whole; a mask holds classes: save these as PNG")
            values = values.astype(np.int64)
        return values
    if image.mode in {"LA", "La", "PA"}:
        return np.asarray(image.convert("LA"))[:, :, 0]
    return np.asarray(image.convert("RGB"))


def _palette(image: ImageFile) -> NDArray[np.uint8] | None:
    if image.mode != "P" or image.palette is None:
        return None
    return np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
