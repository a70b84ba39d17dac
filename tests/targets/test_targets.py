"""Specifications of what is predicted: fitted on training targets, held against a data set, matched by name."""

import json
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from convsight.errors import UserError
from convsight.results import ImagesOfMany, Labels, NumbersOfMany
from convsight.targets import (
    AnyTarget,
    Classes,
    Embedding,
    ImageTarget,
    Joints,
    NumberTargets,
    Palette,
    SeveralLabels,
    Targets,
    TargetSpec,
)

METRES = NumberTargets(names=("height", "width"), units=("m", "m"))
EYES = ("left eye", "right eye", "nose")

ONE_OF_EACH: list[TargetSpec] = [
    Classes(names=("cat", "dog")),
    SeveralLabels(names=("rain", "snow"), thresholds=(0.5, 0.3)),
    METRES.model_copy(update={"mean": (1.0, 2.0), "std": (3.0, 4.0)}),
    Palette(names=("road", "sky"), colours=((90, 90, 90), (0, 0, 255))),
    Joints(names=EYES, edges=((0, 2), (1, 2)), flip_pairs=((0, 1),)),
    Embedding(names=("a", "b"), dimensions=8),
    ImageTarget(names=("grey",)),
]


class _Holder(BaseModel):
    target: AnyTarget


@pytest.mark.parametrize("spec", ONE_OF_EACH, ids=lambda spec: spec.kind)
def test_a_specification_comes_back_from_json_as_it_was(spec: TargetSpec) -> None:
    text = _Holder.model_validate({"target": spec}).model_dump_json()
    assert _Holder.model_validate_json(text).target == spec
    assert json.loads(text)["target"]["kind"] == spec.kind


@pytest.mark.parametrize("spec", ONE_OF_EACH, ids=lambda spec: spec.kind)
def test_every_output_has_a_scale(spec: TargetSpec) -> None:
    assert len(spec.scale) == spec.outputs
    assert min(spec.scale) > 0
    assert spec.summary


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (SeveralLabels, {"names": ("a", "b"), "thresholds": (0.5,)}),
        (NumberTargets, {"names": ("a",), "units": ("m", "m")}),
        (NumberTargets, {"names": ("a",), "units": ("m",), "mean": (0.0,), "std": (0.0,)}),
        (Palette, {"names": ("a", "b"), "colours": ((0, 0, 0),)}),
        (Palette, {"names": ("a", "b"), "colours": ((0, 0, 0), (1, 1, 1)), "ignore_index": 1}),
        (Joints, {"names": EYES, "edges": ((0, 3),)}),
        (Joints, {"names": EYES, "flip_pairs": ((0, 1), (1, 2))}),
        (Classes, {"names": ()}),
        (Embedding, {"dimensions": 0}),
        (Classes, {"names": ("a",), "surprise": 1}),
    ],
)
def test_what_does_not_fit_together_is_refused(kind: type[TargetSpec], facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind(**facts)


def test_numbers_are_fitted_on_training_targets_alone() -> None:
    train = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]])
    fitted = METRES.fitted(METRES.of_array(train))
    assert fitted.mean == pytest.approx(train.mean(axis=0))
    assert fitted.std == pytest.approx(train.std(axis=0))
    assert fitted.scale == fitted.std
    with pytest.raises(ValueError, match="once they are fitted"):
        _ = METRES.scale


def test_numbers_that_never_vary_teach_nothing() -> None:
    with pytest.raises(UserError, match="width is 7 in every training example"):
        METRES.fitted(METRES.of_array(np.array([[1.0, 7.0], [2.0, 7.0]])))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_are_not_fitted_on_what_is_none(bad: float) -> None:
    with pytest.raises(UserError, match="width is not a finite number in every training example"):
        METRES.fitted(METRES.of_array(np.array([[1.0, 7.0], [2.0, bad]])))


def test_numbers_far_from_0_that_float32_cannot_tell_apart_are_refused() -> None:
    values = np.stack([np.arange(100.0), 1.7e9 + np.arange(100) / 100], axis=1)
    with pytest.raises(UserError, match=r"width is about 1700000000.* float32 cannot resolve; subtract an offset such"):
        METRES.fitted(METRES.of_array(values))
    assert METRES.fitted(METRES.of_array(values - values.mean(axis=0))).std


def test_numbers_may_be_small() -> None:
    assert METRES.fitted(METRES.of_array(np.array([[1.0, 1e-15], [2.0, 2e-15]]))).std


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_none_is_told_with_its_place(bad: float) -> None:
    splits: dict[str, Targets] = {"train": METRES.of_array(np.array([[1.0, 2.0], [3.0, bad]]))}
    with pytest.raises(UserError, match="example 2 of train has a target that is no finite number"):
        METRES.check("x.npz", splits)
    assert METRES.check("x.npz", {"train": METRES.of_array(np.ones((2, 2)))}) == []


def test_numbers_of_other_names_are_refused() -> None:
    others = NumbersOfMany(np.ones((2, 2)), ("height", "depth"), ("m", "m"))
    with pytest.raises(UserError, match=r"x holds height \(m\), depth \(m\); the network tells height \(m\), width"):
        METRES.aligned("x", others)


def test_numbers_in_other_units_are_refused() -> None:
    others = NumbersOfMany(np.ones((2, 2)), METRES.names, ("m", "cm"))
    with pytest.raises(UserError, match=r"x holds .*, width \(cm\); the network tells height \(m\), width \(m\)"):
        METRES.aligned("x", others)
    assert METRES.aligned("x", METRES.of_array(np.ones((2, 2))))


