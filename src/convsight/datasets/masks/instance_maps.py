"""Images and PNGs of numbers, in folders called images/ and instances/: 0 is background, each other number one thing.

With a file labels.txt beside the numbers they are those of MOTS: class * 1000 + thing, classes counted from 1 (0 and 10
mean regions that need not be found). KITTI's `image_2/` and `instance/` hold class * 256 + thing, classes as Cityscapes
numbers them.

Sources: Voigtlaender et al., "MOTS: Multi-object tracking and segmentation", CVPR 2019; the development kit of KITTI's
semantic instance segmentation.
"""

from collections.abc import Sequence
from pathlib import Path

from convsight.datasets.dataset import Dataset
from convsight.datasets.masks.instance_source import (
    THING,
    IdCoding,
    IdMap,
    PicturedThings,
    instances_dataset,
    missing_things,
)
from convsight.datasets.masks.known_palettes import CITYSCAPES
from convsight.datasets.masks.mask_pairs import Paired, cut, paired_files
from convsight.datasets.masks.pairing import INSTANCES, FolderPair, folder_pairs
from convsight.datasets.masks.palette_file import find_palette, read_palette

_MOTS_STEP, _MOTS_IGNORED = 1000, 10
_KITTI_STEP = 256
_KITTI = "image_2"
_MOTS_NAMES = "labels.txt"


def is_instance_maps(path: Path) -> bool:
    """Whether `path` is a folder of images and such PNGs that belong together by their names."""
    return path.is_dir() and bool(folder_pairs(path, INSTANCES))


def read_instance_maps(path: Path) -> Dataset:
    """The images with their things, of one class where no file names several.

    Raises `UserError` for PNGs without an image; an image without one, and one that cannot be used, is told when it is
    asked for.
    """
    found = folder_pairs(path, INSTANCES)
    coding, named = _coding(path, found)
    pairs = [each for pair in found for each in paired_files(path, pair)]
    things = [_things(each, split, coding) for split, chosen in cut(path, pairs).items() for each in chosen]
    return instances_dataset(path, things, coding.classes, named=named)


def _things(pair: Paired, split: str, coding: IdCoding) -> PicturedThings:
    source = IdMap(pair.mask, pair.picture, coding) if pair.mask else missing_things(pair.picture, pair.expected)
    return PicturedThings(pair.picture, pair.name, split, source)


def _coding(path: Path, found: Sequence[FolderPair]) -> tuple[IdCoding, bool]:
    mots = next((file for pair in found if (file := path / pair.masks.place / _MOTS_NAMES).is_file()), None)
    if mots is not None:
        names = tuple(each.name for each in read_palette(mots).entries)
        index = {place: place - 1 for place in range(1, len(names) + 1)}
        return IdCoding(names, index, _MOTS_STEP, crowd=frozenset({0, _MOTS_IGNORED} - index.keys())), True
    if any(_KITTI in pair.pictures.place.parts for pair in found):
        return cityscapes_things(_KITTI_STEP), True
    palette = find_palette([path])
    if palette is not None and len(palette.entries) == 1:
        return IdCoding((palette.entries[0].name,), {0: 0}), True
    return IdCoding((THING,), {0: 0}), False


def cityscapes_things(step: int) -> IdCoding:
    """What numbers of Cityscapes' things mean: class * `step` + thing; what is below 24 steps is no thing."""
    things = [each for each in CITYSCAPES if each.things]
    index = {each.id: place for place, each in enumerate(things)}
    return IdCoding(tuple(each.name for each in things), index, step, first=things[0].id * step)
