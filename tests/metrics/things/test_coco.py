import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from tests.tasks.detection.judged import COCO_NAMES, Case, by_pycocotools, cases, review_case

from convsight.results import Boxes

UNHURRIED = settings(deadline=None, max_examples=60)


def assert_equal(case: Case) -> None:
    """All numbers of pycocotools; it says -1 where a number is undefined."""
    theirs = by_pycocotools(case)
    ours = {name: -1.0 if np.isnan(value) else value for name, value in case.coco.numbers().items()}
    assert [ours[name] for name in COCO_NAMES] == pytest.approx(theirs.stats.tolist(), abs=1e-9)
    for index, name in enumerate(case.classes):
        precisions = theirs.eval["precision"][:, :, index, 0, -1]
        assert ours[f"AP/{name}"] == pytest.approx(precisions.mean(), abs=1e-9)
        assert ours[f"AP50/{name}"] == pytest.approx(precisions[0].mean(), abs=1e-9)


@UNHURRIED
@given(cases())
def test_every_number_is_that_of_pycocotools(case: Case) -> None:
    assert_equal(case)


def test_real_images_have_the_published_numbers(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("padilla_review")
    published = json.loads((folder / "expected.json").read_text())["coco_tests/test_coco_eval"]
    case = review_case(folder)
    found = case.coco.numbers()
    assert {name: found[name] for name in COCO_NAMES} == pytest.approx(published, abs=1e-6)
    assert_equal(case)


def test_a_hundred_predictions_of_a_class_count_in_an_image() -> None:
    generator = np.random.default_rng(0)
    corners = generator.integers(0, 60, (400, 2))
    xyxy = np.hstack([corners, corners + generator.integers(8, 40, (400, 2))])
    labels = generator.integers(2, size=400)
    target = Boxes.of(("a", "b"), (100, 100), xyxy[:60], labels[:60])
    predictions = Boxes.of(("a", "b"), (100, 100), xyxy, labels, scores=generator.random(400))
    case = Case(("a", "b"), [target, target], [predictions, predictions])
    assert_equal(case)
    assert case.coco.numbers()["AR100"] < 1  # the predictions beyond a hundred would find the rest


def test_the_order_of_the_boxes_of_an_image_decides_between_equal_scores() -> None:
    place, other = (0.0, 0.0, 10.0, 10.0), (50.0, 50.0, 60.0, 60.0)
    target = Boxes.of(("a",), (100, 100), [place], 0)
    right_first = Boxes.of(("a",), (100, 100), [place, other], 0, scores=0.5)
    wrong_first = Boxes.of(("a",), (100, 100), [other, place], 0, scores=0.5)
    assert Case(("a",), [target], [right_first]).coco.numbers()["AP"] == 1.0
    assert Case(("a",), [target], [wrong_first]).coco.numbers()["AP"] == 0.5
    for result in (right_first, wrong_first):
        assert_equal(Case(("a",), [target], [result]))


def test_images_without_predictions_or_without_things() -> None:
    classes = ("a", "b")
    thing = Boxes.of(classes, (50, 50), [(0, 0, 40, 40)], 0)
    none = Boxes.of(classes, (50, 50), [], [])
    for targets, results in (([thing], [none]), ([none], [thing]), ([none], [none]), ([thing, none], [none, thing])):
        assert_equal(Case(classes, targets, results))


@pytest.mark.parametrize("side", [32, 96])
def test_the_ends_of_a_range_of_sizes_belong_to_it(side: int) -> None:
    thing = Boxes.of(("a",), (300, 300), [(0, 0, side, side)], 0)
    far = Boxes.of(("a",), (300, 300), [(200, 200, 200 + side, 200 + side), (0, 0, side, side)], 0, scores=[0.9, 0.8])
    case = Case(("a",), [thing], [far])
    found = case.coco.numbers()
    names = ("APsmall", "APmedium") if side == 32 else ("APmedium", "APlarge")
    assert [found[name] for name in names] == [0.5, 0.5]
    assert_equal(case)
