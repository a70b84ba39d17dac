"""Numbers of a region from what a network says of each pixel, which can be followed back to the picture."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from convsight.tasks.grid import on_grid


def mean_over(values: Tensor, region: NDArray[Any]) -> Tensor:
    """The mean (batch,) of `values` (batch, rows, columns) where `region` is set, which may have more pixels.

    >>> import numpy as np
    >>> mean_over(torch.tensor([[[1.0, 3.0], [9.0, 9.0]]]), np.array([[True, True], [False, False]]))
    tensor([2.])
    """
    return _inside(values, region).mean(dim=1)


def largest_in(values: Tensor, region: NDArray[Any]) -> Tensor:
    """The largest (batch,) of `values` (batch, rows, columns) where `region` is set."""
    return _inside(values, region).amax(dim=1)


def _inside(values: Tensor, region: NDArray[Any]) -> Tensor:
    """Those (batch, cells) of the region; all of them where no cell of the coarser grid is its own."""
    cells = torch.from_numpy(on_grid(region, *values.shape[1:])).to(values.device)
    return values[:, cells] if bool(cells.any()) else values.flatten(1)
