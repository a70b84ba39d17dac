"""`Places`: which tiles of large pictures an epoch sees."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import ImageStore
from convsight.inputs import ImageInput
from convsight.inputs.tiling import spread_starts
from convsight.rng import uniform

_STREAM = 11  # of random numbers, apart from those of augmentation


@final
@dataclass(frozen=True, eq=False)
class Places:
    """An epoch draws as many tiles of every picture as cover it, each somewhere in a part of its own.

    So every epoch sees nearly all of a picture, and no two see the same tiles. A draw has the index of its `pictures`
    (draws,) and the `ranges` (draws, 2, 2) of its left and its top, cut off at 0 and at the `last` (draws, 2) that is
    possible.
    """

    pictures: NDArray[np.int64]
    ranges: NDArray[np.int64]
    last: NDArray[np.int64]
    first: NDArray[np.int64]  # the first draw of every picture
    seed: int

    @classmethod
    def of(cls, images: ImageStore, seed: int) -> Self | None:
        """The places of `images`; None where these are no tiled pictures."""
        spec = images.spec
        if not (isinstance(spec, ImageInput) and spec.is_tiled):
            return None
        counts, ranges, last = [], [], []
        for index in range(len(images)):
            across, down = (
                spread_starts(cells, tile, spec.overlap)
                for cells, tile in zip(images.size(index), images.tile_size, strict=True)
            )
            counts.append(len(across) * len(down))
            ranges += [(left, top) for top in down for left in across]
            last.append(
                [max(0, cells - tile) for cells, tile in zip(images.size(index), images.tile_size, strict=True)]
            )
        pictures = np.repeat(np.arange(len(counts)), counts)
        first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        return cls(pictures, np.array(ranges, np.int64), np.array(last, np.int64)[pictures], first, seed)

    def __len__(self) -> int:
        return len(self.pictures)

    def corners(self, numbers: NDArray[np.int64], epoch: int) -> NDArray[np.int64]:
        """Left and top (draws, 2) of the draws called `numbers`: of a draw that comes more than once, another place."""
        draws = numbers % len(self)
        low, high = np.moveaxis(self.ranges[draws], 2, 0)
        share = uniform(self.seed, epoch, numbers, 2, _STREAM).astype(np.float64)
        starts = low + np.floor(share * (high - low + 1)).astype(np.int64)
        found: NDArray[np.int64] = np.clip(starts, 0, self.last[draws])
        return found
