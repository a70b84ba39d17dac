"""Names of metrics: what is written is read, whatever classes are called; users' strings stay as they are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convsight.metrics import MetricName, named, whole_and_parts

ODD = ("half/open", "[red]", "", "/", "baseline", "a/baseline/b/c", "back\\slash", ":cat:", "猫", "new\nline", " ")
PARTS = st.text(min_size=1).filter(lambda text: "/" not in text)
NAMES = PARTS.filter(lambda name: name != "baseline")


@given(split=PARTS, name=NAMES, of=st.none() | st.text() | st.sampled_from(ODD), baseline=st.none() | PARTS)
def test_what_is_written_is_read(split: str, name: str, of: str | None, baseline: str | None) -> None:
    whole = MetricName(split, name, of, baseline)
    assert MetricName.parse(str(whole)) == whole
    assert MetricName.within(split, whole.computed, baseline) == whole


@given(text=st.text(alphabet="ab/[ ") | st.from_regex(r"\A[a-c/]*(baseline/)?[a-c/]*\Z"))
@example(text="test/baseline/majority/accuracy")
@example(text="test/baseline/accuracy")
@example(text="test/baseline//accuracy")
def test_what_is_read_is_written_as_it_was(text: str) -> None:
    name = MetricName.parse(text)
    assert name is None or str(name) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("test/accuracy", MetricName("test", "accuracy")),
        ("train/loss", MetricName("train", "loss")),
        ("train/loss/box", MetricName("train", "loss", "box")),
        ("val/recall/cat", MetricName("val", "recall", "cat")),
        ("val/recall/half/open", MetricName("val", "recall", "half/open")),
        ("test/recall/baseline/x", MetricName("test", "recall", "baseline/x")),
        ("test/baseline/majority/accuracy", MetricName("test", "accuracy", baseline="majority")),
        ("test/baseline/linear/recall/a/b", MetricName("test", "recall", "a/b", "linear")),
    ],
)
def test_the_strings_that_users_have(text: str, name: MetricName) -> None:
    assert str(name) == text
    assert MetricName.parse(text) == name


@pytest.mark.parametrize("text", ["epoch", "", "/", "/accuracy", "test/", "test//cat", "test/baseline/x", "a/baseline"])
def test_what_is_no_name_of_a_metric_is_none(text: str) -> None:
    assert MetricName.parse(text) is None


@pytest.mark.parametrize("parts", [("", "auc"), ("test", ""), ("a/b", "auc"), ("test", "a/b"), ("test", "baseline")])
def test_parts_that_could_not_be_read_again_are_refused(parts: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="metric"):
        MetricName(*parts)
    with pytest.raises(ValueError, match="a part of a metric's name"):
        MetricName("test", "auc", baseline="a/b")


def test_what_metrics_compute_is_named_after_its_split() -> None:
    assert named("test", {"accuracy": 1, "recall/a/b": 2}) == {"test/accuracy": 1, "test/recall/a/b": 2}
    assert named("test", {"accuracy": 1}, baseline="majority") == {"test/baseline/majority/accuracy": 1}


def test_parts_stand_in_rows_and_baselines_with_the_whole() -> None:
    found = {"test/auc": 1, "test/recall/a/b": 2, "val/recall/a/b": 3, "test/f1/a/b": 4, "test/baseline/mean/auc": 5}
    whole, parts = whole_and_parts(found)
    assert whole == {"test/auc": 1, "test/baseline/mean/auc": 5}
    assert parts == {"test: a/b": {"recall": 2, "f1": 4}, "val: a/b": {"recall": 3}}
    assert whole_and_parts({"odd": 1}) == ({"odd": 1}, {})
