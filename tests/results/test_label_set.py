import numpy as np
import pytest
import supervision
from PIL import Image

from convsight.results import LabelSet, LabelSets

CLASSES = ("cat", "dog", "sky", "sea")


def told(*probabilities: float, threshold: float = 0.5) -> LabelSet:
    return LabelSet(CLASSES, np.array(probabilities), np.full(4, threshold))


def true(*names: str) -> LabelSet:
    return LabelSets.of([names], CLASSES)[0]


@pytest.mark.parametrize("values", [[0.5, 0.5, 0.5, 1.1], [-0.1, 0, 0, 0], [np.nan, 0.5, 0.5, 0.5], [[0.5] * 4], [0.5]])
def test_what_are_no_probabilities_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"probabilities|numbers"):
        LabelSet(CLASSES, np.array(values), np.full(4, 0.5))


def test_each_label_has_a_threshold_of_its_own_and_those_present_come_first() -> None:
    found = LabelSet(CLASSES, np.array([0.3, 0.9, 0.6, 0.1]), np.array([0.2, 0.5, 0.7, 0.2]))
    assert found.names == ("dog", "cat")
    labels = found.to_json()["labels"]
    assert [(each["name"], each["present"]) for each in labels] == [
        ("dog", True),
        ("cat", True),
        ("sky", False),
        ("sea", False),
    ]
    assert labels[1] == {"name": "cat", "probability": 0.3, "present": True, "threshold": 0.2}
    assert found.to_rows() == [("dog;cat", 0.3, 0.9, 0.6, 0.1)]
    assert found.summary() == "dog 90.0%, cat 30.0%"


def test_a_probability_on_the_threshold_is_present() -> None:
    assert told(0.5, 0.4, 0.4, 0.4).names == ("cat",)


def test_none_of_the_labels_is_an_answer() -> None:
    found = told(0.3, 0.05, 0.2, 0.0)
    assert found.to_rows()[0][0] == "none"
    assert found.summary() == "none, cat 30.0% is not enough, sky 20.0% is not enough"
    assert told(0, 0, 0, 0).summary() == "none"


def test_a_minimum_takes_labels_away_and_adds_none() -> None:
    found = LabelSet(CLASSES, np.array([0.7, 0.9, 0.85, 0.4]), np.array([0.5, 0.5, 0.95, 0.3]))
    assert found.names == ("dog", "cat", "sea")
    assert found.at_least(0.8).names == ("dog",)


def test_differences_count_labels_that_one_of_both_says() -> None:
    one, other = told(0.9, 0.8, 0.1, 0.0), told(0.9, 0.4, 0.6, 0.0)
    found = one.difference(other)
    assert (found.largest, found.same) == pytest.approx((0.5, 1 / 3))
    assert found.said == 3
    # An engine that is blind agrees on no label that is absent, but on none that is present either.
    assert one.difference(told(0, 0, 0, 0)).same == 0
    unsure = told(0.4, 0.1, 0, 0)
    assert tuple(unsure.difference(told(0.3, 0.2, 0, 0))) == pytest.approx((0.1, 1.0, 1))
    assert unsure.difference(told(0.1, 0.2, 0, 0)).same == 0


def test_mistakes_are_wrong_and_missed_labels_the_surest_first() -> None:
    found = told(0.9, 0.2, 0.6, 0.8).mistakes(true("dog", "sea"))
    assert [(each.kind, each.target, each.prediction, round(each.severity, 6)) for each in found] == [
        ("wrong", "none", "cat", 0.9),
        ("missed", "dog", "none", 0.8),
        ("wrong", "none", "sky", 0.6),
    ]
    assert true("dog").mistakes(true("dog")) == []


def test_it_is_drawn_above_the_image() -> None:
    image = Image.new("RGB", (220, 100), "blue")
    drawn, wrong = told(0.9, 0.8, 0, 0).draw(image), told(0.9, 0.8, 0, 0).draw_mistakes(image, true("sea"))
    for each in (drawn, wrong):
        assert each.height > image.height
        assert each.crop((0, each.height - 100, 220, each.height)).tobytes() == image.tobytes()
    assert drawn.tobytes() != wrong.tobytes()


def test_supervision_gets_the_labels_that_are_present() -> None:
    found = told(0.6, 0.9, 0.1, 0.1).to_supervision()
    assert isinstance(found, supervision.Classifications)
    assert found.class_id.tolist() == [1, 0]
    assert found.confidence is not None
    assert found.confidence.tolist() == [0.9, 0.6]


class TestSets:
    sets = LabelSets.of([("cat",), (), ("sea", "dog"), ("cat", "sea")], CLASSES)

    def test_what_is_true(self) -> None:
        assert self.sets.counts() == {"cat": 2, "dog": 1, "sky": 0, "sea": 2}
        assert self.sets.to_find() == 5
        assert self.sets.lines() == ["cat", "", "dog;sea", "cat;sea"]
        assert self.sets.select(np.array([2, 0])).lines() == ["dog;sea", "cat"]
        assert self.sets[1:3].lines() == ["", "dog;sea"]
        assert all(each.mistakes(each) == [] for each in self.sets)

    def test_aligned_by_name(self) -> None:
        found = self.sets.aligned(("sea", "ant", "dog", "cat"))
        assert found.lines() == ["cat", "", "sea;dog", "sea;cat"]
        assert found.counts()["ant"] == 0
        with pytest.raises(ValueError, match="cat"):
            self.sets.aligned(("sea", "dog"))

    def test_flags_are_asked_for(self) -> None:
        with pytest.raises(ValueError, match="flags"):
            LabelSets(np.zeros((2, 4)), CLASSES)  # type: ignore[arg-type]

    def test_splits_are_cut_by_the_rarest_label_that_ten_images_have(self) -> None:
        names = [("cat",)] * 30 + [("cat", "dog")] * 12 + [("cat", "sky")] * 2 + [()] * 11
        strata = LabelSets.of(names, CLASSES).strata()
        assert set(strata[:30]) == {0}
        assert set(strata[30:42]) == {1}
        assert set(strata[42:44]) == {0}
        assert set(strata[44:]) == {4}
        assert set(LabelSets.of([*names[:42], ()], CLASSES).strata()[42:]) == {0}
