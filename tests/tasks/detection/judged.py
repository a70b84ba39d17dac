"""Random images with boxes, real ones, and the programs whose numbers ours must equal."""

import contextlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from convsight.metrics.things.coco import Coco
from convsight.metrics.things.flat_boxes import EvaluatedBoxes
from convsight.results import Boxes
from convsight.tasks.detection.light.metrics import BoxMetrics

COCO_NAMES = (
    *("AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge"),
    *("AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"),
)


@dataclass(frozen=True)
class Case:
    """What is true of some images, and what was predicted."""

    classes: tuple[str, ...]
    targets: Sequence[Boxes]
    results: Sequence[Boxes]

    @property
    def metrics(self) -> BoxMetrics:
        metrics = BoxMetrics(self.classes)
        for target, result in zip(self.targets, self.results, strict=True):
            metrics.update(target, result)
        return metrics

    @property
    def evaluated(self) -> EvaluatedBoxes:
        return EvaluatedBoxes(self.classes, self.targets, self.results)

    @property
    def coco(self) -> Coco:
        return Coco(self.evaluated)


@st.composite
def cases(draw: st.DrawFn, plain: bool = False) -> Case:
    """Boxes with whole corners, so that every program computes the same overlaps; `plain` has nothing ignored."""
    images, count = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([2, 5, 1000]))  # few levels make ties
    widest = draw(st.sampled_from([12, 60, 180]))
    classes = tuple(f"c{index}" for index in range(count))
    targets, results = [], []
    for _ in range(images):
        target = _target(generator, classes, widest, plain)
        targets.append(target)
        results.append(_predictions(generator, target, widest, levels))
    return Case(classes, targets, results)


def _target(generator: np.random.Generator, classes: tuple[str, ...], widest: int, plain: bool) -> Boxes:
    count = int(generator.integers(0, 7))
    corners = generator.integers(0, 100, (count, 2))
    sides = generator.integers(1, widest, (count, 2))
    flags = {name: (generator.random(count) < 0.2) & (not plain) for name in ("crowd", "difficult")}
    areas = np.round(sides.prod(axis=1) * generator.uniform(0.5, 1, count))
    labels = generator.integers(len(classes), size=count)
    return Boxes.of(classes, (300, 300), np.hstack([corners, corners + sides]), labels, areas=areas, **flags)


def _predictions(generator: np.random.Generator, target: Boxes, widest: int, levels: int) -> Boxes:
    """Some near true boxes, some anywhere."""
    near = int(generator.integers(0, 8)) if len(target) else 0
    some = generator.integers(max(1, len(target)), size=near)
    shifts = generator.integers(-widest // 8 - 1, widest // 8 + 2, (near, 4))
    anywhere = generator.integers(0, 100, (int(generator.integers(0, 4)), 4))
    xyxy = np.vstack([target.xyxy[some] + shifts, anywhere])
    xyxy[:, 2:] = np.maximum(xyxy[:, 2:], xyxy[:, :2] + 1)
    right = generator.random(len(xyxy)) < 0.8
    guesses = generator.integers(len(target.classes), size=len(xyxy))
    labels = np.where(right, np.append(target.labels[some], guesses[near:]), guesses)
    scores = generator.integers(0, levels + 1, len(xyxy)) / levels
    return Boxes.of(target.classes, target.size, xyxy, labels, scores=scores)


class _Ignoring(COCOeval):  # type: ignore[misc]
    """pycocotools' evaluation, in which difficult boxes are ignored as those of other sizes are."""

    def _prepare(self) -> None:
        super()._prepare()
        for boxes in self._gts.values():
            for box in boxes:
                box["ignore"] = bool(box["iscrowd"] or box["difficult"])


def by_pycocotools(case: Case) -> COCOeval:
    """pycocotools' evaluation of the case, summarised."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = _Ignoring(_coco(case, case.targets), _coco(case, case.results), "bbox")
        found.evaluate()
        found.accumulate()
        found.summarize()
    return found


def _coco(case: Case, lists: Sequence[Boxes]) -> COCO:
    rows: list[dict[str, Any]] = []
    for image, boxes in enumerate(lists):
        for row in range(len(boxes)):
            left, top, right, bottom = boxes.xyxy[row].tolist()
            box = {"bbox": [left, top, right - left, bottom - top], "area": float(boxes.areas[row])}
            box |= {"id": len(rows) + 1, "image_id": image, "category_id": int(boxes.labels[row])}
            box |= {"score": float(boxes.scores[row]), "iscrowd": int(boxes.crowd[row])}
            rows.append(box | {"difficult": bool(boxes.difficult[row])})
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image} for image in range(len(lists))],
        "categories": [{"id": index} for index in range(len(case.classes))],
        "annotations": rows,
    }
    coco.createIndex()
    return coco


def review_case(folder: Path) -> Case:
    """A hundred images of COCO with predictions, from the tests of a published review of detection metrics."""
    tests = folder / "tests" / "test_coco_eval"
    target = json.loads((tests / "gts" / "sampled_gts_bbox_area.json").read_text())
    predictions = json.loads((tests / "cocoapi_results.json").read_text())
    classes = tuple(each["name"] for each in target["categories"])
    index = {each["id"]: position for position, each in enumerate(target["categories"])}
    targets: list[Boxes] = []
    results: list[Boxes] = []
    for image in sorted(each["id"] for each in target["images"]):
        for rows, lists in ((target["annotations"], targets), (predictions, results)):
            some = [row for row in rows if row["image_id"] == image]
            xywh = np.array([row["bbox"] for row in some]).reshape(-1, 4)
            lists.append(
                Boxes.of(
                    classes,
                    (640, 640),
                    _corners(xywh),
                    [index[row["category_id"]] for row in some],
                    scores=[row.get("score", 1.0) for row in some],
                    areas=[row.get("area", side[2] * side[3]) for row, side in zip(some, xywh, strict=True)],
                )
            )
    return Case(classes, targets, results)


def text_case(targets: Path, results: Path) -> Case:
    """Seven images of one class: lines of class, score (predictions only), left, top, width and height in pixels."""
    lists: list[list[Boxes]] = [[], []]
    for folder, boxes in zip((targets, results), lists, strict=True):
        for file in sorted(folder.glob("*.txt")):
            rows = [line.split()[1:] for line in file.read_text().splitlines() if line.strip()]
            numbers = np.array(rows, np.float64)
            xyxy = _corners(numbers[:, -4:])
            xyxy[:, 2:] += 1  # there the last pixel belongs to the box
            boxes.append(Boxes.of(("thing",), (300, 300), xyxy, 0, scores=numbers[:, 0] if len(rows[0]) > 4 else None))
    return Case(("thing",), *lists)


def _corners(xywh: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]])
