"""Numbers of masks against pycocotools with iouType "segm"."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from tests.tasks.detection.judged import COCO_NAMES

from convsight.metrics.pixels.mask_pairs import MaskPairs
from convsight.metrics.pixels.science_bowl import science_bowl_precision
from convsight.results import Boxes, Label
from convsight.results.masks import Mask, mask_column
from convsight.tasks.instances.light.metrics import InstanceMetrics, counted_pairs

CLASSES = ("a", "b")
SIDE = 240


def shapes(generator: np.random.Generator, count: int) -> list[Mask]:
    """Discs and rings of all sizes that COCO tells apart, some over the edge."""
    down, across = np.mgrid[:SIDE, :SIDE]
    found = []
    for _ in range(count):
        centre, radius = generator.uniform(0, SIDE, 2), generator.choice([4, 12, 40, 70]) * generator.uniform(0.7, 1.2)
        gaps = (down - centre[0]) ** 2 + (across - centre[1]) ** 2
        found.append(Mask.of((gaps <= radius**2) & (gaps > generator.choice([-1.0, radius**2 / 6]))))
    return found


def boxes(masks: Sequence[Mask], labels: Any, **more: Any) -> Boxes:
    xyxy = np.array([mask.xyxy for mask in masks], np.float64).reshape(-1, 4)
    return Boxes.of(CLASSES, (SIDE, SIDE), xyxy, labels, columns={"mask": mask_column(masks)}, **more)


def pair(seed: int) -> tuple[Boxes, Boxes]:
    """What is true of an image, with crowds and stated areas, and what was predicted of it."""
    generator = np.random.default_rng(seed)
    true = shapes(generator, int(generator.integers(0, 7)))
    labels = generator.integers(2, size=len(true))
    near = [shifted(mask, *steps) for mask in true for steps in generator.integers(-3, 4, (2, 2)).tolist()]
    found = [mask for mask in near if mask.area] + shapes(generator, int(generator.integers(0, 4)))
    guesses = generator.integers(2, size=len(found))
    right = [labels[place // 2] for place, mask in enumerate(near) if mask.area]
    guesses[: len(right)] = np.where(generator.random(len(right)) < 0.8, right, guesses[: len(right)])
    areas = [mask.area * generator.uniform(0.8, 1.2) for mask in true]
    target = boxes(true, labels, areas=areas, crowd=generator.random(len(true)) < 0.25)
    return target, boxes(found, guesses, scores=generator.integers(1, 20, len(found)) / 20)


def shifted(mask: Mask, across: int, down: int) -> Mask:
    """The mask elsewhere; what leaves the image is lost."""
    rows, columns = np.nonzero(mask.full((SIDE, SIDE)))
    whole = np.zeros((SIDE, SIDE), np.bool_)
    inside = (rows + down >= 0) & (rows + down < SIDE) & (columns + across >= 0) & (columns + across < SIDE)
    whole[rows[inside] + down, columns[inside] + across] = True
    return Mask.of(whole)


PAIRS = [pair(seed) for seed in range(12)]


def judged(pairs: Sequence[tuple[Boxes, Boxes]]) -> InstanceMetrics:
    metrics = InstanceMetrics(CLASSES)
    for target, result in pairs:
        metrics.update(target, result)
    return metrics


def by_pycocotools(pairs: Sequence[tuple[Boxes, Boxes]]) -> list[float]:
    def documents(lists: Sequence[Boxes]) -> COCO:
        rows: list[dict[str, Any]] = []
        for image, each in enumerate(lists):
            for row, mask in enumerate(each.masks):
                code = coco_masks.encode(np.asfortranarray(mask.full((SIDE, SIDE)).astype(np.uint8)))
                area = float(each.areas[row]) if lists is targets else float(coco_masks.area(code))
                about = {"id": len(rows) + 1, "image_id": image, "category_id": int(each.labels[row]), "area": area}
                score = {"score": float(each.scores[row]), "iscrowd": int(each.crowd[row]), "segmentation": code}
                rows.append(about | score)
        coco = COCO()
        images = [{"id": image, "width": SIDE, "height": SIDE} for image in range(len(lists))]
        coco.dataset = {"images": images, "categories": [{"id": 0}, {"id": 1}], "annotations": rows}
        coco.createIndex()
        return coco

    targets = [target for target, _ in pairs]
    with contextlib.redirect_stdout(io.StringIO()):
        found = COCOeval(documents(targets), documents([result for _, result in pairs]), "segm")
        found.evaluate()
        found.accumulate()
        found.summarize()
    numbers: list[float] = found.stats.tolist()
    return numbers


def test_every_number_is_that_of_pycocotools() -> None:
    found = judged(PAIRS).compute(intervals=False)
    ours = [found[name].value if name in found else -1.0 for name in COCO_NAMES]
    assert ours == pytest.approx(by_pycocotools(PAIRS), abs=1e-9)
    assert min(ours) > 0


def test_masks_count_and_not_their_boxes() -> None:
    ring = Mask.of(np.hypot(*(np.mgrid[:SIDE, :SIDE] - 60)) < 40)
    hollow = Mask(ring.left, ring.top, ring.pixels & (np.arange(ring.pixels.shape[1]) < 25))
    target, result = boxes([ring], [0]), boxes([hollow], [0], scores=[0.9])
    both = [(target, Boxes.of(CLASSES, (SIDE, SIDE), target.xyxy, [0], scores=[0.9], columns=dict(result.columns)))]
    found = judged(both).compute(intervals=False)
    assert found["AP50"].value == 0.0
    assert found["errors/place"].value == 1.0
    assert judged([(target, target)]).compute(intervals=False)["AP"].value == 1.0


def test_errors_are_told_of_masks() -> None:
    found = judged(PAIRS)
    told = found.errors()
    assert set(told) == {"class", "place", "both", "duplicate", "background", "missed"}
    shares = found.compute(intervals=False)
    true = sum(int((~target.crowd).sum()) for target, _ in PAIRS)
    assert {kind: shares[f"errors/{kind}"].value for kind in told} == pytest.approx(
        {kind: count / true for kind, count in told.items()}
    )


def test_means_over_images_are_of_what_counts_as_found() -> None:
    target, result = next((target, result) for target, result in PAIRS if target.crowd.any() and len(result) > 3)
    sure = result.at_least(0.5)
    whole = found_pairs(target, sure)
    found = judged([(target, sure)]).compute(intervals=False)
    assert found["DSB"].value == pytest.approx(science_bowl_precision(whole).mean())
    calibrated = judged(PAIRS).calibrated({"threshold/a": 0.5, "threshold/b": 0.5}).compute(intervals=False)
    at_once = judged([(target, result.at_least(0.5)) for target, result in PAIRS]).compute(intervals=False)
    assert calibrated == at_once
    assert calibrated["DSB"] != judged(PAIRS).compute(intervals=False)["DSB"]


def found_pairs(target: Boxes, sure: Boxes) -> MaskPairs:
    return counted_pairs(target, sure, MaskPairs.of(sure.masks, target.masks))


def test_what_lies_on_a_crowd_is_left_out_of_the_means() -> None:
    square = np.zeros((SIDE, SIDE), np.bool_)
    square[:10, :10] = True
    thing, crowd, more = Mask.of(square), Mask.of(np.roll(square, 50, 1)), Mask.of(np.roll(square, 54, 1))
    target = boxes([thing, crowd], [0, 1], crowd=[False, True])
    found = judged([(target, boxes([thing, more], [0, 0], scores=[0.9, 0.8]))]).compute(intervals=False)
    assert found["DSB"].value == found["AJI"].value == 1.0
    away = Mask.of(np.roll(square, 55, 1))  # half of it lies there
    found = judged([(target, boxes([thing, away], [0, 0], scores=[0.9, 0.8]))]).compute(intervals=False)
    assert (found["DSB"].value, found["AJI"].value) == (0.5, 0.5)
    other = judged([(target, boxes([thing], [1], scores=[0.9]))]).compute(intervals=False)
    assert other["DSB"].value == other["AJI"].value == 0.0  # of another class


def test_intervals_hold_the_value() -> None:
    for name, (value, low, high) in judged(PAIRS).compute().items():
        assert low <= value <= high, name
    assert judged(PAIRS).compute()["DSB"].low < judged(PAIRS).compute()["DSB"].high


def test_what_cannot_be_judged_is_refused() -> None:
    metrics = InstanceMetrics(CLASSES)
    with pytest.raises(ValueError, match="no image was judged"):
        metrics.compute()
    with pytest.raises(ValueError, match="boxes without masks"):
        metrics.update(boxes([], []), Boxes.of(CLASSES, (9, 9), [(0, 0, 1, 1)], [0]))
    with pytest.raises(ValueError, match="cannot be judged among"):
        metrics.update(boxes([], []), Boxes.of(("c",), (9, 9), [], []))
    with pytest.raises(TypeError, match="not Boxes and Label"):
        metrics.update(boxes([], []), Label.certain(0, CLASSES))
    metrics.update(Boxes.of(CLASSES, (9, 9), [], []), Boxes.of(CLASSES, (9, 9), [], []))
    assert metrics.compute() == {}
