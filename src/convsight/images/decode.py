"""Any image to RGB: recognised, checked against the size limit, decoded, turned upright."""

import re
from ast import literal_eval
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from convsight.images.errors import ImageError
from convsight.images.formats import FORMATS, HEAD_BYTES, reader_of, shown_bytes
from convsight.images.orientation import CropBox, is_lying, lies_in_header, orientation_of, turn_box, turn_upright
from convsight.images.pillow import correct_header, undisturbed
from convsight.images.to_rgb import to_rgb

Source = Path | bytes | NDArray[Any] | Image.Image

# A JPEG decoded at reduced scale keeps this many times the pixels a side that are needed,
# so that the antialiased resize that follows still has enough to average.
_SPARE = 2

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
    """

    image: Image.Image
    size: tuple[int, int]
    box: CropBox


def decode_image(
    source: Source, *, min_size: tuple[int, int] | None = None, max_megapixels: float = 100.0
) -> Image.Image:
    """Decode an image to mode RGB: upright by its EXIF, transparency on white, deep ones scaled to 8 bits.

    `source` is a file, the content of one, an array (height, width[, 1 or 3]) of uint8, or a Pillow image
    (which may be returned itself). Of an animation or several pages the first is taken.

    With `min_size`, a (width, height) in pixels, a JPEG file is decoded at 1/2, 1/4 or 1/8 of its size where it then
    keeps at least twice `min_size` on both sides; all other images keep their size.

    >>> decode_image(np.zeros((2, 3), np.uint8)).size
    (3, 2)

    Raises `ImageError`, naming the image, where it is missing, empty, damaged, cut short, of another format, or
    over `max_megapixels` (millions of pixels; looked up in the header, before decoding). Safe in threads.
    """
    with decoding(source, min_size, max_megapixels) as decoded:
        return decoded.image


def image_size(file: Path | bytes) -> tuple[int, int] | None:
    """The (width, height) in pixels of the image in `file`, upright, from its header; None where it has none."""
    try:
        with _stream(file) as stream:
            image = _opened(stream, _name(file))
            return image.size[::-1] if lies_in_header(image) else image.size
    # A damaged header may raise anything; whoever decodes the image will say what is wrong.
    except Exception:
        return None


def is_decoded_alone(file: bytes, *, whole: bool) -> bool:
    """Whether large images in other threads wait while the one in `file` is decoded.

    A JPEG of any size is small where it is reduced on the way, as all are but those whose `whole` is wanted.
    """
    size = image_size(file)
    is_reduced = not whole and reader_of(file[:HEAD_BYTES]) is JpegImageFile
    return size is not None and not is_reduced and size[0] * size[1] > _LARGE * 1e6


@contextmanager
def decoding(
    source: Source, min_size: tuple[int, int] | None, max_megapixels: float, name: str | None = None
) -> Iterator[Decoded]:
    """What `decode_image` does, with the box that a resize should take; `name` is what errors call the image.

    As long as a large image is held here, other threads wait with theirs.
    """
    with ExitStack() as held:
        yield _decode(source, min_size, max_megapixels, name or _name(source), held)


def _decode(
    source: Source, min_size: tuple[int, int] | None, max_megapixels: float, name: str, held: ExitStack
) -> Decoded:
    try:
        if isinstance(source, np.ndarray):
            source = _from_array(source)
        if isinstance(source, Image.Image):
            # Not reduced: that would shrink the caller's own image.
            return _decoded(source, name, None, max_megapixels, held)
        with _stream(source) as file:
            return _decoded(_opened(file, name), name, min_size, max_megapixels, held)
    except ImageError:
        raise
    # On damaged data Pillow raises whatever its parsers run into, from struct.error to MemoryError.
    except Exception as error:
        raise ImageError(_explanation(name, error)) from error


def _opened(file: BinaryIO, name: str) -> ImageFile:
    """The image in `file`, its header read, its pixels not."""
    head = file.read(HEAD_BYTES)
    if not head:
        raise ImageError(f"{name} is empty (0 bytes); replace it or leave it out")
    reader = reader_of(head)
    if reader is None:
        raise ImageError(
            f"{name} is not an image that can be read: it starts with {shown_bytes(head)}; expected {FORMATS}; "
            "convert it or leave it out"
        )
    file.seek(0)
    with undisturbed(reader):
        return reader(file)


def _decoded(
    image: Image.Image, name: str, min_size: tuple[int, int] | None, max_megapixels: float, held: ExitStack
) -> Decoded:
    _check_size(image, name, max_megapixels)
    whole = image.size
    if isinstance(image, ImageFile):
        correct_header(image)
    with undisturbed(type(image)):
        box = _reduce(image, min_size) if min_size is not None and isinstance(image, JpegImageFile) else None
        if _megapixels(image) > _LARGE:
            held.enter_context(_alone)
        image.load()
        orientation = orientation_of(image)
    rgb = to_rgb(image, name)
    box = box or (0, 0, *image.size)
    size = whole[::-1] if is_lying(orientation) else whole
    return Decoded(turn_upright(rgb, orientation), size, turn_box(box, image.size, orientation))


def _reduce(image: JpegImageFile, min_size: tuple[int, int]) -> CropBox | None:
    """Choose the scale at which `image` will be decoded; returns the box of it that then holds the scene."""
    width, height = min_size[::-1] if is_lying(orientation_of(image)) else min_size
    chosen = image.draft(None, (_SPARE * width, _SPARE * height))
    return chosen[1] if chosen else None


def _check_size(image: Image.Image, name: str, max_megapixels: float) -> None:
    width, height = image.size
    megapixels = _megapixels(image)
    if megapixels == 0:
        raise ImageError(f"{name} has no pixels ({width} x {height}); replace it or leave it out")
    if megapixels > max_megapixels:
        raise ImageError(
            f"{name} is {width} x {height} pixels = {megapixels:.6g} megapixels, over the limit of "
            f"{max_megapixels:g}; raise it with --max-megapixels"
        )


def _megapixels(image: Image.Image) -> float:
    return image.width * image.height / 1e6


def _stream(source: Path | bytes) -> AbstractContextManager[BinaryIO]:
    return nullcontext(BytesIO(source)) if isinstance(source, bytes) else source.open("rb")


def _from_array(pixels: NDArray[np.uint8]) -> Image.Image:
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ImageError(
            f"an array of {pixels.dtype} and shape {pixels.shape} is not an image; "
            "expected uint8 of shape (height, width) or (height, width, 3)"
        )
    return Image.fromarray(pixels)


def _name(source: Source) -> str:
    match source:
        case Path():
            return str(source)
        case bytes():
            return f"the image ({len(source)} bytes)"
        case Image.Image():
            return str(getattr(source, "filename", "") or "the image")
        case _:
            return f"the array of shape {source.shape}"


def _explanation(name: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot read {name}: {error.strerror}; check the path and its permissions"
    if isinstance(error, MemoryError):
        return f"{name} does not fit into memory; lower --max-megapixels to refuse it, or make it smaller"
    reason = _BYTES.sub(lambda found: shown_bytes(literal_eval(found[0])), str(error)) or type(error).__name__
    return (
        f"{name} cannot be decoded ({reason}): it is damaged, cut short or of a kind that "
        "is not supported; save it again or leave it out"
    )
