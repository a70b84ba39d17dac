"""Features of images, from the shelf where they lie there, else computed; of the image as it is and of varied views."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from convsight.augmentation import Augmentation, Batch, Unchanged
from convsight.datasets import ImageStore
from convsight.nets.input_layers import InputLayer
from convsight.rng import RngKeys
from convsight.training.features.engine import BATCH, FrontEngine
from convsight.training.features.rows import are_whole, features_in, row_type, rows_of
from convsight.training.features.shelf import Shelf

_SEED = 0  # of all views, whatever that of the training: so another one finds them there
_FILE_BYTES = 2**26  # of rows that are written at once
_ALIKE = 0.05  # of its length: as far a row of features may be from the same by another engine, in bfloat16 too
PLAIN, MIRRORED = 0, -1  # the numbers of the views that are the image as it is, and its mirror image


@final
@dataclass(frozen=True)
class View:
    """One way in which images are seen: as they are (number 0), mirrored (-1), or varied in the way of that number."""

    number: int
    augmentation: Augmentation

    @property
    def key(self) -> str:
        """What files of its features are called by: all that the picture is made by."""
        plainly = {PLAIN: "plain", MIRRORED: "mirrored"}
        how = plainly.get(self.number) or f"{told(self.augmentation)} {_SEED} {self.number}"
        return hashlib.sha256(how.encode()).hexdigest()[:16]

    def of(self, floats: torch.Tensor, pictures: NDArray[np.uint64], kind: str) -> torch.Tensor:
        """Images (batch, channels, height, width) in 0..1 as they are seen; `pictures` are their digests.

        How a picture varies depends on its digest and the view alone, and not on what else is in the data.
        """
        if self.number == PLAIN:
            return floats
        if self.number == MIRRORED:
            return floats.flip(3)
        keys = RngKeys(_SEED, self.number, (pictures >> np.uint64(1)).astype(np.int64))
        return self.augmentation(Batch({kind: floats}, {}), keys, 0.5).inputs[kind]


def told(augmentation: Augmentation) -> str:
    """All that a varied image depends on, in words that are the same in every process."""

    def plain(value: Any) -> Any:
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], type):
            return [value[0].__qualname__, {n: plain(v) for n, v in sorted(value[1].items()) if n != "targets"}]
        if isinstance(value, tuple | list):
            return [plain(each) for each in value]
        return repr(value)

    return json.dumps(plain(augmentation._how()))


@final
class FeatureRows:
    """The features of the images of a split in one view, in their order; what `ImageStore` holds arrays in."""

    def __init__(self, files: list[NDArray[Any]], file_of: NDArray[np.int64], row_of: NDArray[np.int64]) -> None:
        self._files = files
        self._file_of = file_of
        self._row_of = row_of

    def select(self, positions: NDArray[np.int64]) -> "FeatureRows":
        """Those of the images at `positions`, in that order."""
        return FeatureRows(self._files, self._file_of[positions], self._row_of[positions])

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Features (rows, 1, numbers, 1) of the images at `rows`."""
        numbers = self._files[0].dtype["features"].shape[0]
        found = np.empty((len(rows), numbers), np.float32)
        owners, places = self._file_of[rows], self._row_of[rows]
        for owner in np.unique(owners).tolist():
            mine = owners == owner
            found[mine] = features_in(self._files[owner][places[mine]])
        return found[:, None, :, None]


