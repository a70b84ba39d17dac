"""`ImageIndex`: what an audit knows of every image of a data set, a row each over all splits."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.audit.image_hash import BandFacts, ImageHash, hash_image
from convsight.datasets.dataset import Dataset
from convsight.datasets.file_range import measured_file_range
from convsight.datasets.finding import ImageName
from convsight.datasets.threads import map_in_threads
from convsight.images import Extent, ImageError, ValueRange

_CHUNK = 16  # images a thread takes at a time


@dataclass(frozen=True, eq=False)
class ImageIndex:
    """Columns over all images, split after split; those of unreadable images hold zeros."""

    names: tuple[ImageName, ...]
    reasons: dict[int, str]  # why a row could not be read
    remarks: dict[int, str]  # what is wrong with a row that could be read all the same
    extents: dict[int, Extent]  # the values of those of more than 8 bits, as far as they were looked at
    bands: dict[int, BandFacts]  # of the files of bands
    digests: NDArray[np.uint64]  # (images, 2)
    hashes: NDArray[np.uint64]  # (images, 2): across and down
    sizes: NDArray[np.int64]  # (images, 2): width and height in pixels
    grey: NDArray[np.bool_]  # (images,)
    uniform: NDArray[np.bool_]  # (images,)
    plain: NDArray[np.float64]  # (images,): 0..1, see `image_hash.plain_share`

    @classmethod
    def read(cls, dataset: Dataset, workers: int, max_megapixels: float, progress: Callable[[int], object]) -> Self:
        """Look at every image of `dataset` once, in threads; `progress` is told how many more were read."""
        # As a training has it: the range of what is learnt from.
        learnt = dataset.splits.get("train") or next(iter(dataset.splits.values()))
        shown = measured_file_range(learnt.images)

        def hash_chunk(chunk: list[Path | NDArray[np.uint8]]) -> list[ImageHash | str]:
            return [_hash_or_reason(image, max_megapixels, shown) for image in chunk]

        index = cls._empty(dataset)
        row = 0
        for hashes in map_in_threads(hash_chunk, _chunks(dataset), workers):
            for found in hashes:
                index._keep(row, found)
                row += 1
            progress(len(hashes))
        return index

    @classmethod
    def _empty(cls, dataset: Dataset) -> Self:
        names = tuple(
            ImageName(split.name, name, target)
            for split in dataset.splits.values()
            for name, target in zip(split.names, split.targets.lines(), strict=True)
        )
        count = len(names)
        return cls(
            names,
            {},
            {},
            {},
            {},
            digests=np.zeros((count, 2), np.uint64),
            hashes=np.zeros((count, 2), np.uint64),
            sizes=np.zeros((count, 2), np.int64),
            grey=np.zeros(count, np.bool_),
            uniform=np.zeros(count, np.bool_),
            plain=np.zeros(count),
        )

    def _keep(self, row: int, found: ImageHash | str) -> None:
        if isinstance(found, str):
            self.reasons[row] = found
            return
        self.digests[row] = np.frombuffer(found.digest, np.uint64)
        self.hashes[row] = found.across, found.down
        self.sizes[row] = found.size
        self.grey[row] = found.grey
        self.uniform[row] = found.uniform
        self.plain[row] = found.plain
        if found.remark:
            self.remarks[row] = found.remark
        if found.bands:
            self.bands[row] = found.bands
        if found.extent:
            self.extents[row] = found.extent

    @property
    def readable(self) -> NDArray[np.int64]:
        """The rows that could be read."""
        return np.delete(np.arange(len(self.names)), list(self.reasons))

    @property
    def shorter_sides(self) -> NDArray[np.int64]:
        """The shorter side of each image in pixels."""
        sides: NDArray[np.int64] = self.sizes.min(axis=1)
        return sides

    def named(self, rows: Iterable[int]) -> tuple[ImageName, ...]:
        """The names of `rows`, in that order."""
        return tuple(self.names[row] for row in rows)


def _chunks(dataset: Dataset) -> Iterator[list[Path | NDArray[np.uint8]]]:
    for split in dataset.splits.values():
        for start in range(0, len(split), _CHUNK):
            yield list(split.images[start : start + _CHUNK])


def _hash_or_reason(
    image: Path | NDArray[np.uint8], max_megapixels: float, shown: ValueRange | None
) -> ImageHash | str:
    try:
        return hash_image(image, max_megapixels, shown)
    except ImageError as error:
        return str(error)
