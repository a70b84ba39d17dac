import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]


def rectangle(label: Any, x: Any, y: float, width: float, height: float, rotation: float = 0) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation, "rectanglelabels": [label]}
    return {
        "type": "rectanglelabels",
        "from_name": "label",
        "original_width": 40,
        "original_height": 30,
        "value": value,
    }


def polygon(label: str, *points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "polygonlabels", "value": {"points": points, "polygonlabels": [label]}}


def choice(*labels: str) -> dict[str, Any]:
    return {"type": "choices", "value": {"choices": labels}}


def task(image: str, *results: Any, cancelled: bool = False) -> dict[str, Any]:
    annotations = [{"id": 5, "was_cancelled": cancelled, "result": list(results)}]
    return {"id": 11, "annotations": annotations, "predictions": [], "data": {"note": "by hand", "image": image}}


def write(path: Path, *tasks: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tasks))
    return path.parent


def test_rectangles_and_polygons_in_percent(image: MakeImage, tmp_path: Path) -> None:
    for name in ("a.png", "b c.png", "1a2b3c4d-d.png", "e.png", "f.png"):
        image(f"set/images/{name}")
    folder = write(
        tmp_path / "set" / "project-1.json",
        task("/data/upload/1/0123abcd-a.png", rectangle("cat", 10, 20, 25, 50), choice("outside")),
        task("/data/local-files/?d=images/b%20c.png", polygon("dog", (0, 0), (50, 0), (50, 50))),
        task("s3://bucket/1a2b3c4d-d.png", rectangle("dog", 50, 50, 25, 20, rotation=90)),
        task("http://localhost/e.png"),
        task("f.png", rectangle("cat", 1, 1, 1, 1), cancelled=True),
    )
    dataset = read_dataset(folder)
    assert (dataset.target.names, list(dataset.splits)) == (("cat", "dog"), [UNSPLIT])
    assert told(dataset, "images/a.png") == [("cat", [4, 6, 14, 21])]
    assert told(dataset, "images/b c.png") == [("dog", [0, 0, 20, 15])]
    assert boxes(dataset, "images/b c.png").areas.tolist() == [150]
    (turned,) = told(dataset, "images/1a2b3c4d-d.png")
    assert turned[1] == pytest.approx([14, 15, 20, 25]), "turned clockwise about its upper left corner"
    assert told(dataset, "images/e.png") == []
    assert len(dataset.split(UNSPLIT)) == 4
    assert "left out, since nobody annotated them: 1 task" in dataset.notes
    assert "what is no rectangle or polygon left out: 1" in dataset.notes


def test_choices_are_classes(image: MakeImage, tmp_path: Path) -> None:
    image("a.png")
    image("deep/a.png")
    file = write(tmp_path / "x.json", task("a.png", choice("cat")), task("/deep/a.png", choice("dog"))) / "x.json"
    dataset = read_dataset(file)
    assert (dataset.task, dataset.target.names) == ("classification", ("cat", "dog"))
    split = dataset.split(UNSPLIT)
    assert list(split.names) == ["a.png", "deep/a.png"]
    assert [split.targets[row].name for row in range(2)] == ["cat", "dog"]  # type: ignore[attr-defined]
    write(file, task("a.png", choice("cat", "dog")))
    assert "task 11: 'cat', 'dog' are several classes for one image" in refused(file)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (task("a.png", rectangle("", 1, 2, 3, 4)), "task 11, result 1: its label is ['']"),
        (task("a.png", rectangle("cat", "left", 2, 3, 4)), "task 11, result 1: it lies at ['left', 2, 3, 4, 0]"),
        (task("a.png", polygon("cat")), "task 11, result 1: it lies at []"),
        (task("b.png", rectangle("cat", 1, 2, 3, 4)), "no such file: b.png"),
        (task("a.wav", rectangle("cat", 1, 2, 3, 4)), "which name no image"),
        ({"id": 3, "annotations": [{"result": 3}], "data": {}}, "task 3: its result is 3, not a list"),
    ],
)
def test_what_is_wrong_is_named(image: MakeImage, tmp_path: Path, given: Any, words: str) -> None:
    image("a.png")
    assert words in refused(write(tmp_path / "x.json", given))
