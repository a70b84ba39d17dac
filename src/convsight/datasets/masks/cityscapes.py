"""Cityscapes: leftImg8bit/SPLIT/CITY/*_leftImg8bit.png with gtFine/SPLIT/CITY/*_gtFine_labelIds.png and others.

Source: Cordts et al., "The Cityscapes dataset for semantic urban scene understanding", CVPR 2016, and its scripts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.image_files import image_files
from convsight.datasets.masks.instance_maps import cityscapes_things
from convsight.datasets.masks.instance_source import IdMap, PicturedThings, instances_dataset, missing_things
from convsight.datasets.masks.known_palettes import CITYSCAPES
from convsight.datasets.masks.mask_classes import MaskClasses
from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.mask_file import mask_values, one_channel, place_of
from convsight.datasets.masks.mask_pairs import Paired, cut, paired_dataset
from convsight.datasets.masks.readings import IndexReading
from convsight.datasets.names import data_name, split_called, storable
from convsight.images import RawValues
from convsight.results import PanopticMap, PanopticMaps, unknown_index
from convsight.targets import Palette
from convsight.words import first_few

_PICTURES, _PICTURE_END = "leftImg8bit", "_leftImg8bit"
_TRUTHS = ("gtFine", "gtCoarse")
_STEP = 1000  # of the numbers of things
# What of several files of an image is taken: numbers as networks learn them, all numbers, numbers of things.
_KINDS = ("labelTrainIds", "labelIds", "instanceIds")
_THINGS = "instanceIds"
_NO_CLASS, _DEEP = 255, 65_535  # of what no class is told
_COUNTING = tuple(each for each in CITYSCAPES if each.counts)


@dataclass(frozen=True)
class _FromThings:
    """Numbers of things: class * 1000 + thing, or the class alone."""

    reading: IndexReading

    @property
    def takes_lossy(self) -> bool:
        return False

    def indices(self, raw: RawValues, file: Path) -> NDArray[Any]:
        values = one_channel(raw, file).astype(np.int32)
        return self.reading.indices(raw._replace(values=np.where(values >= _STEP, values // _STEP, values)), file)


def is_cityscapes(path: Path) -> bool:
    """Whether `path` is a folder that holds leftImg8bit/ and gtFine/ or gtCoarse/."""
    return (path / _PICTURES).is_dir() and _truth(path) is not None


def read_cityscapes(path: Path) -> Dataset:
    """The 19 classes that count; pixels of others are of none.

    Read are labelTrainIds, where an image has such a file, else labelIds, else instanceIds: one kind for all.
    """
    files = list(_files(path))
    kind = next((kind for kind in _KINDS if all(kind in known for _, _, known in files)), None)
    kind = kind or max(_KINDS, key=lambda each: sum(each in known for _, _, known in files))
    pairs = [
        Paired(picture, _name(path, picture), split, known.get(kind), f"*_{kind}.png in {_truth(path)}")
        for picture, split, known in files
    ]
    left_out = [each.name for each in pairs if each.mask is None and each.split == "test"]
    pairs = [each for each in pairs if each.name not in set(left_out)]
    notes = [f"left out, since without a mask: {len(left_out):,} of test ({first_few(left_out)})"] if left_out else []
    return paired_dataset(path, pairs, _classes(kind), notes)


def read_cityscapes_things(path: Path) -> Dataset | None:
    """The people and vehicles of instanceIds, each with its pixels; None where there are no such files."""
    files = [each for each in _files(path) if each[1] != "test" or "instanceIds" in each[2]]
    if not any("instanceIds" in known for _, _, known in files):
        return None
    coding = cityscapes_things(_STEP)
    paired = [Paired(picture, _name(path, picture), split, known.get("instanceIds")) for picture, split, known in files]
    things = [
        PicturedThings(
            each.picture,
            each.name,
            split,
            IdMap(each.mask, each.picture, coding) if each.mask else missing_things(each.picture, "*_instanceIds.png"),
        )
        for split, chosen in cut(path, paired).items()
        for each in chosen
    ]
    return instances_dataset(path, things, coding.classes)


def read_cityscapes_segments(path: Path) -> Dataset | None:
    """The segments of instanceIds: people and vehicles told apart, the rest as stuff; None without such files.

    Regions of people and vehicles that are not told apart are crowds; pixels of classes that do not count are of none.
    """
    files = [each for each in _files(path) if each[1] != "test" or _THINGS in each[2]]
    if not any(_THINGS in known for _, _, known in files):
        return None
    paired = [Paired(picture, _name(path, picture), split, known.get(_THINGS)) for picture, split, known in files]
    names, things = tuple(each.name for each in _COUNTING), tuple(each.things for each in _COUNTING)
    splits = {}
    for split, chosen in cut(path, paired).items():
        sources = [_Segments(each.mask, each.picture) for each in chosen]
        maps = PanopticMaps(sources, names, things)
        splits[split] = Split(split, [each.picture for each in chosen], maps, [each.name for each in chosen])
    palette = Palette(
        names=names,
        colours=tuple(each.colour for each in _COUNTING),
        ignore_index=unknown_index(len(names)),
        things=tuple(each.name for each in _COUNTING if each.things),
    )
    return Dataset(data_name(path), str(path), "panoptic", palette, splits)


@dataclass(frozen=True)
class _Segments:
    """The segments in a PNG of instanceIds: class * 1000 + thing, or the class alone."""

    file: Path | None
    picture: Path

    def __call__(self) -> PanopticMap:
        if self.file is None:
            missing_things(self.picture, f"*_{_THINGS}.png")()
            raise AssertionError  # which that has raised
        values = one_channel(mask_values(self.file, self.picture), self.file).astype(np.int64)
        numbers, places = np.unique(values, return_inverse=True)
        kinds = np.where(numbers >= _STEP, numbers // _STEP, numbers)
        strange = ~np.isin(kinds, [_NO_CLASS, *(each.id for each in CITYSCAPES)]) & (numbers != _DEEP)
        if strange.any():
            number = int(numbers[strange][0])
            what = f"holds the number {number} ({place_of(values == number)}), which Cityscapes does not know"
            raise MaskError("ids-outside-the-classes", self.file, what, "correct the mask")
        index = {each.id: row for row, each in enumerate(_COUNTING)}
        kept = [row for row, kind in enumerate(kinds.tolist()) if kind in index]
        order = np.zeros(len(numbers), np.int32)
        order[kept] = np.arange(1, len(kept) + 1)
        labels = [index[int(kinds[row])] for row in kept]
        crowd = [_COUNTING[label].things and numbers[row] < _STEP for row, label in zip(kept, labels, strict=True)]
        names, things = tuple(each.name for each in _COUNTING), tuple(each.things for each in _COUNTING)
        ids = order[places].reshape(values.shape)
        return PanopticMap.of(names, things, ids, np.arange(1, len(kept) + 1), labels, crowd=crowd)


def _classes(kind: str) -> MaskClasses:
    names, colours = tuple(each.name for each in _COUNTING), tuple(each.colour for each in _COUNTING)
    unknown = unknown_index(len(names))
    if kind == "labelTrainIds":
        return MaskClasses(names, colours, IndexReading({k: k for k in range(len(names))}, unknown, frozenset({255})))
    others = frozenset({255, *(each.id for each in CITYSCAPES if not each.counts)})
    reading = IndexReading({each.id: k for k, each in enumerate(_COUNTING)}, unknown, others)
    return MaskClasses(names, colours, _FromThings(reading) if kind == "instanceIds" else reading)


def _truth(path: Path) -> Path | None:
    return next((path / name for name in _TRUTHS if (path / name).is_dir()), None)


def _files(path: Path) -> Iterator[tuple[Path, str, dict[str, Path]]]:
    """Every image with its split and the masks that it has, by kind."""
    truth = _truth(path) or path
    for picture in image_files(path / _PICTURES):
        place = picture.relative_to(path / _PICTURES)
        stem = place.stem.removesuffix(_PICTURE_END)
        masks = {kind: truth / place.parent / f"{stem}_{truth.name}_{kind}.png" for kind in _KINDS}
        split = split_called(place.parts[0].removesuffix("_extra")) or UNSPLIT
        yield picture, split, {kind: file for kind, file in masks.items() if file.is_file()}


def _name(path: Path, picture: Path) -> str:
    return storable(picture.relative_to(path).as_posix())
