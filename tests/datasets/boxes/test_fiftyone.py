import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]


@pytest.fixture
def write(image: MakeImage, tmp_path: Path) -> Callable[..., Path]:
    """Writes labels.json about data/a.png, data/b.png and data/deep/c.png, and returns its folder."""

    def write(labels: Any, classes: Any = ("cat", "dog"), below: str = "") -> Path:
        for name in ("a", "b", "deep/c"):
            image(f"set/{below}data/{name}.png")
        (tmp_path / f"set/{below}labels.json").write_text(json.dumps({"classes": classes, "labels": labels}))
        return tmp_path / "set"

    return write


def box(label: Any, *sides: float) -> dict[str, Any]:
    return {"label": label, "bounding_box": sides, "confidence": None}


def test_boxes(write: Callable[..., Path]) -> None:
    folder = write({"a": [box(1, 0.25, 0, 0.5, 1), box("cat", 0, 0, 1, 0.5)], "b.png": [], "deep/c": None})
    dataset = read_dataset(folder)
    assert (dataset.task, dataset.target.names, list(dataset.splits)) == ("detection", ("cat", "dog"), [UNSPLIT])
    assert told(dataset, "data/a.png") == [("dog", [10, 0, 30, 30]), ("cat", [0, 0, 40, 15])]
    assert told(dataset, "data/b.png") == []
    assert any("without a label: 1 image" in note for note in dataset.notes)
    assert len(boxes(read_dataset(folder / "labels.json"), "data/a.png")) == 2


def test_a_class_that_is_not_listed(write: Callable[..., Path]) -> None:
    dataset = read_dataset(write({"a": [box("fox", 0, 0, 1, 1), box(1, 0, 0, 1, 1)]}))
    assert (dataset.target.names, dataset.listed) == (("dog", "fox"), ("cat", "dog", "fox"))


def test_splits(write: Callable[..., Path]) -> None:
    write({"a": [box(1, 0.25, 0, 0.5, 1)]}, below="train/")
    folder = write({"deep/c": [box(1, 0, 0, 1, 1)]}, below="val/")
    assert told(read_dataset(folder), "val/data/deep/c.png", "val") == [("dog", [0, 0, 40, 30])]


@pytest.mark.parametrize(
    "labels", [{"a": 0, "b": 1, "deep/c": 0}, {"a": "cat", "b": {"label": "dog"}, "deep/c": "cat"}]
)
def test_classes(write: Callable[..., Path], labels: Any) -> None:
    dataset = read_dataset(write(labels))
    assert (dataset.task, dataset.target.names) == ("classification", ("cat", "dog"))
    split = dataset.split(UNSPLIT)
    assert dict(zip(split.names, split.targets.lines(), strict=True)) == {
        "data/a.png": "cat",
        "data/b.png": "dog",
        "data/deep/c.png": "cat",
    }


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"z": 0}, "'z': no such image in"),
        ({"a": 2}, "'a': the class is 2; expected a name, or a number under 2"),
        ({"a": [box(None, 0, 0, 1, 1)]}, "'a': the class is None"),
        ({"a": [box([], 0, 0, 1, 1)]}, "'a': the class is []"),
        ({"a": [box(0, 0, 1)]}, "'a': bounding_box is [0, 1]; expected x, y, width, height"),
        ({"a": [{"label": "cat"}]}, "are no boxes; several classes for an image are not read"),
        ({"a": [box(0, 0, 0, 1, 1)], "b": 0}, "boxes here, but a class elsewhere"),
        ([], "labels.json has no object 'labels'"),
    ],
)
def test_a_wrong_label(write: Callable[..., Path], labels: Any, words: str) -> None:
    assert words in refused(write(labels))
