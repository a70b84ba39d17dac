"""Any image to RGB: recognised, checked against the size limit, decoded, turned upright."""

import re
import struct
from ast import literal_eval
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from convsight.images.bands import colours_of_bands
from convsight.images.deep import Deep, Extent, ValueRange, colour_values, grey_values, is_deep_colour
from convsight.images.errors import ImageError, TooLargeError
from convsight.images.formats import FORMATS, HEAD_BYTES, reader_of, shown_bytes, unpacking
from convsight.images.orientation import CropBox, is_lying, lies_in_header, orientation_of, turn_box, turn_upright
from convsight.images.pillow import correct_header, undisturbed
from convsight.images.regular_file import opened_file
from convsight.images.remarks import remarks_on
from convsight.images.tiff_header import banded_header
from convsight.images.to_rgb import FEW_LEVELS, to_rgb

Source = Path | bytes | NDArray[Any] | Image.Image

# A JPEG decoded at reduced scale keeps this many times the pixels a side that are needed,
# so that the antialiased resize that follows still has enough to average.
_SPARE = 2
REDUCED_FROM = 2 * _SPARE  # times the pixels a side that are needed: the least scale is 1/2

# Images of more megapixels than this are decoded and fitted one after the other: on the way to RGB one may take
# twelve bytes a pixel, and many threads together more memory than there is.
_LARGE = 16
_alone = Lock()

# Bytes as Python writes them, which messages of Pillow quote.
_BYTES = re.compile(r"""\bb(['"])(?:(?!\1|\\)[ -~]|\\(?:[\\'"nrt]|x[0-9a-f]{2}))*\1""")


@dataclass(frozen=True)
class Decoded:
    """An image in mode RGB, the (width, height) of the whole one upright, and the box of it that holds the scene.

    The box is the whole image, except for a JPEG decoded at reduced scale: where its sides cannot be divided, the
    last row and column hold but a part of a pixel, and ignoring that would shift what a resize makes of it.

    `remark` says what is wrong with an image that could be read all the same; it is empty for most. `extent` are the
    values of an image of more than 8 bits, where they were looked at.
    """

    image: Image.Image
    size: tuple[int, int]
    box: CropBox
    remark: str
    extent: Extent | None


def decode_image(
    source: Source,
    *,
    min_size: tuple[int, int] | None = None,
    max_megapixels: float = 100.0,
    shown: ValueRange | None = None,
) -> Image.Image:
    """Decode an image to mode RGB: upright by its EXIF, transparency on white, deep ones scaled to 8 bits.

    `source` is a file, the content of one, an array (height, width[, 1 or 3]) of uint8, or a Pillow image
    (which may be returned itself). Of an animation or several pages the first is taken.

    With `min_size`, a (width, height) in pixels, a JPEG file is decoded at 1/2, 1/4 or 1/8 of its size where it then
    keeps at least twice `min_size` on both sides; all other images keep their size. `shown` is the range of whole
    numbers of more than 8 bits that is spread from black to white, see `to_rgb`.

    >>> decode_image(np.zeros((2, 3), np.uint8)).size
    (3, 2)

    Raises `ImageError`, naming the image, where it is missing, empty, damaged, cut short, of another format, or
    over `max_megapixels` (millions of pixels; looked up in the header, before decoding). Safe in threads.
    """
    with decoding(source, min_size, max_megapixels, shown=shown) as decoded:
        return decoded.image


def image_size(file: Path | bytes | NDArray[Any]) -> tuple[int, int] | None:
    """The (width, height) in pixels of the image in `file`, upright, from its header; None where it has none.

    Of an array (height, width[, channels]) it is known anyway.
    """
    if isinstance(file, np.ndarray):
        return file.shape[1], file.shape[0]
    try:
        with _stream(file) as stream:
            if banded := banded_header(stream):
                return banded.width, banded.height
            image = opened(stream, name_of(file))
            return image.size[::-1] if lies_in_header(image) else image.size
    # A damaged header may raise anything; whoever decodes the image will say what is wrong.
    except Exception:
        return None