def test_numbers_say_the_same_by_their_scale() -> None:
    spec = NumberTargets(names=("height",), units=("m",), mean=(0.0,), std=(100.0,))
    values = NumbersOfMany(np.array([[1000.0], [1010.0], [1090.0]]), spec.names, spec.units)
    scaled = [type(each)(each.names, each.units, each.values, np.array(spec.scale)) for each in values]
    for other, largest, same in ((scaled[1], 0.1, 1.0), (scaled[2], 0.9, 0.0)):
        found = scaled[0].difference(other)
        assert found.largest == pytest.approx(largest)
        assert (found.same, found.said) == (same, 1)


@pytest.mark.parametrize(
    ("spec", "values", "message"),
    [
        (Classes(names=("a", "b")), np.array([0.5, 1.0]), "one whole number each"),
        (Classes(names=("a", "b")), np.array([0, 2]), "outside 0..1"),
        (METRES, np.ones((2, 3)), "expected 2 numbers an example, not 3"),
        (ImageTarget(), np.zeros((2, 4, 4, 1), np.uint8), "need uint8"),
        (ImageTarget(), np.zeros((2, 4, 4, 3)), "need uint8"),
        (ImageTarget(names=("a", "b")), np.zeros((2, 4, 4, 2), np.uint8), "1 or 3 channels"),
        (ImageTarget(high=1.0), np.zeros((2, 4, 4, 3), np.uint8), "values from 0 to 255, not 3 and 0 to 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(spec: Any, values: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        spec.of_array(values)


def test_images_of_other_channels_are_refused() -> None:
    with pytest.raises(UserError, match="does not hold images of 3 channels"):
        ImageTarget().aligned("x", ImagesOfMany(np.zeros((1, 2, 2, 1), np.uint8)))


@pytest.mark.parametrize(
    "spec", [METRES, ImageTarget(), Joints(names=EYES), Palette(names=("a",), colours=((0, 0, 0),))]
)
def test_targets_of_another_kind_are_an_error_of_ours(spec: TargetSpec) -> None:
    with pytest.raises((TypeError, UserError)):
        spec.aligned("x", METRES.of_array(np.ones((1, 2))) if spec is not METRES else Labels(np.zeros(1, int), ("a",)))


def test_classes_in_another_order_are_matched_by_name() -> None:
    aligned = Classes(names=("a", "b", "c")).aligned("x", Labels(np.array([0, 1, 1]), ("c", "a")))
    assert isinstance(aligned, Labels)
    assert aligned.classes == ("a", "b", "c")
    assert aligned.indices.tolist() == [2, 0, 0]
    with pytest.raises(UserError, match=r"x: .*'d'.*try more"):
        Classes(names=("a", "b", "c")).aligned("x", Labels(np.array([0, 1]), ("d", "a")), "; try more")


def test_an_older_card_says_ignored() -> None:
    text = '{"target": {"kind": "palette", "names": ["road"], "colours": [[9, 9, 9]], "ignored": 7}}'
    target = _Holder.model_validate_json(text).target
    assert isinstance(target, Palette)
    assert target.ignore_index == 7


class _Placed:
    """Targets of named joints, as far as their specification looks."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any: ...
    def select(self, positions: Any) -> Any: ...
    def to_find(self) -> int:
        return 2

    def strata(self) -> Any: ...
    def lines(self) -> Any: ...


def test_joints_are_those_of_the_network_in_its_order() -> None:
    spec, targets = Joints(names=EYES), _Placed(EYES)
    assert spec.aligned("x", targets) is targets
    assert spec.check("x", {"train": targets}) == []
    assert spec.fitted(targets) == spec
    assert (spec.outputs, spec.scale) == (6, (1.0,) * 6)  # a share of the sides for each coordinate
    for names in (EYES[::-1], EYES[:2]):
        with pytest.raises(UserError, match="the network knows left eye, right eye, nose; more"):
            spec.aligned("x", _Placed(names), "; more")
        with pytest.raises(UserError, match="x holds the joints"):
            spec.check("x", {"train": targets, "val": _Placed(names)})


def test_what_is_alike_takes_two_examples() -> None:
    spec = Embedding(names=("a", "b"), dimensions=3)
    two, one = Labels(np.array([0, 1]), ("a", "b")), Labels(np.array([0]), ("z",))
    assert spec.check("x", {"train": two}) == []
    with pytest.raises(UserError, match="x: val holds one example"):
        spec.check("x", {"train": two, "val": one})
    assert spec.aligned("x", one) is one  # of classes that it has never seen
    assert spec.fitted(two) == spec
    assert (spec.outputs, spec.scale) == (3, (1.0,) * 3)


def test_several_labels_are_checked_and_matched_by_name() -> None:
    spec = SeveralLabels(names=("a", "b"))
    both, second = Labels(np.array([0, 1, 1]), ("b", "a")), Labels(np.array([1, 1]), ("a", "b"))
    assert spec.fitted(both) == spec
    assert (spec.outputs, spec.scale) == (2, (1.0, 1.0))
    assert spec.check("x", {"train": both, "val": second}) == ["val holds no image of a"]
    with pytest.raises(UserError, match="'a' is in val but not in train"):
        spec.check("x", {"train": second, "val": both})
    aligned = spec.aligned("x", both)
    assert isinstance(aligned, Labels)
    assert aligned.indices.tolist() == [1, 0, 0]
    with pytest.raises(UserError, match=r"x: .*'c'"):
        spec.aligned("x", Labels(np.array([0]), ("c",)))
