import numpy as np
from hypothesis import given, settings
from tests.tasks.detection.judged import Case, cases

from convsight.results import Boxes


@settings(deadline=None, max_examples=60)
@given(cases())
def test_answers_lie_by_picture_class_and_falling_score(case: Case) -> None:
    gathered = case.gathered
    given_ = [
        (picture, int(boxes.labels[row]), -float(boxes.scores[row]), *boxes.xyxy[row].tolist())
        for picture, boxes in enumerate(case.results)
        for row in range(len(boxes))
    ]
    answers = gathered.answers
    columns = (answers.pictures.tolist(), answers.labels.tolist(), (-answers.scores).tolist(), *answers.xyxy.T.tolist())
    # Python's sort keeps equal ones as they are.
    assert list(zip(*columns, strict=True)) == sorted(given_, key=lambda row: row[:3])
    followed = [(answers.labels[row], -answers.scores[row], row) for row in gathered.by_class]
    assert followed == sorted(followed)
    groups = list(zip(answers.pictures.tolist(), answers.labels.tolist(), strict=True))
    assert gathered.ranks.tolist() == [groups[:row].count(group) for row, group in enumerate(groups)]


@settings(deadline=None, max_examples=20)
@given(cases())
def test_what_is_true_stays_in_its_order(case: Case) -> None:
    truth = case.gathered.truth
    np.testing.assert_array_equal(truth.areas, np.concatenate([boxes.areas for boxes in case.truths]))
    np.testing.assert_array_equal(truth.crowd, np.concatenate([boxes.crowd for boxes in case.truths]))


def test_more_pictures_than_sixteen_bits_hold() -> None:
    none, thing = Boxes.of(("a",), (50, 50), [], []), Boxes.of(("a",), (50, 50), [(0, 0, 40, 40)], 0)
    lists = [none] * 66_002
    lists[1000] = lists[66_001] = thing
    assert Case(("a",), lists, lists).gathered.answers.pictures.tolist() == [1000, 66_001]
