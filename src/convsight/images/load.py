"""The one path from any picture to the network's pixels: training, evaluation and prediction all call it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.images.decode import Source, decoding
from convsight.images.input_size import Frame
from convsight.images.resize import fit_picture


class FittedPicture(NamedTuple):
    """RGB uint8 pixels (height, width, 3) as the network takes them, and the (width, height) they had, upright."""

    pixels: NDArray[np.uint8]
    size: tuple[int, int]


def load_picture(source: Source, frame: Frame, max_megapixels: float = 100.0, name: str | None = None) -> FittedPicture:
    """Read `source` and fit it; the pixels are the caller's own, contiguous. `name` is what errors call it.

    Sources and errors are those of `read_picture`. Safe in threads, which it lets run while it decodes.

    >>> load_picture(np.zeros((20, 30), np.uint8), Frame(4, 6)).pixels.shape
    (4, 6, 3)
    """
    size = (frame.height, frame.width)
    # Data sets of small pictures come as arrays of the right size; Pillow would take most of their time.
    if isinstance(source, np.ndarray) and source.dtype == np.uint8 and source.shape in {size, (*size, 3)}:
        pixels = source.copy() if source.ndim == 3 else source[:, :, None].repeat(3, axis=2)
        return FittedPicture(pixels, size[::-1])
    with decoding(source, (frame.width, frame.height), max_megapixels, name) as decoded:
        return FittedPicture(fit_picture(decoded.picture, frame, decoded.box), decoded.size)
