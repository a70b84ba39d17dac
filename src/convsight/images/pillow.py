"""Where Pillow needs help: its own size limit, its warnings, and headers it reads wrongly.

Everything here holds for many threads at once, which `warnings.catch_warnings` does not.
"""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

if TYPE_CHECKING:
    from PIL.ImageFile import _Tile

# The readers that look at Image.MAX_IMAGE_PIXELS by themselves; the others leave that to Image.open.
_READERS_WITH_LIMIT = (GifImageFile, TiffImageFile, WebPImageFile)

# As warnings.filterwarnings builds it. Pillow's user warnings are about damaged metadata, which we do not use;
# its warning about large images is another category and stays.
_QUIET = ("ignore", None, UserWarning, re.compile(r"PIL\."), 0)

# libtiff gives samples in the machine's byte order; Pillow knows this for unsigned ones only.
_NATIVE_ORDER = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}

_DEEP_PPM = ("RGB", 65_535)  # layout and largest value

_COLOURS = ("R", "G", "B", "A")  # the layout of a tile that holds one colour only


class _Lifted:
    """How many threads have lifted Pillow's size limit, and what it was before the first did."""

    lock = threading.Lock()
    users = 0
    limit: int | None = None


@contextmanager
def undisturbed(reader: type[Image.Image]) -> Iterator[None]:
    """Let `reader` work without Pillow's size limit (`max_megapixels` is ours) and without its warnings.

    The filter for warnings stays installed: putting back what was before would race with other threads.
    """
    if not warnings.filters or warnings.filters[0] != _QUIET:
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    if not issubclass(reader, _READERS_WITH_LIMIT):
        yield
        return
    with _Lifted.lock:
        if _Lifted.users == 0:
            _Lifted.limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        _Lifted.users += 1
    try:
        yield
    finally:
        with _Lifted.lock:
            _Lifted.users -= 1
            if _Lifted.users == 0:
                Image.MAX_IMAGE_PIXELS = _Lifted.limit


def correct_header(image: ImageFile) -> None:
    """Mend what Pillow understands wrongly of a header, before the pixels are decoded.

    - Compressed big-endian TIFF of signed or floating samples: bytes would be swapped once too often.
    - Uncompressed TIFF with 16-bit colours stored one after the other: they would be taken for 8-bit ones.
    - PPM of 16 bits: its values would be rounded to 8 bits, instead of losing the lower ones like all others.
    - PNG with a transparent colour: Pillow scales 2- and 4-bit grey up to 8 bits and 16-bit RGB down, but not the
      colour. (Of 16-bit RGB only the upper bytes are left to compare.)
    """
    if isinstance(image, TiffImageFile):
        image.tile = [tile._replace(args=_corrected_layout(tile, image)) for tile in image.tile]
    elif isinstance(image, PpmImageFile):
        image.tile = [
            tile._replace(codec_name="raw", args="RGB;16B")
            if tile.args == _DEEP_PPM and tile.codec_name == "ppm"
            else tile
            for tile in image.tile
        ]
    elif isinstance(image, PngImageFile) and image.tile and "transparency" in image.info:
        colour = image.info["transparency"]
        match image.tile[0].args:
            case "L;2":
                image.info["transparency"] = colour * 85
            case "L;4":
                image.info["transparency"] = colour * 17
            case "RGB;16B":
                image.info["transparency"] = tuple(value >> 8 for value in colour)


def _corrected_layout(tile: "_Tile", image: TiffImageFile) -> tuple[Any, ...] | str | None:
    """The arguments of a tile's decoder, of which the layout of its bytes is the first."""
    if not isinstance(tile.args, tuple):
        return tile.args
    layout, *others = tile.args
    if tile.codec_name == "libtiff":
        layout = _NATIVE_ORDER.get(layout, layout)
    elif layout in _COLOURS and image.tag_v2.get(BITSPERSAMPLE, (8,))[0] == 16:
        layout += ";16B" if image.tag_v2.prefix == b"MM" else ";16L"
    return layout, *others