@final
class BothWays:
    """The features of images as they are and of their mirror images, (rows, 1, numbers, 2)."""

    def __init__(self, plain: FeatureRows, mirrored: FeatureRows) -> None:
        self._both = (plain, mirrored)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Those at `rows`."""
        return np.concatenate([each.take(rows) for each in self._both], axis=3)


@final
class Computing:
    """Finds and makes features; `engine` is called for when the first is missing."""

    def __init__(
        self, shelf: Shelf | None, inputs: InputLayer, numbers: int, engine: Callable[[], FrontEngine]
    ) -> None:
        self._shelf = shelf
        self._inputs = inputs.cpu()
        self._row = row_type(numbers)
        self._make = engine
        self._engine: FrontEngine | None = None
        self._files: dict[str, list[NDArray[Any]]] = {}

    @property
    def row_bytes(self) -> int:
        """What the features of one image and view take."""
        return self._row.itemsize

    def forget_others(self, front: nn.Module, images: ImageStore) -> bool:
        """Forget what is kept where `front` tells something else of one of `images`; whether it does.

        Layers and weights may be the same, and what a `forward` of a program's own network does with them another.
        """
        view = unvaried()
        file_of, row_of = self._places(images.digests, view)
        known = np.flatnonzero(file_of >= 0)[:1]
        if not len(known):
            return False
        kept = FeatureRows(self._files_of(view), file_of, row_of).take(known).flatten()
        with torch.no_grad():
            told = front(self._inputs(torch.from_numpy(images.take(known)))).float().numpy().flatten()
        if np.linalg.norm(kept - told) <= _ALIKE * np.linalg.norm(told):
            return False
        self._files.clear()
        if self._shelf is not None:
            self._shelf.forget()
        return True

    def missing(self, images: ImageStore, view: View) -> int:
        """How many of `images` have to be computed."""
        return int((self._places(images.digests, view)[0] < 0).sum())

    def features(self, images: ImageStore, view: View, advance: Callable[[int], object]) -> FeatureRows:
        """The features of `images` in that view; `advance` is told how many of the missing ones were computed."""
        pictures = images.digests
        files = self._files_of(view)
        missing = np.flatnonzero(self._places(pictures, view)[0] < 0)
        _, first = np.unique(pictures[missing], return_index=True)  # of equal images one is enough
        for rows in self._in_parts(images, pictures, missing[np.sort(first)], view, advance):
            files.append(rows if self._shelf is None else self._shelf.write(view.key, rows))
        file_of, row_of = self._places(pictures, view)
        return FeatureRows(files, file_of, row_of)

    def _files_of(self, view: View) -> list[NDArray[Any]]:
        if view.key not in self._files:
            self._files[view.key] = [] if self._shelf is None else self._shelf.read(view.key, self._row)
        return self._files[view.key]

    def _places(self, pictures: NDArray[np.uint64], view: View) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """File and row of the features of each picture; -1 where there are none, or they are damaged."""
        file_of, row_of = np.full(len(pictures), -1), np.full(len(pictures), -1)
        for number, rows in enumerate(self._files_of(view)):
            kept = np.asarray(rows["picture"])
            order = np.argsort(kept, kind="stable")
            places = order[np.minimum(np.searchsorted(kept[order], pictures), len(kept) - 1)]
            hits = np.flatnonzero((kept[places] == pictures) & (file_of < 0))
            hits = hits[_whole(rows, places[hits])]
            file_of[hits], row_of[hits] = number, places[hits]
        return file_of, row_of

    def _in_parts(
        self,
        images: ImageStore,
        pictures: NDArray[np.uint64],
        positions: NDArray[np.int64],
        view: View,
        advance: Callable[[int], object],
    ) -> Iterator[NDArray[Any]]:
        """Rows of the images at `positions`, as many as go into a file; those made so far where the user stops."""
        ready: list[NDArray[Any]] = []
        try:
            for start in range(0, len(positions), BATCH):
                chosen = positions[start : start + BATCH]
                ready.append(rows_of(pictures[chosen], self._computed(images, pictures, chosen, view)))
                advance(len(chosen))
                if sum(rows.nbytes for rows in ready) >= _FILE_BYTES:
                    yield np.concatenate(ready)
                    ready = []
        except KeyboardInterrupt:
            if ready and self._shelf is not None:
                self._shelf.write(view.key, np.concatenate(ready))
            raise
        if ready:
            yield np.concatenate(ready)

    @torch.no_grad()
    def _computed(
        self, images: ImageStore, pictures: NDArray[np.uint64], chosen: NDArray[np.int64], view: View
    ) -> NDArray[np.float32]:
        if self._engine is None:
            self._engine = self._make()
        floats = self._inputs.floats(torch.from_numpy(images.take(chosen)))
        return self._engine.run(self._inputs.normalise(view.of(floats, pictures[chosen], images.spec.kind)))


def _whole(rows: NDArray[Any], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the rows at `places` are whole, read in parts."""
    parts = [are_whole(rows[places[start : start + 1024]]) for start in range(0, len(places), 1024)]
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def unvaried() -> View:
    """The image as it is."""
    return View(PLAIN, Unchanged(()))


def mirrored() -> View:
    """The mirror image."""
    return View(MIRRORED, Unchanged(()))
