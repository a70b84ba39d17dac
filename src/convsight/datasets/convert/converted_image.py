"""`ConvertedImage`: an image on its way into another format, under the file name it has there."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from shutil import copyfile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.dataset import Dataset
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.results.box_columns import MASK
from convsight.results.boxes import area

_ROUNDING = 1e-6  # of an area: less is the arithmetic's


# From the split and the path of each image to the names of their files.
Naming = Callable[[Sequence[str], Sequence[str]], list[str]]


class ConvertedImage(NamedTuple):
    """An image of a split, its boxes, and the name its file will have in the folder of images, unlike others."""

    split: str
    name: str
    boxes: Boxes
    image: Path | NDArray[np.uint8]

    @property
    def stem(self) -> str:
        """The name without suffix, with its folders."""
        return str(PurePosixPath(self.name).with_suffix(""))

    def bring(self, folder: Path, link: bool) -> None:
        """Copy the image into `folder`, or link to it; pixels become a PNG."""
        brought(self.image, folder / self.name, link)


def brought(image: Path | NDArray[np.uint8], place: Path, link: bool) -> None:
    """Copy an image to `place`, or link to it there; pixels become a PNG."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, np.ndarray):
        Image.fromarray(image).save(place)
    elif link:
        place.symlink_to(image.resolve())
    else:
        copyfile(image, place)


class BoxExtras(NamedTuple):
    """How many boxes say more than class and corners: each a number that some formats cannot hold.

    `masks` are those whose pixels are known.
    """

    crowd: int
    difficult: int
    areas: int
    fractions: int
    masks: int


def converted_images(dataset: Dataset, naming: Naming) -> list[ConvertedImage]:
    """Every image of `dataset`, split after split, its boxes by all classes that the data list.

    Raises `UserError` where its targets are no boxes.
    """
    rows = [(split, row) for split in dataset.splits.values() for row in range(len(split))]
    paths = [split.names[row] + ("" if isinstance(split.images, list) else ".png") for split, row in rows]
    classes = all_classes(dataset)
    index = np.array([classes.index(name) for name in dataset.target.names], np.int64)
    found = []
    for (split, row), name in zip(rows, naming([split.name for split, _ in rows], paths), strict=True):
        target = split.targets[row]
        if not isinstance(target, Boxes):
            raise UserError(f"{dataset.source} holds targets of {dataset.task}, not boxes; there is nothing to convert")
        found.append(ConvertedImage(split.name, name, target.relabelled(classes, index), split.images[row]))
    return found


def all_classes(dataset: Dataset) -> tuple[str, ...]:
    """The classes of `dataset`, those without a box too: other programs know them by their numbers."""
    return dataset.listed or dataset.target.names


def flat_names(splits: Sequence[str], paths: Sequence[str]) -> list[str]:
    """A name for each path, for one folder: its last part where all differ without suffix, else all, else numbers too.

    >>> flat_names(["a", "b"], ["train/a.jpg", "test/b.jpg"]), flat_names(["all"] * 2, ["cat/1.jpg", "dog/1.jpg"])
    (['a.jpg', 'b.jpg'], ['cat-1.jpg', 'dog-1.jpg'])
    """
    short = [PurePosixPath(path).name for path in paths]
    if _distinct(short):
        return short
    long = ["-".join(_parts(path)) for path in paths]
    if _distinct(long):
        return long
    return [f"{number:06d}-{name}" for number, name in enumerate(short, start=1)]


def names_in_one_folder(splits: Sequence[str], paths: Sequence[str]) -> list[str]:
    """A name for each path, below one folder for all: its last part where all of these differ, else with its folders.

    Folders that all share are left out.

    >>> names_in_one_folder(["all"] * 2, ["photos/cat/1.jpg", "photos/dog/1.jpg"])
    ['cat/1.jpg', 'dog/1.jpg']
    """
    short = [PurePosixPath(path).name for path in paths]
    if _distinct(short):
        return short
    parts = [_parts(path) for path in paths]
    levels = zip(*(each[:-1] for each in parts), strict=False)  # as many as the shallowest has
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    long = ["/".join(each[shared:]) for each in parts]
    # A folder of the name that readers replace to find labels would lead them astray.
    if _distinct(long) and not any("images" in each[shared:-1] for each in parts):
        return long
    return flat_names(splits, paths)


def names_in_a_folder_a_split(splits: Sequence[str], paths: Sequence[str]) -> list[str]:
    """The same where images of different splits lie in different folders.

    >>> names_in_a_folder_a_split(["train", "val"], ["train/1.jpg", "val/1.jpg"])
    ['1.jpg', '1.jpg']
    """
    names = list(paths)
    for split in dict.fromkeys(splits):
        rows = [row for row, each in enumerate(splits) if each == split]
        found = names_in_one_folder([split] * len(rows), [paths[row] for row in rows])
        for row, name in zip(rows, found, strict=True):
            names[row] = name
    return names


def _parts(path: str) -> list[str]:
    return [part for part in PurePosixPath(path).parts if part not in ("..", "/")]


def _distinct(names: Sequence[str]) -> bool:
    """Whether all differ without suffix, on file systems too that ignore case."""
    stems = Counter(str(PurePosixPath(name).with_suffix("")).casefold() for name in names)
    return max(stems.values(), default=1) == 1


def box_extras(images: Sequence[ConvertedImage]) -> BoxExtras:
    """What the boxes of `images` say beyond class and corners."""
    lists = [image.boxes for image in images]
    return BoxExtras(
        crowd=sum(int(boxes.crowd.sum()) for boxes in lists),
        difficult=sum(int(boxes.difficult.sum()) for boxes in lists),
        areas=sum(int((~np.isclose(boxes.areas, area(boxes.xyxy), rtol=_ROUNDING)).sum()) for boxes in lists),
        fractions=sum(int((boxes.xyxy % 1 != 0).any(axis=1).sum()) for boxes in lists),
        masks=sum(len(boxes) for boxes in lists if MASK in boxes.columns),
    )


def unused_classes(images: Sequence[ConvertedImage], classes: Sequence[str]) -> int:
    """How many of `classes` no box is of."""
    return len(classes) - len({int(label) for image in images for label in image.boxes.labels})
