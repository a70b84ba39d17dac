"""Remarks on an image that was read although something is wrong with it."""

from PIL import Image

_KEY = "convsight remarks"  # in Pillow's `info`, which goes with an image


def remark_on(image: Image.Image, remark: str) -> None:
    """Add to what is to be told of `image`."""
    image.info[_KEY] = (*remarks_on(image), remark)


def remarks_on(image: Image.Image) -> tuple[str, ...]:
    """What is to be told of `image`, each in words that follow its name."""
    found: tuple[str, ...] = image.info.get(_KEY, ())
    return found
