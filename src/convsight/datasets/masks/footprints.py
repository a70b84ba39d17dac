"""Georeferenced pictures with footprints in GeoJSON: X.tif and X.geojson, in one folder or in images/ and geojson/.

Names as SpaceNet has them are read too: what is alike is the end of the names, from the area of interest on.

Sources: Butler et al., "The GeoJSON format", RFC 7946; Van Etten et al., "SpaceNet: a remote sensing dataset and
challenge series", 2018.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.boxes.json_file import parsed_json
from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.image_files import image_files
from convsight.datasets.masks.instance_source import PicturedThings, instances_dataset
from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.pairing import folders_in
from convsight.datasets.names import data_name, split_called, storable
from convsight.errors import UserError
from convsight.images import image_size
from convsight.images.geotiff import georeference_of
from convsight.images.vector_outlines import moved_geometry, pixels_of
from convsight.results import Boxes, ClassMaps, boxes_of_ids
from convsight.targets import Palette
from convsight.words import counted, first_few, quoted

FOOTPRINT = "footprint"
_SUFFIXES = (".geojson",)
_PICTURES = (".tif", ".tiff")
_DEEPEST, _MOST_FOLDERS = 4, 200  # levels of folders, and folders of a level, that are looked into
_WORLD = "EPSG:4326"  # RFC 7946: degrees east and north
_AREAS = ("Polygon", "MultiPolygon")
_OLD_CRS = re.compile(r"EPSG:+(\d+)")  # as files before RFC 7946 name theirs
_AREA_OF_INTEREST = re.compile(r"AOI_.*|img\d+$")
_ENDS = re.compile(r"[_-](labels?|buildings|footprints|mask)$")


@dataclass(frozen=True)
class Footprints:
    """The outlines in a GeoJSON file on the pixels of a georeferenced picture."""

    file: Path
    picture: Path

    def ids(self) -> NDArray[np.int32]:
        """The number of the footprint at each pixel (height, width), from 1; 0 for none, and of several the last."""
        where, size = georeference_of(self.picture), image_size(self.picture)
        if where is None or size is None:
            what = "says not where on Earth it lies, so footprints have no place on it"
            raise MaskError("images-without-georeference", self.picture, what, "save it as GeoTIFF, or give masks")
        geometries, crs = self._read
        known = crs or (_WORLD if _in_degrees(geometries) else "")
        moved = [moved_geometry(each, known, where) if known else each for each in geometries]
        try:
            return pixels_of(moved, range(1, len(moved) + 1), where, size)
        except (ValueError, KeyError, TypeError) as error:
            what = f"holds an outline that cannot be drawn ({error})"
            raise MaskError("unreadable-masks", self.file, what, "correct or remove it") from error

    def __call__(self) -> NDArray[Any]:
        return (self.ids() > 0).astype(np.uint8)

    def things(self) -> Boxes:
        """Each footprint with the pixels of its own; those without any are left out."""
        ids = self.ids()
        return boxes_of_ids(ids, np.zeros(int(ids.max()), np.int64), (FOOTPRINT,))

    @cached_property
    def _read(self) -> tuple[Sequence[Mapping[str, Any]], str]:
        """The areas in the file, and the reference system of their coordinates; empty where it is the usual one."""
        document = parsed_json(self.file)
        features = document.get("features") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(features, list):
            what = "is no GeoJSON of footprints: expected a FeatureCollection with features"
            raise MaskError("unreadable-masks", self.file, what, "export it as such")
        found = [each.get("geometry") for each in features if isinstance(each, dict)]
        areas = [each for each in found if isinstance(each, dict) and each.get("type") in _AREAS]
        told = document.get("crs")
        name = str(told.get("properties", {}).get("name", "")) if isinstance(told, dict) else ""
        code = _OLD_CRS.search(name)
        if name and not code and "CRS84" not in name:
            what = f"names the reference system {quoted(name)}, which is unknown"
            raise MaskError(
                "unreadable-masks", self.file, what, "give its coordinates in degrees, or name an EPSG code"
            )
        return areas, f"EPSG:{code[1]}" if code else (_WORLD if name else "")


def is_footprints(path: Path) -> bool:
    """Whether `path` is a folder that holds TIFF files and GeoJSON of the same names."""
    return path.is_dir() and next(_found(path), None) is not None


def read_footprints(path: Path) -> Dataset:
    """The pictures with `footprint` and `background` for every pixel: that of centres which lie in an outline.

    Coordinates are those of the picture's reference system, where the file names an EPSG code of its own they are moved
    into it, and so are degrees (RFC 7946).

    Raises `UserError` for GeoJSON without a picture and where rasterio is not installed; what is wrong with one of them
    is told when its mask is asked for.
    """
    palette = Palette.of(("background", FOOTPRINT))
    splits = {}
    for name, chosen in _by_split(path).items():
        maps = ClassMaps([source for _, source in chosen], palette.names, palette.colours, palette.unknown)
        splits[name] = Split(name, [source.picture for _, source in chosen], maps, [place for place, _ in chosen])
    return Dataset(data_name(path), str(path), "segmentation", palette, splits)


def read_footprint_things(path: Path) -> Dataset:
    """The pictures with each footprint as a thing."""
    things = [
        PicturedThings(source.picture, place, split, source.things)
        for split, chosen in _by_split(path).items()
        for place, source in chosen
    ]
    return instances_dataset(path, things, (FOOTPRINT,))


def _by_split(path: Path) -> dict[str, list[tuple[str, Footprints]]]:
    found = list(_found(path))
    used = {source.file for _, source in found}
    alone = [file.name for file in _files(path) if file not in used]
    if alone:
        raise UserError(
            f"{path}: {counted(len(alone), 'file')} of footprints without a picture ({first_few(alone)}); add the "
            "pictures, or remove them"
        )
    splits: dict[str, list[tuple[str, Footprints]]] = {}
    for place, source in found:
        split = next((split for part in Path(place).parts if (split := split_called(part))), UNSPLIT)
        splits.setdefault(split, []).append((place, source))
    return splits


def _found(path: Path) -> Iterator[tuple[str, Footprints]]:
    """Every picture that has a file of footprints, by its place below `path`."""
    files = {_key(file): file for file in _files(path)}
    if not files:
        return
    for picture in image_files(path):
        if picture.suffix.lower() in _PICTURES and (file := files.get(_key(picture))):
            yield storable(picture.relative_to(path).as_posix()), Footprints(file, picture)


def _files(path: Path) -> list[Path]:
    """The files of footprints in the folder and in those inside, down to `_DEEPEST`."""
    found: list[Path] = []
    level = [path]
    for _ in range(_DEEPEST):
        for folder in level:
            with suppress(OSError), os.scandir(folder) as entries:
                found += [folder / each.name for each in entries if each.name.lower().endswith(_SUFFIXES)]
        level = [folder / name for folder in level[:_MOST_FOLDERS] for name in folders_in(folder)]
    return sorted(found)


def _key(file: Path) -> str:
    """What the names of a picture and its footprints have in common.

    >>> [_key(Path(name)) for name in ("PS-RGB_AOI_2_img1.tif", "buildings_AOI_2_img1.geojson", "a_labels.geojson")]
    ['AOI_2_img1', 'AOI_2_img1', 'a']
    """
    found = _AREA_OF_INTEREST.search(file.stem)
    return found[0] if found else _ENDS.sub("", file.stem)


def _in_degrees(geometries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all coordinates can be degrees, as RFC 7946 has them where no other system is named."""
    for geometry in geometries:
        places = _places(geometry.get("coordinates"))
        if any(abs(east) > 180 or abs(north) > 90 for east, north in places):
            return False
    return bool(geometries)


def _places(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates, list) and coordinates:
        if isinstance(coordinates[0], int | float):
            yield float(coordinates[0]), float(coordinates[1])
        else:
            for each in coordinates:
                yield from _places(each)
