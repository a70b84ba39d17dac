"""Arrays of pixels on the coarser grid of a network's map."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def on_grid(pixels: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """`pixels` (height, width) of the input on a grid of cells, which may be coarser: of each the nearest pixel.

    >>> on_grid(np.array([[1, 2, 3, 4]]), 1, 2).tolist()
    [[2, 4]]
    """
    down, across = (
        ((np.arange(cells) + 0.5) * side / cells).astype(np.int64)
        for cells, side in zip((rows, columns), pixels.shape, strict=True)
    )
    found: NDArray[Any] = pixels[down[:, None], across[None]]
    return found
