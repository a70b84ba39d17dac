from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from tests.tasks.detection.judged import COCO_NAMES, Case, cases

from convsight.metrics import Measured
from convsight.results import Boxes, Label
from convsight.tasks.detection.light import metrics as module
from convsight.tasks.detection.light.metrics import BoxMetrics

CLASSES = ("cat", "dog")


def seen(images: int, seed: int = 0) -> Case:
    """Three things an image; each prediction finds its own by chance, and the better, the surer it is."""
    generator = np.random.default_rng(seed)
    targets, results = [], []
    for _ in range(images):
        corners = generator.integers(0, 60, (3, 2)).astype(np.float64)
        labels = generator.integers(2, size=3)
        scores = generator.random(3)
        shifts = generator.normal(size=(3, 2)) * 25 * (1 - scores[:, None])
        targets.append(Boxes.of(CLASSES, (99, 99), np.hstack([corners, corners + 30]), labels))
        moved = corners + shifts
        results.append(Boxes.of(CLASSES, (99, 99), np.hstack([moved, moved + 30]), labels, scores=scores))
    return Case(CLASSES, targets, results)


@settings(deadline=None, max_examples=40)
@given(cases())
def test_numbers_are_those_of_the_parts_and_the_undefined_are_left_out(case: Case) -> None:
    found = case.metrics.compute(intervals=False)
    expected = case.coco.numbers()
    for name, value in expected.items():
        assert (name in found) == (not np.isnan(value))
        if name in found:
            assert found[name] == Measured(value, value, value)
    assert not any(np.isnan(each.value) for each in found.values())
    assert set(COCO_NAMES) <= set(expected)
    assert ("VOC" in found) == ("VOC11" in found) == ("recall" in found) == ("errors/missed" in found)


@settings(deadline=None, max_examples=10)
@given(cases())
def test_intervals_hold_the_value_and_are_the_same_each_time(case: Case) -> None:
    found = case.metrics.compute()
    assert all(each.low <= each.value <= each.high for each in found.values())
    assert found == case.metrics.compute()
    assert {name: each.value for name, each in found.items()} == pytest.approx(
        {name: each.value for name, each in case.metrics.compute(intervals=False).items()}
    )


def test_every_number_has_an_interval() -> None:
    found = seen(40).metrics.compute()
    assert {name for name, each in found.items() if each.low == each.high} == {"errors/both"}  # of which there are none


def test_more_images_narrow_the_interval() -> None:
    few, many = (seen(images).metrics.compute()["AP"] for images in (20, 320))
    assert (many.high - many.low) < 0.5 * (few.high - few.low)


def unsure(images: int, seed: int) -> Case:
    """Every thing is found, two wrong boxes stand beside them, and scores say nothing: precision is 1/2 throughout."""
    generator = np.random.default_rng(seed)
    places = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10), (40, 0, 50, 10)]
    targets, results = [], []
    for _ in range(images):
        labels = generator.integers(2, size=2)
        targets.append(Boxes.of(CLASSES, (99, 99), places[:2], labels))
        results.append(Boxes.of(CLASSES, (99, 99), places, [*labels, 0, 1], scores=generator.random(4)))
    return Case(CLASSES, targets, results)


def test_most_intervals_hold_what_many_images_show(monkeypatch: pytest.MonkeyPatch) -> None:
    # Those of percentiles hold it six times of forty.
    monkeypatch.setattr(module, "resamples_for", lambda images, passes: 200)
    target = unsure(4000, seed=1).coco.numbers()
    held = {"AP": 0, "AP50": 0, "AP/cat": 0}
    for seed in range(40):
        found = unsure(20, seed=100 + seed).metrics.compute()
        for name in held:
            held[name] += found[name].low <= target[name] <= found[name].high
    assert min(held.values()) >= 30, held


@pytest.mark.parametrize(("rare", "told"), [(9, False), (10, True)])
def test_average_precisions_that_rest_on_a_handful_of_boxes_have_no_interval(rare: int, told: bool) -> None:
    metrics, generator = BoxMetrics(("common", "rare")), np.random.default_rng(0)
    for image in range(40):
        labels = [0, 1] if image < rare else [0]
        corners = generator.uniform(0, 9, (len(labels), 2))
        boxes = np.concatenate([corners, corners + 10], axis=1)
        target = Boxes.of(metrics.classes, (20, 20), boxes, labels)
        moved = boxes + generator.choice([0, 4], (len(labels), 1))
        found = Boxes.of(metrics.classes, (20, 20), moved, labels, scores=generator.uniform(0.1, 1, len(labels)))
        metrics.update(target, found)
    measured = metrics.compute()
    for name in ("AP", "AP50", "VOC", "AP/rare", "AP50/rare"):
        assert (measured[name].low < measured[name].high) is told, name
    for name in ("AP/common", "AP50/common", "AR100", "recall"):
        assert measured[name].low < measured[name].high, name


