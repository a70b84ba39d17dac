"""Boxes as a COCO results file, which every COCO evaluator reads: a list of image, category, box and score."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from convsight.datasets.boxes.coco_ids import Ids
from convsight.errors import UserError
from convsight.results import Boxes
from convsight.runtime.prediction import Prediction


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
