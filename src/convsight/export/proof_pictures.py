"""Real pictures of many sizes for a proof, from whatever data there are."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from convsight.datasets.dataset import Pictures
from convsight.errors import UserError
from convsight.export.proof import LEAST_PICTURES, Pixels
from convsight.pictures import PictureError, read_picture

# Every other picture changes its width and height by two of these, since many data sets know only one size.
_FACTORS = (0.45, 0.8, 1.3, 1.7, 2.6)
_LARGEST = 2_000_000  # pixels of a picture that was made larger


def proof_pictures(pictures: Pictures, max_megapixels: float, count: int = LEAST_PICTURES) -> Iterator[Pixels]:
    """`count` of the pictures, evenly chosen (again and again where there are fewer), every other one resized.

    Unreadable ones are passed over. Raises `UserError` where none can be read.
    """
    made = 0
    while made < count:
        before = made
        for position in np.linspace(0, len(pictures) - 1, min(count - made, len(pictures))).astype(int):
            try:
                picture = read_picture(pictures[position], max_megapixels=max_megapixels)
            except PictureError:
                continue
            yield np.asarray(_varied(picture, made) if made % 2 else picture)
            made += 1
        if made == before:
            raise UserError("none of the pictures for the proof can be read; name others with --data")


def _varied(picture: Image.Image, number: int) -> Image.Image:
    """`picture` at another size and other proportions."""
    across, down = _FACTORS[number % 5], _FACTORS[(number // 5 + number) % 5]
    width, height = max(2, round(picture.width * across)), max(2, round(picture.height * down))
    if width * height > max(_LARGEST, picture.width * picture.height):
        return picture
    return picture.resize((width, height), Image.Resampling.BICUBIC)
