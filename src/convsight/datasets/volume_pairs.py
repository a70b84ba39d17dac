"""Volumes with a mask each: NIfTI files in `images` and `labels`, as the Medical Segmentation Decathlon has them."""

import json
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.names import data_name, splits_called
from convsight.datasets.text_rows import text_rows
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.images import VolumeHeader, is_volume_name, read_nifti, volume_header
from convsight.natural_order import natural_key
from convsight.results import ClassMaps, usual_colours
from convsight.targets import Palette
from convsight.words import first_few

_FOLDERS = (("images", "labels"), ("imagesTr", "labelsTr"), ("images", "masks"))
_SPLITS, _DECATHLON = "splits.csv", "dataset.json"
_READERS = 4  # threads
_MOST_CLASSES = 255
_LIMIT = 1000.0  # millions of voxels of a mask: images are held against --max-megapixels when they are read


class _Pair(NamedTuple):
    image: Path
    mask: Path
    split: str


def is_volume_pairs(path: Path) -> bool:
    """Whether `path` is a folder with volumes in one folder and masks in another."""
    return path.is_dir() and _folders(path) is not None


def read_volume_pairs(path: Path) -> Dataset:
    """The volumes, and of which class each of their voxels is.

    A mask has the name of its volume (but for an ending such as `_0000`) and its shape. `splits.csv`
    says with the columns `image`, `label` and `split` what is for what; without it all are one set. Names of classes
    are those of the Decathlon's `dataset.json`, else numbers.

    Raises `UserError` for volumes without a mask and the reverse, masks of another shape or place, and numbers in them
    that are no whole ones.
    """
    pairs = _listed(path) if (path / _SPLITS).is_file() else _matched(path)
    spacings = [header.spacing for header in map_in_threads(_checked_header, pairs, _READERS)]
    highest = max(map_in_threads(_highest, (pair.mask for pair in pairs), _READERS))
    names = _class_names(path, highest)
    target = Palette(names=names, colours=usual_colours(names))
    maps = ClassMaps([partial(_mask, pair.mask) for pair in pairs], names, spacings=spacings)
    splits = {}
    for split in (*SPLIT_NAMES, UNSPLIT):
        rows = np.flatnonzero([pair.split == split for pair in pairs])
        if len(rows):
            files = [pairs[row].image for row in rows.tolist()]
            called = [file.relative_to(path).as_posix() for file in files]
            splits[split] = Split(split, files, maps.select(rows), called)
    named = (path / _DECATHLON).is_file()
    return Dataset(data_name(path), str(path), "segmentation", target, splits, classes_named=named)


def _folders(path: Path) -> tuple[Path, Path] | None:
    """The folders of volumes and of masks; None where there are none."""
    for images, masks in _FOLDERS:
        folder = path / images
        if folder.is_dir() and (path / masks).is_dir() and any(is_volume_name(each.name) for each in folder.iterdir()):
            return folder, path / masks
    return None


def _matched(path: Path) -> list[_Pair]:
    """Volumes and masks by their names."""
    found = _folders(path)
    if found is None:
        raise UserError(f"{path} holds no volumes in images/ with masks in labels/")
    images, masks = map(_by_stem, found)
    alone = [f"{images[stem].name} has no mask" for stem in images.keys() - masks.keys()]
    alone += [f"{masks[stem].name} has no volume" for stem in masks.keys() - images.keys()]
    if alone:
        raise UserError(f"{path}: {first_few(sorted(alone))}; add them, or leave out what is alone")
    return [_Pair(images[stem], masks[stem], UNSPLIT) for stem in images]


def _by_stem(folder: Path) -> dict[str, Path]:
    files = sorted(folder.iterdir(), key=lambda each: natural_key(each.name))
    return {_stem(file): file for file in files if is_volume_name(file.name)}


def _stem(file: Path) -> str:
    return file.name.split(".nii")[0].removesuffix("_0000").removesuffix("_seg").removesuffix("_label")


def _listed(path: Path) -> list[_Pair]:
    """The pairs that `splits.csv` names."""
    table = path / _SPLITS
    (_, header), *rows = text_rows(table)
    columns = [name.strip().lower() for name in header]
    missing = [name for name in ("image", "label", "split") if name not in columns]
    if missing:
        raise UserError(f"{table} lacks the column {', '.join(missing)}; it has {', '.join(columns)}")
    places = [columns.index(name) for name in ("image", "label", "split")]
    called = splits_called(sorted({row[places[2]] for _, row in rows}))
    pairs = []
    for place, row in rows:
        image, mask, split = (row[column] for column in places)
        if split not in called:
            raise UserError(f"{place}: {split!r} is no split; call it train, val or test")
        for name in (image, mask):
            if not (path / name).is_file():
                raise UserError(f"{place}: {name} is not there")
        pairs.append(_Pair(path / image, path / mask, called[split]))
    return pairs


def _checked_header(pair: _Pair) -> VolumeHeader:
    image, mask = volume_header(pair.image), volume_header(pair.mask)
    if image is None or mask is None:
        bad = pair.image if image is None else pair.mask
        raise UserError(f"{bad} is damaged or no NIfTI; save it again or leave it out")
    if image.shape != mask.shape:
        own, its = (" x ".join(map(str, each.shape)) for each in (image, mask))
        raise UserError(f"{pair.image} has {own} voxels and its mask {pair.mask} {its}: they have to be alike")
    return image


def _mask(file: Path) -> NDArray[np.integer[Any]]:
    """A mask, turned as its volume is, in whole numbers."""
    voxels = read_nifti(file, str(file), _LIMIT).voxels
    if voxels.dtype.kind == "u":
        found: NDArray[np.integer[Any]] = voxels
        return found
    whole = np.rint(voxels)
    if not (whole == voxels).all() or whole.min() < 0 or whole.max() > _MOST_CLASSES:
        low, high = float(voxels.min()), float(voxels.max())
        raise UserError(f"{file} holds numbers from {low:g} to {high:g}; a mask has whole ones up to {_MOST_CLASSES}")
    narrow: NDArray[np.integer[Any]] = whole.astype(np.uint8)
    return narrow


def _highest(file: Path) -> int:
    return int(_mask(file).max())


def _class_names(path: Path, highest: int) -> tuple[str, ...]:
    """What the numbers 0 to `highest` stand for."""
    file = path / _DECATHLON
    told: dict[int, str] = {}
    if file.is_file():
        try:
            labels = json.loads(file.read_text(encoding="utf-8"))["labels"]
            told = {int(number): str(name) for number, name in labels.items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise UserError(f"{file} has no `labels` with a name for each number: {error}; mend it") from error
    usual = ("background", *(str(number) for number in range(1, max(highest, 1) + 1)))
    return tuple(told.get(number, name) for number, name in enumerate(usual))