def is_decoded_alone(file: bytes, *, whole: bool) -> bool:
    """Whether large images in other threads wait while the one in `file` is decoded.

    A JPEG of any size is small where it is reduced on the way, as all are but those whose `whole` is wanted.
    """
    size, reader = image_size(file), reader_of(file[:HEAD_BYTES])
    is_reduced = not whole and reader is not None and issubclass(reader, JpegImageFile)
    return size is not None and not is_reduced and size[0] * size[1] > _LARGE * 1e6


def is_deep_file(file: Path) -> bool:
    """Whether the image in `file` holds whole numbers of more than 8 bits, by its header; False where it has none."""
    try:
        with opened_file(file) as stream:
            image = opened(stream, str(file))
            correct_header(image)
            return is_deep_colour(image) or image.mode.startswith("I")
    except Exception:
        return False


def value_extent(file: Path, max_megapixels: float = 100.0) -> Extent | None:
    """The values in an image of whole numbers of more than 8 bits; None for other images, and for unreadable ones."""
    try:
        with ExitStack() as held, opened_file(file) as stream:
            wanted = _Wanted(str(file), None, max_megapixels, measured=True)
            image = opened(stream, wanted.name)
            _, _, deep = _load(image, stream, wanted, held)
            return deep.extent if deep else None
    # Whoever decodes the image will say what is wrong with it.
    except Exception:
        return None


@contextmanager
def decoding(
    source: Source,
    min_size: tuple[int, int] | None,
    max_megapixels: float,
    name: str | None = None,
    shown: ValueRange | None = None,
) -> Iterator[Decoded]:
    """What `decode_image` does, with the box that a resize should take; `name` is what errors call the image.

    As long as a large image is held here, other threads wait with theirs.
    """
    with ExitStack() as held:
        wanted = _Wanted(name or name_of(source), min_size, max_megapixels, shown)
        try:
            decoded = _decode(source, wanted, held)
        except ImageError:
            raise
        # On damaged data Pillow raises whatever its parsers run into, from struct.error to MemoryError.
        except Exception as error:
            raise ImageError(explanation(wanted.name, error)) from error
        yield decoded


class _Wanted(NamedTuple):
    """How an image is to be decoded, and what errors call it."""

    name: str
    min_size: tuple[int, int] | None
    max_megapixels: float
    shown: ValueRange | None = None
    measured: bool = False  # the values of deep colour are looked at, even where its upper bytes would do


def _decode(source: Source, wanted: _Wanted, held: ExitStack) -> Decoded:
    if isinstance(source, np.ndarray):
        source = _from_array(source)
    if isinstance(source, Image.Image):
        # Not reduced: that would shrink the caller's own image.
        return _decoded(source, None, wanted._replace(min_size=None), held)
    with _stream(source) as file:
        if banded := banded_header(file):
            colours = colours_of_bands(source, banded, wanted.name, wanted.max_megapixels)
            return _decoded(Image.fromarray(colours), None, wanted._replace(min_size=None), held)
        return _decoded(opened(file, wanted.name), file, wanted, held)


def opened(file: BinaryIO, name: str) -> ImageFile:
    """The image in `file`, its header read, its pixels not."""
    head = file.read(HEAD_BYTES)
    if not head:
        raise ImageError(f"{name} is empty (0 bytes); replace it or leave it out")
    reader = reader_of(head)
    if reader is None:
        raise ImageError(
            f"{name} is not an image that can be read: it starts with {shown_bytes(head)}; expected {FORMATS}; "
            f"{unpacking(name, head) or 'convert it or leave it out'}"
        )
    file.seek(0)
    with undisturbed(reader):
        return reader(file)


def _decoded(image: Image.Image, file: BinaryIO | None, wanted: _Wanted, held: ExitStack) -> Decoded:
    whole = image.size
    box, orientation, deep = _load(image, file, wanted, held)
    rgb = to_rgb(image, wanted.name, deep, wanted.shown)
    return Decoded(
        turn_upright(rgb, orientation),
        whole[::-1] if is_lying(orientation) else whole,
        turn_box(box or (0, 0, *image.size), image.size, orientation),
        remark="; ".join(remarks_on(image)),
        extent=deep.extent if deep else None,
    )


