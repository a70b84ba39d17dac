"""`FittedPictures`: the pictures of a split at the network's size, decoded once where memory allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Pictures, Split
from convsight.datasets.memory import available_memory_bytes
from convsight.datasets.threads import map_in_threads
from convsight.inputs import ImageInput, Loaded
from convsight.pictures import Frame, PictureError

_CHUNK = 4  # pictures a thread takes at a time
_MEMORY_SHARE = 4  # by default a quarter of what is available, since there are three splits and a network
_MEASURED_PICTURES = 10_000
_MEASURED_PIXELS = 50_000_000  # beyond these, mean and std no longer move in the third digit


@dataclass(frozen=True)
class Unreadable:
    """A picture that could not be decoded: its position and name in the split, and why."""

    position: int
    name: str
    reason: str


class ChannelStatistics(NamedTuple):
    """Mean and standard deviation of pixels in 0..1, a value per channel: red, green, blue; and grey."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    grey_mean: tuple[float]
    grey_std: tuple[float]


class _Store(Protocol):
    """Fitted pictures by row, as RGB uint8 (rows, height, width, 3)."""

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]: ...


@dataclass(frozen=True)
class _Found:
    """What decoding found out about each picture: whether it is grey, and its size before it was fitted."""

    grey: NDArray[np.bool_]  # (pictures,): red, green and blue are equal in every pixel
    sizes: NDArray[np.int32]  # (pictures, 2): width and height in pixels


