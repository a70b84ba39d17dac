"""COCO's panoptic results: a JSON file that lists the segments of each image, and a folder with a PNG of their ids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.coco_answers import known_id
from convsight.datasets.answers.mask_answers import by, mask_numbers
from convsight.datasets.boxes.coco_ids import Id, Ids, read_ids
from convsight.datasets.boxes.json_file import parsed_json
from convsight.datasets.masks.coco_panoptic import panoptic_files, panoptic_pngs
from convsight.datasets.names import class_name
from convsight.errors import UserError, unknown_name
from convsight.results import PanopticMap, rgb_to_ids
from convsight.words import first_few, quoted

_WANTED = (
    "a COCO panoptic .json with annotations (image_id, file_name, segments_info with id and category_id), and a folder "
    "of its name with the PNGs"
)


class _Entry(NamedTuple):
    """What is said of an image: where, in which PNG, and the class of each id in it."""

    place: str
    file: Path
    labels: Mapping[int, int]


def read_segments(given: GivenAnswers) -> Answers:
    """The segments that a panoptic results file finds.

    `image_id` and `category_id` are those of the annotation file that the truth, or `given.ids`, is; images are known
    by the names of their PNGs too, and categories by the answers' own list of these, else they are counted from 1. An
    image without an entry counts as one in which no pixel is of a segment.

    Raises `UserError` naming the entry for an unknown image or category and one that is answered twice; naming the PNG,
    when its image is judged, for another size than its image's, and ids that only one of JSON and PNG have.
    """
    if given.path.suffix.lower() != ".json":
        raise given.refused(_WANTED)
    entries = _entries(given)

    def result(position: int) -> PanopticMap:
        true = given.split.targets[position]
        assert isinstance(true, PanopticMap)
        if position not in entries:
            return PanopticMap.of(true.classes, true.things, np.zeros_like(true.ids), [], [])
        return _segments(entries[position], true)

    missing = [position for position in range(len(given.split)) if position not in entries]
    return Answers(result, missing, "images in which no pixel is of a segment")


def _entries(given: GivenAnswers) -> Mapping[int, _Entry]:
    """What is said of each image, by its position."""
    document = parsed_json(given.path)
    listed = document.get("annotations") if isinstance(document, dict) else document
    pngs = panoptic_pngs(given.path)
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed) or pngs is None:
        raise UserError(f"{given.path} is no panoptic results file: expected {_WANTED}")
    ids = _ids(given)
    images = {ids.image(name): position for position, name in enumerate(given.split.names)}
    own = document.get("categories") if isinstance(document, dict) else None
    labels = _labels(given, ids, own)
    found: dict[int, _Entry] = {}
    for number, entry in enumerate(listed):
        place = f"{given.path}, annotation {number}"
        position, name = _position(given, place, entry, images), entry.get("file_name")
        segments = entry.get("segments_info")
        if not isinstance(name, str) or not isinstance(segments, list):
            raise UserError(f"{place}: expected a file_name and segments_info")
        if position in found:
            raise UserError(f"{place}: {given.split.names[position]} is answered twice; keep one")
        found[position] = _Entry(place, pngs / name, dict(_label(place, each, labels) for each in segments))
    return found


def _ids(given: GivenAnswers) -> Ids:
    """The ids of the annotation file that was named, or that the truth is; else those that names tell."""
    if given.ids is not None:
        return read_ids(given.ids)
    source = Path(given.dataset.source)
    files = panoptic_files(source) if source.exists() else {}
    file = files.get(given.split.name) or (next(iter(files.values())) if len(files) == 1 else None)
    return read_ids(file) if file else Ids()


def _labels(given: GivenAnswers, ids: Ids, own: Any) -> Mapping[Id, int]:
    """The class of each category id."""
    classes = given.dataset.target.names
    named: Mapping[str, Id] = ids.categories
    if not named and isinstance(own, list):
        named = {class_name(str(each.get("name"))): each.get("id", "") for each in own if isinstance(each, dict)}
    if not named:
        return {index + 1: index for index in range(len(classes))}
    return {key: classes.index(name) for name, key in named.items() if name in classes}


def _position(given: GivenAnswers, place: str, entry: Mapping[str, Any], images: Mapping[Id, int]) -> int:
    key, name = entry.get("image_id"), entry.get("file_name")
    found = known_id(place, key, images) if key is not None else None
    if found is None and isinstance(name, str):
        found = given.names.known(Path(name).stem)
    if found is None:
        known = unknown_name("image_id", str(key), map(str, images))
        raise UserError(f"{place}: {known}; --coco-ids names an annotation file that says which image has which id")
    return found


def _label(place: str, segment: Any, labels: Mapping[Id, int]) -> tuple[int, int]:
    number = segment.get("id") if isinstance(segment, dict) else None
    if not isinstance(number, int) or number < 1:
        raise UserError(f"{place}: the segment {quoted(segment)} has no id from 1 on")
    label = known_id(place, segment.get("category_id"), labels)
    if label is None:
        known = first_few([str(each) for each in labels])
        raise UserError(f"{place}: unknown category_id {quoted(segment.get('category_id'))}; known: {known}")
    return number, label


def _segments(entry: _Entry, true: PanopticMap) -> PanopticMap:
    values = mask_numbers(entry.file)
    if values.ndim != 3:
        raise UserError(f"{entry.file} is not in colour; ids are red + 256 green + 65,536 blue")
    ids = rgb_to_ids(values)
    if ids.shape != true.ids.shape:
        raise UserError(
            f"{entry.file}: the PNG is {by(ids.shape)}, its image {by(true.ids.shape)}; write it at the image's size"
        )
    there = set(np.unique(ids).tolist()) - {0}
    for odd, words in ((there - entry.labels.keys(), "which its JSON lacks"), (entry.labels.keys() - there, "nowhere")):
        if odd:
            named = first_few([str(number) for number in sorted(odd)])
            raise UserError(f"{entry.file} holds the ids {named} {words}: {entry.place}")
    numbers = sorted(there)
    return PanopticMap.of(true.classes, true.things, ids, numbers, [entry.labels[number] for number in numbers])
