import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset
from convsight.datasets.masks.adopt import with_things
from convsight.errors import UserError

MakeImage = Callable[..., Path]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="  # a PNG


def shape(label: Any, *points: tuple[float, float], kind: str = "rectangle") -> dict[str, Any]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}}


def write(path: Path, *shapes: Any, image: str = "", size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": image, "imageData": "AAAA"}
    path.write_text(json.dumps(document | {"imageWidth": size[0], "imageHeight": size[1]}))
    return path.parent


def test_shapes(image: MakeImage, tmp_path: Path) -> None:
    image("a.png")
    image("b.png")
    folder = write(
        tmp_path / "a.json",
        shape("cat", (11, 12), (1.5, 2)),
        shape("dog", (0, 0), (10, 0), (10, 10), kind="polygon"),
        shape("dog", (20, 15), (23, 19), kind="circle"),
        shape("dog", (1, 1), kind="point"),
    )
    write(tmp_path / "b.json")
    dataset = read_dataset(folder)
    assert (dataset.target.names, list(dataset.splits)) == (("cat", "dog"), [UNSPLIT])
    expected = [("cat", [1.5, 2, 11, 12]), ("dog", [0, 0, 10, 10]), ("dog", [15, 10, 25, 20])]
    assert told(dataset, "a.png") == expected
    assert boxes(dataset, "a.png").areas.tolist() == [95, 50, 100]
    assert told(dataset, "b.png") == []
    assert dataset.notes == ("points, lines and the like, which have no box, left out: 1",)


@pytest.mark.parametrize(
    ("file", "stated", "split"),
    [
        ("train/a.json", "", "train"),
        ("annotations/a.json", "..\\images\\other.png", UNSPLIT),
        ("labels/other.json", "", UNSPLIT),
    ],
)
def test_layouts(image: MakeImage, tmp_path: Path, file: str, stated: str, split: str) -> None:
    place = "train/a.png" if split == "train" else "images/other.png"
    image(f"set/{place}")
    write(tmp_path / "set" / file, shape("cat", (1, 2), (3, 4)), image=stated)
    assert told(read_dataset(tmp_path / "set"), place, split) == [("cat", [1, 2, 3, 4])]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (shape("", (1, 2), (3, 4)), "a.json, shape 2: the label is ''"),
        (shape(7, (1, 2), (3, 4)), "a.json, shape 2: the label is 7"),
        (shape("cat"), "a.json, shape 2: points are []"),
        ({"label": "cat", "points": [["x", 2]]}, "a.json, shape 2: points are [['x', 2]]"),
    ],
)
def test_a_wrong_shape(image: MakeImage, tmp_path: Path, wrong: dict[str, Any], words: str) -> None:
    image("a.png")
    assert words in refused(write(tmp_path / "a.json", shape("cat", (1, 2), (3, 4)), wrong))


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    assert "a.json: no such file: b.png" in refused(
        write(tmp_path / "a.json", shape("cat", (1, 2), (3, 4)), image="b.png")
    )


def test_another_size_than_stated_is_told(image: MakeImage, tmp_path: Path) -> None:
    image("a.png")
    dataset = read_dataset(write(tmp_path / "a.json", shape("cat", (1, 2), (3, 4)), size=(80, 60)))
    assert "other-size" in [finding.kind for finding in dataset.findings]


def test_shapes_of_one_group_are_one_thing(image: MakeImage, tmp_path: Path) -> None:
    image("a.png")
    parts = [
        shape("cat", (1, 2), (5, 4)),
        shape("cat", (20, 10), (24, 10), (24, 14), (20, 14), kind="polygon"),
        shape("dog", (30, 20), (34, 24)),
        shape("cat", (10, 1), (12, 3)),
    ]
    for part, group in zip(parts, (3, 3, 3, None), strict=True):
        part["group_id"] = group
    folder = write(tmp_path / "a.json", *parts)
    dataset = read_dataset(folder)
    assert told(dataset, "a.png") == [("cat", [1, 2, 24, 14]), ("dog", [30, 20, 34, 24]), ("cat", [10, 1, 12, 3])]
    assert boxes(dataset, "a.png").areas.tolist() == [8 + 16, 16, 4]
    assert dataset.notes == ()
    found = with_things(dataset)
    assert found is not None
    masks = boxes(found, "a.png").masks
    assert [mask.area for mask in masks] == [8 + 16, 16, 4]
    assert masks[0].xyxy == (1, 2, 24, 14)
    parts[1] |= {"shape_type": "mask", "mask": PIXEL, "points": [(20, 10), (20, 10)]}
    write(tmp_path / "a.json", *parts)
    with pytest.raises(UserError, match=r"a.json, shape 2: a group of masks and outlines"):
        with_things(read_dataset(folder))
    parts[0] |= {"shape_type": "mask", "mask": PIXEL, "points": [(7, 8), (7, 8)]}
    write(tmp_path / "a.json", *parts)
    found = with_things(read_dataset(folder))
    assert found is not None
    joined = boxes(found, "a.png").masks[0]
    assert (joined.area, joined.xyxy) == (2, (7, 8, 21, 11))
