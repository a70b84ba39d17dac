"""One PNG an object: a folder an image, with images/ and masks/ in it, as the Data Science Bowl 2018 has it.

Source: Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", 2019.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset
from convsight.datasets.masks.instance_source import (
    THING,
    ObjectFiles,
    PicturedThings,
    instances_dataset,
    missing_things,
)
from convsight.datasets.masks.pairing import folders_in
from convsight.datasets.names import split_called, storable
from convsight.images import is_image_name
from convsight.natural_order import natural_key
from convsight.words import counted

_LOOKED_AT = 10  # folders that show whether each holds an image


def is_object_files(path: Path) -> bool:
    """Whether `path` is such a folder, or holds such."""
    return path.is_dir() and bool(_roots(path))


def read_object_files(path: Path) -> Dataset:
    """The images with their objects; a folder's split is in its name, as in stage1_train.

    Folders without masks/ are left out, with a note, where their split has no masks at all.
    """
    roots = _roots(path)
    splits = [_split(root) if len(roots) > 1 else UNSPLIT for root in roots]
    things, notes = [], []
    for split, root in sorted(zip(splits, roots, strict=True), key=lambda pair: (*SPLIT_NAMES, UNSPLIT).index(pair[0])):
        found = [each for folder in _folders(root) if (each := _things(path, folder, split))]
        if any(isinstance(each.source, ObjectFiles) for each in found):
            things += found
        else:
            notes.append(f"left out, since without any masks/: {root.name} ({counted(len(found), 'image')})")
    if len({each.split for each in things}) == 1:
        things = [each._replace(split=UNSPLIT) for each in things]
    return instances_dataset(path, things, (THING,), notes, named=False)


def _split(root: Path) -> str:
    words = root.name.lower().replace("-", "_").split("_")
    return next((split for word in words if (split := split_called(word))), UNSPLIT)


def _roots(path: Path) -> list[Path]:
    """The folders that hold a folder an image: `path`, or those in it."""
    if _holds(path):
        return [path]
    return [folder for folder in islice(_folders(path), _LOOKED_AT) if _holds(folder)]


def _holds(folder: Path) -> bool:
    return any(_is_one_image(each) for each in islice(_folders(folder), _LOOKED_AT))


def _is_one_image(folder: Path) -> bool:
    """Whether `folder` holds an image and masks that are called otherwise."""
    if not (folder / "masks").is_dir():
        return False
    pictures = _images(folder / "images")
    return len(pictures) == 1 and pictures[0].stem not in {mask.stem for mask in _images(folder / "masks")}


def _things(root: Path, folder: Path, split: str) -> PicturedThings | None:
    pictures = _images(folder / "images")
    if not pictures:
        return None
    picture = pictures[0]
    masks = tuple(_images(folder / "masks")) if (folder / "masks").is_dir() else None
    name = storable(picture.relative_to(root).as_posix())
    expected = f"PNGs of its objects in {folder / 'masks'}"
    source = missing_things(picture, expected) if masks is None else ObjectFiles(masks, picture)
    return PicturedThings(picture, name, split, source)


def _images(folder: Path) -> list[Path]:
    try:
        names = sorted((name for name in os.listdir(folder) if is_image_name(name)), key=natural_key)  # noqa: PTH208
    except OSError:
        return []
    return [folder / name for name in names]


def _folders(path: Path) -> Iterator[Path]:
    return (path / name for name in folders_in(path))
