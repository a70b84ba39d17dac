"""`Dataset` and `Split`: the validated value every reader of a data format returns."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.finding import Finding
from convsight.errors import UserError
from convsight.targets import Targets, TargetSpec

SPLIT_NAMES = ("train", "val", "test")
IN_MEMORY = " in memory"  # the end of the source's name of data that a program holds
UNSPLIT = "all"  # the split of data that comes without train, val and test


class Selectable(Sequence[Any], ABC):
    """Images that a program holds, each an array of its own size, made when it is asked for."""

    @abstractmethod
    def select(self, positions: NDArray[np.integer[Any]]) -> Self:
        """The images at `positions`, in that order, none of them made yet."""


# Image files (or what is `Selectable`), or an array whose first axis counts examples: uint8 (images, height, width[,
# channels]) most often, or whatever else the kind of input takes (see `inputs`).
Images = Sequence[Path] | NDArray[Any]


@dataclass(frozen=True)
class Split:
    """The images of one split, what is true of each, and how a message names each.

    `names[i]` is stable between runs (a path relative to the data, or `train/00012`). `groups[i]` is what the column
    holds that was asked for by `read_dataset`, where the data have it: images of one value belong together.
    """

    name: str
    images: Images
    targets: Targets
    names: Sequence[str]
    groups: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if not len(self.images) == len(self.targets) == len(self.names):
            raise ValueError(
                f"split {self.name}: {len(self.images)} images, {len(self.targets)} targets, {len(self.names)} names"
            )

    def __len__(self) -> int:
        return len(self.images)

    def select(self, positions: NDArray[np.integer[Any]], name: str | None = None) -> "Split":
        """The images at `positions`, in that order."""
        images: Images
        if isinstance(self.images, np.ndarray):
            images = self.images[positions]
        elif isinstance(self.images, Selectable):
            images = self.images.select(positions)
        else:
            images = [self.images[int(i)] for i in positions]
        names = [self.names[int(i)] for i in positions]
        groups = None if self.groups is None else [self.groups[int(i)] for i in positions]
        return Split(name or self.name, images, self.targets.select(positions), names, groups)

    def without(self, positions: Sequence[int]) -> "Split":
        """The split less the images at `positions`, for example unreadable ones."""
        return self.select(np.delete(np.arange(len(self)), positions)) if len(positions) else self


@dataclass(frozen=True)
class Dataset:
    """Images with their targets, in named splits that share one specification of what is predicted.

    `classes_named` is false where the format holds only numbers, so the names are ours.
    `listed` are all classes that the format names, in its order, where some are not used and so not among the target's.
    `notes` are remarks for the user: stray files, classes taken from elsewhere. `findings` are what the reader found
    out about the targets, for an audit.
    """

    name: str
    source: str
    task: str
    target: TargetSpec
    splits: Mapping[str, Split]
    classes_named: bool = True
    notes: tuple[str, ...] = field(default=())
    findings: tuple[Finding, ...] = ()
    listed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.splits:
            raise UserError(f"{self.source}: no images found")
        for name, split in self.splits.items():
            if len(split) == 0:
                raise UserError(f"{self.source}: the split {name!r} holds no image; add some or remove it")

    def split(self, name: str) -> Split:
        """The split called `name`."""
        if name not in self.splits:
            raise UserError(f"{self.source} has no split {name!r}; it has {', '.join(self.splits)}")
        return self.splits[name]

    def with_splits(self, splits: Mapping[str, Split]) -> "Dataset":
        """The same data, cut otherwise."""
        return replace(self, splits=splits)
