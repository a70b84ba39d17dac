"""A COCO results file: a list of image, category, score, and box or mask; what each says of its image."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.boxes.coco import coco_files
from convsight.datasets.boxes.coco_ids import Id, Ids, read_ids
from convsight.datasets.boxes.json_file import parsed_json
from convsight.errors import UserError, unknown_name
from convsight.results import Boxes
from convsight.results.masks import Mask, mask_column
from convsight.results.polygons import fill_polygons
from convsight.results.run_length_masks import mask_of_runs
from convsight.words import counted, first_few, quoted

_WANTED = "a COCO results .json: a list of objects with image_id, category_id, score and bbox or segmentation"
_LISTED = 30  # categories in a message
_FEWEST = 6  # numbers of an outline: three corners


class _Entry(NamedTuple):
    """One thing that was found: where its entry stands, its class, how sure, its box if told, its mask if told."""

    number: int
    label: int
    score: float
    xywh: Sequence[float] | None
    segmentation: Any


def read_coco_answers(given: GivenAnswers, *, masks: bool = False) -> Answers:
    """The things that a results file finds, as `Boxes`; with `masks`, with the pixels of each.

    `image_id` and `category_id` are those of the annotation file that the truth, or `given.ids`, is; else images are
    called by the number that their name ends in, or by their name, and categories counted from 1. A box that is not
    told is that of the mask, and where masks are asked for each thing needs one: run lengths, or outlines. Images
    without an entry are those in which nothing was found. Raises `UserError` naming the entry for an unknown image or
    category, a score outside 0..1, and boxes or masks that are none; for masks when their image is judged.
    """
    if given.path.suffix.lower() != ".json":
        raise given.refused(_WANTED)
    entries = _entries(given)
    missing = [position for position in range(len(given.split)) if position not in entries]

    def result(position: int) -> Boxes:
        true = given.split.targets[position]
        assert isinstance(true, Boxes)
        return _boxes(given, entries.get(position, ()), true.size, masks=masks)

    return Answers(result, missing, "images in which nothing was found", _repeated(entries))


def _entries(given: GivenAnswers) -> Mapping[int, Sequence[_Entry]]:
    """The entries of each image, by its position."""
    document = parsed_json(given.path)
    if isinstance(document, dict) and isinstance(document.get("annotations"), list):
        document = document["annotations"]
    if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
        raise UserError(f"{given.path} is no COCO results file: expected {_WANTED}")
    ids = _ids(given)
    images, labels = _images(given, ids), _labels(given, ids)
    found: dict[int, list[_Entry]] = {}
    for number, entry in enumerate(document):
        place = f"{given.path}, entry {number}"
        position = known_id(place, entry.get("image_id"), images)
        if position is None:
            raise _unknown_image(place, entry.get("image_id"), given, ids)
        label = known_id(place, entry.get("category_id"), labels)
        if label is None:
            names = ids.categories or {name: index + 1 for index, name in enumerate(given.dataset.target.names)}
            known = first_few([f"{key} {name}" for name, key in names.items()], _LISTED)
            raise UserError(f"{place}: unknown category_id {quoted(entry.get('category_id'))}; known: {known}")
        one = _Entry(number, label, _score(place, entry), _xywh(place, entry), entry.get("segmentation"))
        found.setdefault(position, []).append(one)
    return found


def _ids(given: GivenAnswers) -> Ids:
    """The ids of the annotation file that was named, or that the images come from; else those that names tell."""
    if given.ids is not None:
        return read_ids(given.ids)
    files = coco_files(Path(given.dataset.source))
    file = files.get(given.split.name) or (next(iter(files.values())) if len(files) == 1 else None)
    return read_ids(file) if file else Ids()


def _images(given: GivenAnswers, ids: Ids) -> dict[Id, int]:
    return {ids.image(name): position for position, name in enumerate(given.split.names)}


def _labels(given: GivenAnswers, ids: Ids) -> dict[Id, int]:
    """The class of each category id, -1 of those that no thing of the truth is of."""
    classes = given.dataset.target.names
    if ids.source is None:
        return {index + 1: index for index in range(len(classes))}
    return {key: classes.index(name) if name in classes else -1 for name, key in ids.categories.items()}


def known_id(place: str, key: Any, known: Mapping[Id, int]) -> int | None:
    """What `key` stands for; numbers may be given as texts, and the reverse."""
    if isinstance(key, bool) or not isinstance(key, int | str | float):
        raise UserError(f"{place}: the id is {quoted(key)}; expected a number or a text")
    spellings: list[Any] = [key, str(key)]
    if isinstance(key, float) and key.is_integer():
        spellings += [int(key), str(int(key))]
    if isinstance(key, str) and key.isdecimal():
        spellings.append(int(key))
    return next((known[each] for each in spellings if each in known), None)


def _unknown_image(place: str, key: Any, given: GivenAnswers, ids: Ids) -> UserError:
    for name, split in given.dataset.splits.items():
        if split is not given.split and ids.source is None and key in {Ids().image(each) for each in split.names}:
            return UserError(f"{place}: image_id {quoted(key)} is of the split {name!r}: --split {name} judges that")
    known = unknown_name("image_id", str(key), map(str, _images(given, ids)))
    return UserError(f"{place}: {known}; --coco-ids names an annotation file that says which image has which id")


def _score(place: str, entry: Mapping[str, Any]) -> float:
    score = entry.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise UserError(f"{place}: the score is {quoted(score)}; expected a number from 0 to 1")
    return float(score)


def _xywh(place: str, entry: Mapping[str, Any]) -> Sequence[float] | None:
    bbox = entry.get("bbox")
    if not bbox:
        if not entry.get("segmentation"):
            raise UserError(f"{place} has neither bbox nor segmentation")
        return None
    plain = isinstance(bbox, list) and len(bbox) == 4 and all(isinstance(side, int | float) for side in bbox)
    if not plain or not all(math.isfinite(side) for side in bbox) or bbox[2] < 0 or bbox[3] < 0:
        raise UserError(f"{place}: bbox is {quoted(bbox)}; expected four numbers: x, y, width, height")
    return list(map(float, bbox))


def _boxes(given: GivenAnswers, entries: Sequence[_Entry], size: tuple[int, int], *, masks: bool) -> Boxes:
    kept = [entry for entry in entries if entry.label >= 0]
    drawn: list[Mask | None] = [_mask(given, entry, size) if masks or entry.xywh is None else None for entry in kept]
    corners = [
        (x, y, x + width, y + height) if entry.xywh is not None else mask.xyxy if mask else (0, 0, 0, 0)
        for entry, mask in zip(kept, drawn, strict=True)
        for x, y, width, height in [entry.xywh or (0, 0, 0, 0)]
    ]
    pixels: NDArray[Any] | None = mask_column(mask for mask in drawn if mask is not None) if masks else None
    return Boxes.of(
        given.dataset.target.names,
        size,
        corners,
        [entry.label for entry in kept],
        scores=[entry.score for entry in kept],
        thresholds=given.min_score,
        columns={} if pixels is None else {"mask": pixels},
    )


def _mask(given: GivenAnswers, entry: _Entry, size: tuple[int, int]) -> Mask:
    place = f"{given.path}, entry {entry.number}"
    told = entry.segmentation
    try:
        if isinstance(told, dict) and isinstance(told.get("counts"), str | list):
            if list(told.get("size") or ()) != [size[1], size[0]]:
                raise UserError(
                    f"{place}: the mask is of an image of {quoted(told.get('size'))} (height, width), which is "
                    f"{[size[1], size[0]]}; write masks at the size of their images"
                )
            return mask_of_runs(told["counts"], size)
        if isinstance(told, list) and told:
            outlines = told if isinstance(told[0], list) else [told]
            if all(len(each) >= _FEWEST and not len(each) % 2 for each in outlines):
                return Mask.of(fill_polygons([np.array(each, np.float64).reshape(-1, 2) for each in outlines], size))
    except (ValueError, TypeError) as error:
        raise UserError(f"{place}: {error}") from error
    raise UserError(f"{place}: segmentation is {quoted(told)}; expected run lengths with size and counts, or outlines")


def _repeated(entries: Mapping[int, Sequence[_Entry]]) -> list[str]:
    """That things are told more than once, if they are."""
    count = 0
    for some in entries.values():
        seen = {(one.label, one.score, tuple(one.xywh or ()), str(one.segmentation)) for one in some}
        count += len(some) - len(seen)
    return (
        [f"{counted(count, 'entry', 'entries')} of the same class, score and place as another: all count"]
        if count
        else []
    )