def test_perfect_and_useless_predictions() -> None:
    target = Boxes.of(CLASSES, (99, 99), [(0, 0, 40, 40), (50, 50, 60, 60)], [0, 1])
    for result, value in ((target, 1.0), (target.select(np.zeros(0, np.int64)), 0.0)):
        found = Case(CLASSES, [target], [result]).metrics.compute(intervals=False)
        for name in ("AP", "AP50", "AP75", "APsmall", "APmedium", "AR100", "VOC", "VOC11", "precision", "recall", "f1"):
            assert found[name].value == value, name
        assert "APlarge" not in found
        assert found["errors/missed"].value == 1 - value


def test_epochs_are_chosen_by_average_precision() -> None:
    better, worse = (case.metrics.compute(intervals=False) for case in (seen(40), Case(*_shuffled(seen(40)))))
    keys = [tuple(each.key(found) for each in BoxMetrics(CLASSES).selected_by) for found in (better, worse)]
    assert BoxMetrics.selection == ("AP", "AP50")
    assert keys[0] > keys[1]


def _shuffled(case: Case) -> tuple[tuple[str, ...], list[Boxes], list[Boxes]]:
    """The case where scores say nothing."""
    results = [replace(boxes, scores=boxes.scores[::-1]) for boxes in case.results]
    return case.classes, list(case.targets), results


def test_calibrated_predictions_count_as_found_from_the_thresholds_on() -> None:
    metrics = seen(40).metrics
    calibration = metrics.calibration()
    assert set(calibration) == {"threshold/cat", "threshold/dog"}
    before, after = (each.compute(intervals=False) for each in (metrics, metrics.calibrated(calibration)))
    for name in CLASSES:
        assert after[f"f1/{name}"].value >= before[f"f1/{name}"].value
    assert after["precision"].value > before["precision"].value
    assert after["recall"].value < before["recall"].value
    unmoved = [*COCO_NAMES, "VOC", "VOC11", "AP/cat", "AP50/dog"]
    assert {name: after.get(name) for name in unmoved} == {name: before.get(name) for name in unmoved}
    all_found = metrics.calibrated({"threshold/cat": 0.0, "threshold/dog": 0.0}).compute(intervals=False)
    assert all_found == before


def test_each_class_is_calibrated_by_its_own_threshold() -> None:
    metrics = seen(40).metrics
    found = metrics.calibrated({"threshold/cat": 0.0, "threshold/dog": 1.0}).compute(intervals=False)
    assert found["recall/cat"] == metrics.compute(intervals=False)["recall/cat"]
    assert found["recall/dog"].value == 0


def test_calibration_says_the_same_of_calibrated_predictions() -> None:
    metrics = seen(40).metrics
    assert metrics.calibrated(metrics.calibration()).calibration() == metrics.calibration()


def test_what_cannot_be_judged_is_refused() -> None:
    metrics = BoxMetrics(CLASSES)
    boxes, others = Boxes.of(CLASSES, (9, 9), [], []), Boxes.of(("cat",), (9, 9), [], [])
    with pytest.raises(TypeError, match="expected two lists of boxes, not Boxes and Label"):
        metrics.update(boxes, Label.certain(0, CLASSES))
    for pair in ((boxes, others), (others, boxes)):
        with pytest.raises(ValueError, match="boxes of the classes"):
            metrics.update(*pair)
    for judge in (metrics.compute, metrics.calibration, metrics.errors, metrics.precision_recall):
        with pytest.raises(ValueError, match="no image was judged"):
            judge()


def test_a_refused_pair_leaves_nothing_behind() -> None:
    metrics = BoxMetrics(CLASSES)
    target = Boxes.of(CLASSES, (9, 9), [(0, 0, 4, 4)], [0])
    with pytest.raises(TypeError):
        metrics.update(target, Label.certain(0, CLASSES))
    metrics.update(target, target)
    assert metrics.compute(intervals=False)["AP"].value == 1.0


def test_what_comes_later_is_judged_too() -> None:
    metrics = BoxMetrics(CLASSES)
    target = Boxes.of(CLASSES, (9, 9), [(0, 0, 4, 4)], [0])
    metrics.update(target, target)
    assert metrics.compute(intervals=False)["recall"].value == 1.0
    metrics.update(target, target.select(np.zeros(0, np.int64)))
    assert metrics.compute(intervals=False)["recall"].value == 0.5