@final
@dataclass(frozen=True, eq=False)
class FittedPictures:
    """The pictures of a split that can be read, as RGB uint8 of one height and width.

    Made by `read`. The pixels stay in memory where they fit the budget, and are decoded again on demand
    where not; the answers are the same. Safe in threads.
    """

    frame: Frame
    _store: _Store
    _found: _Found
    _rows: NDArray[np.int64]  # of the store, one a picture

    @classmethod
    def read(
        cls,
        split: Split,
        spec: ImageInput,
        *,
        workers: int = 0,
        max_megapixels: float = 100.0,
        memory_budget_bytes: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> tuple[Self, list[Unreadable]]:
        """Decode every picture of `split` once: the readable ones fitted, in order, and the others.

        `workers` threads decode, 0 means in the calling thread; `progress` is told how many more were
        read. The budget is for the pixels kept, by default a quarter of the memory available.
        """
        tell = progress or _nobody
        height, width = spec.height, spec.width
        if isinstance(split.pictures, np.ndarray) and split.pictures.shape[1:3] == (height, width):
            held = _Held(split.pictures)
            tell(len(split))
            return cls(spec.frame, held, held.found(), np.arange(len(split))), []
        budget = available_memory_bytes() // _MEMORY_SHARE if memory_budget_bytes is None else memory_budget_bytes
        source = _OnDemand(split.pictures, spec, max_megapixels, workers)
        pixels = np.empty((len(split), height, width, 3), np.uint8) if source.needed_bytes <= budget else None
        found, unreadable = _decode_all(source, split.names, pixels, tell)
        rows = np.delete(np.arange(len(split)), [bad.position for bad in unreadable])
        return cls(spec.frame, source if pixels is None else _Held(pixels), found, rows), unreadable

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def height(self) -> int:
        """Of every fitted picture, in pixels."""
        return self.frame.height

    @property
    def width(self) -> int:
        """Of every fitted picture, in pixels."""
        return self.frame.width

    def take(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pictures at `indices`, in that order: a new array (indices, height, width, 3)."""
        return self._store.take(self._rows[indices])

    def select(self, positions: NDArray[np.int64]) -> "FittedPictures":
        """The pictures at `positions`, in that order, without copying pixels."""
        return replace(self, _rows=self._rows[positions])

    def size(self, index: int) -> tuple[int, int]:
        """Width and height in pixels of picture `index` before it was fitted."""
        width, height = self._found.sizes[self._rows[index]].tolist()
        return width, height

    @property
    def all_grey(self) -> bool:
        """Whether red, green and blue are equal in every pixel of every picture."""
        return bool(self._found.grey[self._rows].all())

    def channel_statistics(self) -> ChannelStatistics:
        """Mean and population standard deviation of the pixels, in colour and in grey (luma of ITU-R 601).

        Measured on pictures spread evenly over the split: at most 10,000, fewer where they are large.
        """
        if not len(self):
            raise ValueError("there is no picture to measure")
        most = min(_MEASURED_PICTURES, max(1, _MEASURED_PIXELS // (self.height * self.width)))
        chosen = np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).astype(np.int64))
        histograms = np.zeros((4, 256), np.int64)
        for part in np.array_split(chosen, -(-len(chosen) // 64)):
            pictures = self.take(part)
            for channel, values in enumerate((*np.moveaxis(pictures, 3, 0), _luma(pictures))):
                histograms[channel] += np.bincount(values.reshape(-1), minlength=256)
        mean, std = _moments(histograms)
        return ChannelStatistics((mean[0], mean[1], mean[2]), (std[0], std[1], std[2]), (mean[3],), (std[3],))


@final
class _Held:
    """Pixels in memory: (pictures, height, width[, 3])."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        chosen = self.pixels[rows]
        return chosen if chosen.ndim == 4 else np.repeat(chosen[..., None], 3, axis=3)

    def found(self) -> _Found:
        """What there is to know of pictures that came at this size."""
        count, height, width = self.pixels.shape[:3]
        grey = np.ones(count, np.bool_) if self.pixels.ndim == 3 else np.array([is_grey(each) for each in self.pixels])
        return _Found(grey, np.broadcast_to(np.array([width, height], np.int32), (count, 2)))


@final
class _OnDemand:
    """Pictures decoded whenever they are asked for."""

    def __init__(self, pictures: Pictures, spec: ImageInput, max_megapixels: float, workers: int) -> None:
        self.pictures = pictures
        self.spec = spec
        self.max_megapixels = max_megapixels
        self.workers = workers
        self.shape = (spec.height, spec.width, 3)

    @property
    def needed_bytes(self) -> int:
        return len(self.pictures) * self.shape[0] * self.shape[1] * self.shape[2]

    def load(self, row: int) -> Loaded:
        return self.spec.load(self.pictures[row], self.max_megapixels)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        taken = np.empty((len(rows), *self.shape), np.uint8)
        for place, picture in enumerate(map_in_threads(self.load, rows.tolist(), min(self.workers, len(rows)))):
            taken[place] = picture.array
        return taken


def _decode_all(
    source: _OnDemand, names: Sequence[str], pixels: NDArray[np.uint8] | None, tell: Callable[[int], object]
) -> tuple[_Found, list[Unreadable]]:
    """Decode each picture, into `pixels` if there are such."""
    found = _Found(np.zeros(len(names), np.bool_), np.zeros((len(names), 2), np.int32))

    def decode(rows: range) -> tuple[int, list[Unreadable]]:
        bad = []
        for row in rows:
            try:
                picture = source.load(row)
            except PictureError as error:
                bad.append(Unreadable(row, names[row], str(error)))
                continue
            found.grey[row] = is_grey(picture.array)
            found.sizes[row] = picture.size
            if pixels is not None:
                pixels[row] = picture.array
        return len(rows), bad

    unreadable: list[Unreadable] = []
    chunks = (range(start, min(start + _CHUNK, len(names))) for start in range(0, len(names), _CHUNK))
    for count, bad in map_in_threads(decode, chunks, source.workers):
        unreadable += bad
        tell(count)
    return found, unreadable


def is_grey(picture: NDArray[np.uint8]) -> bool:
    """Whether red, green and blue are equal in every pixel of (height, width, 3)."""
    return bool((picture[..., 0] == picture[..., 1]).all() and (picture[..., 1] == picture[..., 2]).all())


def _luma(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey as Pillow's mode L has it: ITU-R 601 luma in 16-bit fixed point."""
    wide = pictures.astype(np.uint32)
    luma = (19595 * wide[..., 0] + 38470 * wide[..., 1] + 7471 * wide[..., 2] + 32768) >> 16
    return luma.astype(np.uint8)


def _moments(histograms: NDArray[np.int64]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation in 0..1 of each row of counts of the values 0..255."""
    values = np.arange(256) / 255
    share = histograms / histograms.sum(axis=1, keepdims=True)
    mean = share @ values
    variance = (share * (values - mean[:, None]) ** 2).sum(axis=1)
    return mean.tolist(), np.sqrt(variance).tolist()


def _nobody(count: int) -> None:
    """Hears of progress and does nothing."""