def _load(
    image: Image.Image, file: BinaryIO | None, wanted: _Wanted, held: ExitStack
) -> tuple[CropBox | None, int, Deep | None]:
    """Decode `image`; returns the box of it that holds the scene, its orientation, and its values where it is deep."""
    check_size(image, wanted.name, wanted.max_megapixels)
    if isinstance(image, ImageFile):
        correct_header(image)
    deep_colour = file if is_deep_colour(image) else None
    with undisturbed(type(image)):
        box = _reduce(image, wanted.min_size) if wanted.min_size and isinstance(image, JpegImageFile) else None
        if _megapixels(image) > _LARGE:
            held.enter_context(_alone)
        image.load()
        orientation = orientation_of(image)
    deep = _colour_values(image, deep_colour, wanted) if deep_colour else grey_values(image)
    return box, orientation, deep


def _colour_values(image: Image.Image, file: BinaryIO, wanted: _Wanted) -> Deep | None:
    """The values of deep colour, which take decoding again; None where the upper bytes alone say enough."""
    colours = image.convert("RGB") if image.mode != "RGB" else image
    is_rich = any(high - low >= FEW_LEVELS for low, high in colours.getextrema())  # type: ignore[misc]
    if is_rich and wanted.shown is None and not wanted.measured:
        return None
    file.seek(0)
    again = opened(file, wanted.name)
    correct_header(again)
    return colour_values(image, again)


def _reduce(image: JpegImageFile, min_size: tuple[int, int]) -> CropBox | None:
    """Choose the scale at which `image` will be decoded; returns the box of it that then holds the scene."""
    width, height = min_size[::-1] if is_lying(orientation_of(image)) else min_size
    chosen = image.draft(None, (_SPARE * width, _SPARE * height))
    return chosen[1] if chosen else None


def check_size(image: Image.Image, name: str, max_megapixels: float) -> None:
    """Raise `ImageError` where an image, not decoded yet, has no pixels or too many."""
    width, height = image.size
    megapixels = _megapixels(image)
    if megapixels == 0:
        raise ImageError(f"{name} has no pixels ({width} x {height}); replace it or leave it out")
    if megapixels > max_megapixels:
        raise TooLargeError(
            f"{name} is {width} x {height} pixels = {megapixels:.6g} megapixels, over the limit of "
            f"{max_megapixels:g}; raise it with --max-megapixels"
        )


def _megapixels(image: Image.Image) -> float:
    return image.width * image.height / 1e6


def _stream(source: Path | bytes) -> AbstractContextManager[BinaryIO]:
    return nullcontext(BytesIO(source)) if isinstance(source, bytes) else opened_file(source)


def _from_array(pixels: NDArray[np.uint8]) -> Image.Image:
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ImageError(
            f"an array of {pixels.dtype} and shape {pixels.shape} is not an image; "
            "expected uint8 of shape (height, width) or (height, width, 3)"
        )
    return Image.fromarray(pixels)


def name_of(source: Source) -> str:
    """What errors call `source`, unless they are told another name."""
    match source:
        case Path():
            return str(source)
        case bytes():
            return f"the image ({len(source)} bytes)"
        case Image.Image():
            return str(getattr(source, "filename", "") or "the image")
        case _:
            return f"the array of shape {source.shape}"


def explanation(name: str, error: Exception) -> str:
    """What an error says that was met while the image called `name` was read."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot read {name}: {error.strerror}; check the path and its permissions"
    if isinstance(error, MemoryError):
        return f"{name} does not fit into memory; lower --max-megapixels to refuse it, or make it smaller"
    # A number was looked for behind the end; Pillow's readers put such an error into one of their own.
    if isinstance(error.__cause__ or error, struct.error | IndexError):
        error = EOFError("it ends too soon")
    reason = _BYTES.sub(lambda found: shown_bytes(literal_eval(found[0])), str(error)) or type(error).__name__
    return (
        f"{name} cannot be decoded ({reason}): it is damaged, cut short or of a kind that "
        "is not supported; save it again or leave it out"
    )
