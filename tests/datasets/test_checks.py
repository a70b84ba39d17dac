import re

import numpy as np
import pytest

from convsight.datasets import UNSPLIT, Dataset, Split
from convsight.datasets.checks import align_targets, check_learnable, check_same_target
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes, Joints, NumberTargets, SeveralLabels, TargetSpec

CLASSES = ("ant", "bee", "cat")
METRES = NumberTargets(names=("height",), units=("m",))
EYES = ("left eye", "right eye")


def dataset(classes: tuple[str, ...] = CLASSES, **splits: list[int]) -> Dataset:
    """Black images with these labels."""
    made = {
        name: Split(
            name,
            np.zeros((len(x), 1, 1), np.uint8),
            Labels(np.array(x), classes),
            [f"{name}/{i}" for i in range(len(x))],
        )
        for name, x in splits.items()
    }
    return Dataset("bugs", "bugs.csv", "classification", Classes(names=classes), made)


def test_complete_data_is_left_as_it_is() -> None:
    checked = check_learnable(dataset(train=[0, 1, 2], val=[2, 1, 0]))
    assert checked.notes == ()


def test_classes_missing_in_a_split_are_noted() -> None:
    assert check_learnable(dataset(train=[0, 1, 2], val=[1], test=[0, 1, 2])).notes == (
        "val holds no image of ant, cat",
    )


def test_one_class_only() -> None:
    with pytest.raises(UserError, match=r"bugs.csv: one class only: 'bee'; a classifier needs two or more"):
        check_learnable(dataset(train=[1, 1], val=[1]))


def test_a_class_without_images() -> None:
    with pytest.raises(UserError, match="the class 'bee' has no image"):
        check_learnable(dataset(all=[0, 2]))


def test_a_class_that_cannot_be_learnt() -> None:
    with pytest.raises(UserError, match="the class 'cat' is in val and test but not in train"):
        check_learnable(dataset(train=[0, 1], val=[2], test=[2, 0]))


def test_data_without_training_images_can_still_be_read() -> None:
    assert check_learnable(dataset(val=[0, 1], test=[2])).notes != ()


def test_labels_are_aligned_by_name() -> None:
    aligned = align_targets(dataset(all=[0, 2, 2]), Classes(names=("cat", "dog", "ant")))
    assert list(aligned.split(UNSPLIT).targets.lines()) == ["ant", "cat", "cat"]
    assert aligned.split(UNSPLIT).targets.strata().tolist() == [2, 0, 0]
    assert aligned.target.names == ("cat", "dog", "ant")


def test_a_class_without_images_need_not_be_known() -> None:
    assert align_targets(dataset(all=[0, 2, 2]), Classes(names=("cat", "ant"))).target.names == ("cat", "ant")


def test_an_unknown_class_in_any_split() -> None:
    with pytest.raises(UserError, match="unknown class 'cat'; did you mean cats"):
        align_targets(dataset(train=[0, 1], test=[0, 2]), Classes(names=("ant", "bee", "cats")))


def test_labels_refuse_classes_that_lack_one() -> None:
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        Labels(np.array([0, 2]), CLASSES).aligned(("ant", "bee"))


def test_a_split_without_some_images() -> None:
    split = dataset(all=[0, 1, 2]).split(UNSPLIT)
    assert split.without([]) is split
    rest = split.without([1])
    assert (list(rest.names), list(rest.targets.lines())) == (["all/0", "all/2"], ["ant", "cat"])


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (Classes(names=("b", "a")), Classes(names=("a", "b")), r"the classes \('b', 'a'\); the run knows \('a', 'b'\)"),
        (METRES.model_copy(update={"units": ("cm",)}), METRES, r"numbers with units \('cm',\); the run knows \('m',\)"),
        (Joints(names=EYES, flip_pairs=()), Joints(names=EYES, flip_pairs=((0, 1),)), "joints with flip_pairs"),
        (Classes(names=("height",)), METRES, "classes with kind 'classes'; the run knows 'numbers'"),
    ],
)
def test_data_that_ask_for_something_else_than_a_run_are_refused(now: TargetSpec, then: TargetSpec, words: str) -> None:
    with pytest.raises(UserError, match=f"bugs.csv now holds {words}"):
        check_same_target("bugs.csv", now, then)


def test_which_classes_are_new_and_which_are_gone_is_said() -> None:
    words = (
        "bugs.csv holds other classes than the run knows: 2 are new (bee, cat), 1 is gone (ant); train a new run on it"
    )
    with pytest.raises(UserError, match=re.escape(words)):
        check_same_target("bugs.csv", Classes(names=("bee", "cat", "dog")), Classes(names=("ant", "dog")))


def test_what_is_measured_on_training_targets_may_differ() -> None:
    check_same_target("x", METRES, METRES.model_copy(update={"mean": (1.0,), "std": (2.0,)}))
    check_same_target("x", SeveralLabels(names=EYES), SeveralLabels(names=EYES, thresholds=(0.1, 0.2)))
