"""`ConvertedImage`: an image on its way into another format, under the file name it has there."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from shutil import copyfile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.dataset import Dataset
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.results.boxes import area

_ROUNDING = 1e-6  # of an area: less is the arithmetic's


class ConvertedImage(NamedTuple):
    """An image of a split, its boxes, and the name its file will have, unlike any other's even without suffix."""

    split: str
    name: str
    boxes: Boxes
    image: Path | NDArray[np.uint8]

    @property
    def stem(self) -> str:
        """The name without suffix."""
        return PurePosixPath(self.name).stem

    def bring(self, folder: Path, link: bool) -> None:
        """Copy the image into `folder`, or link to it; pixels become a PNG."""
        place = folder / self.name
        if isinstance(self.image, np.ndarray):
            Image.fromarray(self.image).save(place)
        elif link:
            place.symlink_to(self.image.resolve())
        else:
            copyfile(self.image, place)


class BoxExtras(NamedTuple):
    """How many boxes say more than class and corners: each a number that some formats cannot hold."""

    crowd: int
    difficult: int
    areas: int
    fractions: int


def converted_images(dataset: Dataset) -> list[ConvertedImage]:
    """Every image of `dataset`, split after split.

    Raises `UserError` where its targets are no boxes.
    """
    rows = [(split, row) for split in dataset.splits.values() for row in range(len(split))]
    paths = [split.names[row] + ("" if isinstance(split.images, list) else ".png") for split, row in rows]
    found = []
    for (split, row), name in zip(rows, file_names(paths), strict=True):
        target = split.targets[row]
        if not isinstance(target, Boxes):
            raise UserError(f"{dataset.source} holds targets of {dataset.task}, not boxes; there is nothing to convert")
        found.append(ConvertedImage(split.name, name, target, split.images[row]))
    return found


def file_names(paths: Sequence[str]) -> list[str]:
    """A name for each path: its last part where all of these differ without suffix, else all parts, else numbers too.

    >>> file_names(["train/a.jpg", "test/b.jpg"]), file_names(["cat/1.jpg", "dog/1.jpg"])
    (['a.jpg', 'b.jpg'], ['cat-1.jpg', 'dog-1.jpg'])
    """
    short = [PurePosixPath(path).name for path in paths]
    if _distinct(short):
        return short
    long = ["-".join(part for part in PurePosixPath(path).parts if part not in ("..", "/")) for path in paths]
    if _distinct(long):
        return long
    return [f"{number:06d}-{name}" for number, name in enumerate(short, start=1)]


def _distinct(names: Sequence[str]) -> bool:
    """Whether all differ without suffix, on file systems too that ignore case."""
    return max(Counter(PurePosixPath(name).stem.casefold() for name in names).values(), default=1) == 1


def box_extras(images: Sequence[ConvertedImage]) -> BoxExtras:
    """What the boxes of `images` say beyond class and corners."""
    lists = [image.boxes for image in images]
    return BoxExtras(
        crowd=sum(int(boxes.crowd.sum()) for boxes in lists),
        difficult=sum(int(boxes.difficult.sum()) for boxes in lists),
        areas=sum(int((~np.isclose(boxes.areas, area(boxes.xyxy), rtol=_ROUNDING)).sum()) for boxes in lists),
        fractions=sum(int((boxes.xyxy % 1 != 0).any(axis=1).sum()) for boxes in lists),
    )
