"""COCO panoptic: a JSON file a split, and beside it a folder of its name with a PNG an image.

A pixel's number is red + 256 green + 65,536 blue; the JSON says the category of each number, 0 is none.

Source: Kirillov et al., "Panoptic segmentation", CVPR 2019, and COCO's published description of the format.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convsight.datasets.boxes.annotated import check_present
from convsight.datasets.boxes.coco import files_by_split
from convsight.datasets.boxes.json_file import holds_segments, parsed_json
from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.datasets.masks.mask_error import MaskError
from convsight.datasets.masks.mask_file import mask_values, place_of
from convsight.datasets.masks.readings import Colour
from convsight.datasets.names import class_name, data_name, storable
from convsight.errors import UserError
from convsight.results import PanopticMap, PanopticMaps, rgb_to_ids, unknown_index, usual_colours
from convsight.targets import Palette
from convsight.words import first_few, quoted

_PLACES = (".", "annotations")
_PICTURES = ("images", "input_images", "data", "JPEGImages")


class _Category(NamedTuple):
    name: str
    things: bool
    colour: Colour | None


@dataclass(frozen=True)
class _Document:
    """What a JSON file says: categories by id, and of each image its file and the segments of its PNG."""

    file: Path
    categories: Mapping[int, _Category]
    images: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]]  # picture, PNG, segments


@dataclass(frozen=True)
class PanopticFile:
    """The segments of an image in a PNG, of the classes that `numbers` and `crowds` tell of its numbers."""

    file: Path
    picture: Path
    numbers: Mapping[int, int]
    crowds: frozenset[int]
    classes: tuple[str, ...]
    things: tuple[bool, ...]

    def __call__(self) -> PanopticMap:
        values = mask_values(self.file, self.picture).values
        if values.ndim != 3:
            what = "is not in colour; a panoptic PNG holds numbers as red + 256 green + 65,536 blue"
            raise MaskError("ids-outside-the-classes", self.file, what, "write it so")
        ids = rgb_to_ids(values)
        seen = np.unique(ids)
        strange = [number for number in seen.tolist() if number and number not in self.numbers]
        if strange:
            words = first_few([str(number) for number in strange])
            what = f"holds the numbers {words} ({place_of(ids == strange[0])}), which its JSON file does not list"
            raise MaskError(
                "ids-outside-the-classes", self.file, what, "add them to its segments_info, or correct the PNG"
            )
        kept = [number for number in seen.tolist() if number]
        labels = [self.numbers[number] for number in kept]
        crowd = [number in self.crowds for number in kept]
        return PanopticMap.of(self.classes, self.things, ids, kept, labels, crowd=crowd)


def is_coco_panoptic(path: Path) -> bool:
    """Whether `path` is such a JSON file with its PNGs, or a folder that holds some, itself or in annotations/."""
    return bool(panoptic_files(path))


def read_coco_panoptic(path: Path) -> Dataset:
    """The segments of each image, a split a JSON file, by the split in its name.

    Classes are in the order of the category ids. Images are looked for by their `file_name` beside the JSON file, in
    images/ or input_images/, or in a folder called like the split, there or one folder up.

    Raises `UserError` naming file and image for damaged JSON, a category that is not listed, an image or a PNG that is
    not there.
    """
    files = panoptic_files(path)
    documents = {split: _read(file) for split, file in files.items()}
    categories = {key: each for document in documents.values() for key, each in sorted(document.categories.items())}
    names = tuple(dict.fromkeys(each.name for each in categories.values()))
    told = {each.name: each for each in categories.values()}
    usual = dict(zip(names, usual_colours(names), strict=True))
    colours = tuple(told[name].colour or usual[name] for name in names)
    things = tuple(told[name].things for name in names)
    palette = Palette(
        names=names,
        colours=colours,
        ignore_index=unknown_index(len(names)),
        things=tuple(name for name, is_thing in zip(names, things, strict=True) if is_thing),
    )
    splits = {}
    for split, document in documents.items():
        sources = list(_sources(document, split, palette, things))
        pictures = [each.picture for each in sources]
        maps = PanopticMaps(sources, names, things)
        splits[split] = Split(split, pictures, maps, [_name(picture, path) for picture in pictures])
    return Dataset(data_name(path), str(path), "panoptic", palette, splits)


def panoptic_files(path: Path) -> dict[str, Path]:
    """The JSON files by split; empty where there is none."""
    if path.is_file():
        return {UNSPLIT: path} if path.suffix.lower() == ".json" and _is_panoptic(path) else {}
    if not path.is_dir():
        return {}
    for place in _PLACES:
        found = [file for file in sorted((path / place).glob("*.json")) if _is_panoptic(file)]
        if found:
            return files_by_split(found)
    return {}


def _is_panoptic(file: Path) -> bool:
    """Whether `file` is of segments, and a folder of PNGs belongs to it."""
    return panoptic_pngs(file) is not None and holds_segments(file)


def panoptic_pngs(file: Path) -> Path | None:
    """The folder of the PNGs of `file`: one of its name, else its own."""
    own = file.with_suffix("")
    if own.is_dir():
        return own
    return file.parent if next(file.parent.glob("*.png"), None) else None


def _read(file: Path) -> _Document:
    document = parsed_json(file)
    lists = [
        document.get(name) if isinstance(document, dict) else None for name in ("images", "annotations", "categories")
    ]
    if not all(isinstance(each, list) and all(isinstance(entry, dict) for entry in each) for each in lists):
        raise UserError(f"{file} is no panoptic file of COCO: expected lists of images, annotations and categories")
    images, annotations, categories = (each or [] for each in lists)
    names = {str(entry.get("id")): entry.get("file_name") for entry in images}
    found = []
    for number, entry in enumerate(annotations):
        where = f"{file}, annotation {number} of image {quoted(entry.get('image_id'))}"
        picture, png, segments = (
            names.get(str(entry.get("image_id"))),
            entry.get("file_name"),
            entry.get("segments_info"),
        )
        if not isinstance(picture, str) or not isinstance(png, str) or not isinstance(segments, list):
            raise UserError(f"{where}: expected an image that is listed, a file_name and segments_info")
        found.append((picture, png, segments))
    return _Document(file, dict(_categories(file, categories)), found)


def _categories(file: Path, entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, _Category]]:
    for entry in entries:
        key, name, colour = entry.get("id"), entry.get("name"), entry.get("color")
        if not isinstance(key, int) or not isinstance(name, str):
            raise UserError(f"{file}: the category {quoted(entry)} needs a number as id, and a name")
        told = isinstance(colour, list) and len(colour) == 3 and all(isinstance(part, int) for part in colour)
        yield (
            key,
            _Category(class_name(name), bool(entry.get("isthing", 1)), tuple(colour) if told and colour else None),
        )


def _sources(document: _Document, split: str, palette: Palette, things: tuple[bool, ...]) -> Iterator[PanopticFile]:
    pngs = panoptic_pngs(document.file) or document.file.parent
    place = _image_folder(document, split)
    pictures = [place / picture for picture, _, _ in document.images]
    where = f"{document.file}, image"
    check_present(pictures, [f"{where} {picture}" for picture, _, _ in document.images], f"looked for in {place}")
    files = [pngs / png for _, png, _ in document.images]
    check_present(files, [f"{where} {picture}" for picture, _, _ in document.images], f"looked for in {pngs}")
    index = {name: row for row, name in enumerate(palette.names)}
    for picture, file, (_, _, segments) in zip(pictures, files, document.images, strict=True):
        numbers, crowds = {}, set()
        for segment in segments:
            number, category = segment.get("id"), document.categories.get(segment.get("category_id", -1))
            if not isinstance(number, int) or category is None:
                raise UserError(
                    f"{where} {picture.name}: the segment {quoted(segment)} is of no category that is listed"
                )
            numbers[number] = index[category.name]
            if segment.get("iscrowd"):
                crowds.add(number)
        yield PanopticFile(file, picture, numbers, frozenset(crowds), palette.names, things)


def _image_folder(document: _Document, split: str) -> Path:
    """The first of the usual folders that holds the first image."""
    here = document.file.parent
    ends = [document.file.stem.removeprefix("panoptic_"), split]
    above = [here, here.parent, here.parent.parent]
    places = [place / name for place in above for name in (*_PICTURES, *ends, *(f"images/{end}" for end in ends), ".")]
    first = document.images[0][0] if document.images else ""
    return next((place for place in places if (place / first).is_file()), here)


def _name(picture: Path, path: Path) -> str:
    folder = path.parent if path.is_file() else path
    return storable(picture.relative_to(folder).as_posix() if picture.is_relative_to(folder) else picture.name)
