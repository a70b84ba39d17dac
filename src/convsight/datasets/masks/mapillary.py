"""Mapillary Vistas: SPLIT/images/, SPLIT/VERSION/labels/ and instances/, and config_VERSION.json with the classes.

Numbers in labels/ count the classes of the config; those in instances/ are class * 256 + thing.

Source: Neuhold et al., "The Mapillary Vistas dataset for semantic understanding of street scenes", ICCV 2017.
"""

from collections.abc import Iterator
from pathlib import Path

from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.image_files import image_files
from convsight.datasets.masks.instance_source import IdCoding, IdMap, PicturedThings, instances_dataset, missing_things
from convsight.datasets.masks.mask_classes import classes_of
from convsight.datasets.masks.mask_pairs import Paired, paired_dataset
from convsight.datasets.masks.palette_file import PaletteFile, read_palette
from convsight.datasets.names import split_called, storable
from convsight.errors import UserError

_VERSIONS = ("v2.0", "v1.2", "")  # the newest counts
_STEP = 256


def is_mapillary(path: Path) -> bool:
    """Whether `path` is a folder with such a config and splits."""
    return path.is_dir() and _found(path) is not None


def read_mapillary(path: Path) -> Dataset:
    """A class for every pixel, by the newest version that is there; classes that are not judged are none.

    Raises `UserError` where an image is without a mask, or the config cannot be read.
    """
    version, palette = _known(path)
    pairs = list(_pairs(path, version, "labels"))
    note = f"read by config{'_' * bool(version)}{version}.json"
    return paired_dataset(path, pairs, classes_of([each.mask for each in pairs if each.mask], palette), [note])


def read_mapillary_things(path: Path) -> Dataset:
    """The things of classes that have such, each with its pixels."""
    version, palette = _known(path)
    kinds = [place for place, each in enumerate(palette.entries) if each.things and not each.ignored]
    names = tuple(palette.entries[place].name for place in kinds)
    others = frozenset(range(len(palette.entries))) - set(kinds)
    coding = IdCoding(names, {place: row for row, place in enumerate(kinds)}, _STEP, first=0, skipped=others)
    things = [
        PicturedThings(
            each.picture,
            each.name,
            each.split,
            IdMap(each.mask, each.picture, coding) if each.mask else missing_things(each.picture, each.expected),
        )
        for each in _pairs(path, version, "instances")
    ]
    return instances_dataset(path, things, names)


def _known(path: Path) -> tuple[str, PaletteFile]:
    """The version that is read, and the classes of its config."""
    found = _found(path)
    if found is None:
        raise UserError(
            f"{path} holds no config of Mapillary Vistas with masks; expected config_v2.0.json and v2.0/labels/"
        )
    return found[0], read_palette(found[1])


def _found(path: Path) -> tuple[str, Path] | None:
    for version in _VERSIONS:
        config = path / (f"config_{version}.json" if version else "config.json")
        if config.is_file() and any(path.glob(f"*/{version or '.'}/labels")) and any(path.glob("*/images")):
            return version, config
    return None


def _pairs(path: Path, version: str, kind: str) -> Iterator[Paired]:
    for folder in sorted(path.glob("*/images")):
        split = split_called(folder.parent.name) or UNSPLIT
        masks = folder.parent / version / kind
        if not masks.is_dir():  # of a test
            continue
        for picture in image_files(folder):
            mask = masks / f"{picture.stem}.png"
            name = storable(picture.relative_to(path).as_posix())
            yield Paired(picture, name, split, mask if mask.is_file() else None, str(mask))
