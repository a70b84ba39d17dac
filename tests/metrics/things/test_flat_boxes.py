import numpy as np
from hypothesis import given, settings
from tests.tasks.detection.judged import Case, cases

from convsight.results import Boxes


@settings(deadline=None, max_examples=60)
@given(cases())
def test_predictions_lie_by_image_class_and_falling_score(case: Case) -> None:
    evaluated = case.evaluated
    given_ = [
        (image, int(boxes.labels[row]), -float(boxes.scores[row]), *boxes.xyxy[row].tolist())
        for image, boxes in enumerate(case.results)
        for row in range(len(boxes))
    ]
    predictions = evaluated.predictions
    columns = (
        predictions.images.tolist(),
        predictions.labels.tolist(),
        (-predictions.scores).tolist(),
        *predictions.xyxy.T.tolist(),
    )
    # Python's sort keeps equal ones as they are.
    assert list(zip(*columns, strict=True)) == sorted(given_, key=lambda row: row[:3])
    threshold_curves = [(predictions.labels[row], -predictions.scores[row], row) for row in evaluated.by_class]
    assert threshold_curves == sorted(threshold_curves)
    groups = list(zip(predictions.images.tolist(), predictions.labels.tolist(), strict=True))
    assert evaluated.ranks.tolist() == [groups[:row].count(group) for row, group in enumerate(groups)]


@settings(deadline=None, max_examples=20)
@given(cases())
def test_what_is_true_stays_in_its_order(case: Case) -> None:
    target = case.evaluated.target
    np.testing.assert_array_equal(target.areas, np.concatenate([boxes.areas for boxes in case.targets]))
    np.testing.assert_array_equal(target.crowd, np.concatenate([boxes.crowd for boxes in case.targets]))


def test_more_images_than_sixteen_bits_hold() -> None:
    none, thing = Boxes.of(("a",), (50, 50), [], []), Boxes.of(("a",), (50, 50), [(0, 0, 40, 40)], 0)
    lists = [none] * 66_002
    lists[1000] = lists[66_001] = thing
    assert Case(("a",), lists, lists).evaluated.predictions.images.tolist() == [1000, 66_001]
