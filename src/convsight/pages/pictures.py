"""Pictures within a page: small, counted, and only as many as its size allows."""

import io
from base64 import b64encode

from PIL import Image

_QUALITY = 78  # of JPEG
_FEW_COLOURS = 256
_TINY = 64  # px: what is smaller is kept to the pixel, as PNG


class Room:
    """How many bytes of a page pictures may still take; one that does not fit any more is left out, and counted."""

    def __init__(self, most: int) -> None:
        self._left = most
        self.refused = 0

    def take(self, source: str | None) -> str | None:
        """`source`, or None where there is no room for it."""
        if source is None:
            return None
        if len(source) > self._left:
            self.refused += 1
            return None
        self._left -= len(source)
        return source


def small(image: Image.Image, side: int) -> str:
    """`image` (RGB) with at most `side` px of its longer side, as the source of an `img`.

    Of up to 64 px it is PNG, which keeps each pixel as it is; larger ones are JPEG.
    """
    if max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.BOX if max(image.size) > 4 * side else Image.Resampling.LANCZOS)
    made = io.BytesIO()
    if max(image.size) <= _TINY:
        image.save(made, "PNG")
        return _source("png", made.getvalue())
    image.convert("RGB").save(made, "JPEG", quality=_QUALITY)
    return _source("jpeg", made.getvalue())


def is_tiny(image: Image.Image) -> bool:
    """Whether a picture is so small that a page should show its pixels as squares."""
    return max(image.size) <= _TINY


def figure(content: bytes, most: int) -> str:
    """The PNG file `content` as the source of an `img`; in fewer colours and pixels where it has over `most` bytes."""
    if len(content) <= most:
        return _source("png", content)
    image = Image.open(io.BytesIO(content)).convert("RGB")
    side = max(image.size)
    while True:
        made = io.BytesIO()
        image.quantize(_FEW_COLOURS, Image.Quantize.FASTOCTREE).save(made, "PNG", optimize=False)
        if made.tell() <= most or side < 400:
            return _source("png", made.getvalue())
        side = round(side * 0.7)
        image.thumbnail((side, side), Image.Resampling.LANCZOS)


def _source(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
