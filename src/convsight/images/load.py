"""The one path from any image to the network's pixels: training, evaluation and prediction all call it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.images.decode import REDUCED_FROM, Source, decoding, name_of
from convsight.images.deep import ValueRange
from convsight.images.input_size import InputSize
from convsight.images.plain_jpeg import content_of_small, plain_jpeg
from convsight.images.resize import resize_image


class FittedImage(NamedTuple):
    """RGB uint8 pixels (height, width, 3) as the network takes them, and the (width, height) they had, upright.

    `remark` says what is wrong with an image that could be read all the same; it is empty for most.
    """

    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    remark: str = ""


def load_image(
    source: Source,
    input_size: InputSize,
    max_megapixels: float = 100.0,
    name: str | None = None,
    shown: ValueRange | None = None,
) -> FittedImage:
    """Read `source` and fit it; the pixels are the caller's own, contiguous. `name` is what errors call it.

    `shown` is the range of whole numbers of more than 8 bits that is spread from black to white, see `to_rgb`.

    Sources and errors are those of `decode_image`. Safe in threads, which it lets run while it decodes.

    >>> load_image(np.zeros((20, 30), np.uint8), InputSize(4, 6)).pixels.shape
    (4, 6, 3)
    """
    size = (input_size.height, input_size.width)
    # Data sets of small images come as arrays of the right size; Pillow would take most of their time.
    tiled = input_size.fit == "tile"
    fitted = source.dtype == np.uint8 and not input_size.shorter if isinstance(source, np.ndarray) else False
    if isinstance(source, np.ndarray) and fitted and source.shape in {size, (*size, 3)}:
        pixels = source.copy() if source.ndim == 3 else source[:, :, None].repeat(3, axis=2)
        return FittedImage(pixels, size[::-1])
    needed = (input_size.shorter,) * 2 if input_size.shorter else (input_size.width, input_size.height)
    content = source if isinstance(source, bytes) else content_of_small(source) if isinstance(source, Path) else None
    if content is not None and not tiled:
        small = plain_jpeg(content, (REDUCED_FROM * needed[0], REDUCED_FROM * needed[1]), max_megapixels)
        if small is not None:
            rgb = small if small.mode == "RGB" else small.convert("RGB")
            return FittedImage(resize_image(rgb, input_size), small.size)
        source, name = content, name or name_of(source)
    with decoding(source, None if tiled else needed, max_megapixels, name, shown) as decoded:
        return FittedImage(resize_image(decoded.image, input_size, decoded.box), decoded.size, decoded.remark)
