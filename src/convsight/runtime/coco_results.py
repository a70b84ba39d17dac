"""Boxes as a COCO results file, which every COCO evaluator reads: a list of image, category, box and score."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from convsight.datasets.names import class_name
from convsight.errors import UserError, unknown_name
from convsight.results import Boxes
from convsight.runtime.prediction import Prediction

Id = int | str


@dataclass
class Ids:
    """Which id an image (by the name of its file) and a category (by its name) have: those of a COCO file if given.

    Without such a file, an image is the number that its name ends in, as COCO's own are called, else its name; a
    category is its place among the classes, counted from 1. No two images are given one id.
    """

    source: Path | None = None
    images: Mapping[str, Id] = field(default_factory=dict)
    categories: Mapping[str, Id] = field(default_factory=dict)
    given: dict[Id, str] = field(default_factory=dict)  # id -> file, of all images so far

    def image(self, file: str) -> Id:
        """The id of the image in `file`; raises `UserError` where it has none, or another image has it.

        >>> ids = Ids()
        >>> ids.image("val2017/000000000139.jpg"), ids.image("cat.jpg"), ids.image("clip.mp4#frame=12")
        (139, 'cat', 'clip.mp4#frame=12')
        """
        found = self._image(file)
        if self.given.setdefault(found, file) != file:
            raise UserError(f"{file} and {self.given[found]} would both be image_id {found}: name ids with --coco-ids")
        return found

    def _image(self, file: str) -> Id:
        path = PurePath(file)
        if self.source is not None:
            if path.name not in self.images:
                raise UserError(f"{self.source} lists no image called {path.name}; leave it out, or name another file")
            return self.images[path.name]
        if "#" in path.name:  # a frame of a video
            return path.name
        number = re.search(r"[0-9]+$", path.stem)
        return int(number[0]) if number else path.stem

    def category(self, name: str, classes: tuple[str, ...]) -> Id:
        """The id of the class called `name`; raises `UserError` where the COCO file has none."""
        if self.source is None:
            return classes.index(name) + 1
        if name not in self.categories:
            raise UserError(f"{self.source}: {unknown_name('category', name, self.categories)}")
        return self.categories[name]


def read_ids(file: Path) -> Ids:
    """The ids in a COCO annotation file; raises `UserError` where it is none."""
    try:
        document = json.loads(file.read_bytes())
        images = {PurePath(image["file_name"]).name: image["id"] for image in document["images"]}
        categories = {class_name(category["name"]): category["id"] for category in document["categories"]}
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} is no COCO annotation file with images and categories: {error}") from error
    return Ids(file, images, categories)


def coco_entries(prediction: Prediction, ids: Ids, min_score: float) -> Iterator[dict[str, Any]]:
    """The entries of one image: boxes with scores from `min_score` on, as left, top, width, height in its pixels.

    Boxes with masks have these as `segmentation`, in run lengths. Evaluators want those below the thresholds of the
    classes too: average precision is that of all boxes. Raises
    `UserError` where the network answers another kind of question.
    """
    if prediction.result is None:
        return
    if not isinstance(prediction.result, Boxes):
        raise UserError("a COCO results file holds boxes, and this network answers with none; use --format json")
    found = prediction.result.at_least(min_score).found
    masks = found.masks
    for place, box in enumerate(found.each()):
        left, top, right, bottom = box.xyxy
        entry = {
            "image_id": ids.image(prediction.file),
            "category_id": ids.category(box.name, prediction.result.classes),
            "bbox": [left, top, right - left, bottom - top],
            "score": box.score,
        }
        yield entry | ({"segmentation": masks[place].to_coco(found.size)} if masks else {})


def coco_printer(ids: Ids, min_score: float) -> Callable[[Iterable[Prediction], tuple[str, ...]], int]:
    """Prints one JSON list as the predictions come; returns how many images have none."""

    def print_coco(predictions: Iterable[Prediction], columns: tuple[str, ...]) -> int:
        failed, before = 0, "["
        for prediction in predictions:
            failed += prediction.result is None
            for entry in coco_entries(prediction, ids, min_score):
                sys.stdout.write(f"{before}{json.dumps(entry)}")
                before = ",\n"
        sys.stdout.write("[]\n" if before == "[" else "]\n")
        return failed

    return print_coco
