"""What COCO's and YOLO's outlines tell of pixels, held against pycocotools."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco
from tests.command import within
from tests.datasets.masks.conftest import Write
from tests.datasets.masks.said import indices, things

from convsight.datasets import read_as_it_is
from convsight.datasets.masks.adopt import painted, with_classes, with_segments, with_things
from convsight.datasets.masks.instance_source import boxes_of_masks
from convsight.errors import UserError
from convsight.results.masks import Mask

Text = Callable[[str, str], Path]

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def _document(*segmentations: object) -> str:
    boxes = [[0, 0, 4, 3], [2, 1, 4, 3], [1, 1, 1, 1]]
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.png", "width": 6, "height": 4}],
            "annotations": [
                {"id": k, "image_id": 1, "category_id": 1 + k % 2, "bbox": boxes[k], "area": 5, "segmentation": each}
                for k, each in enumerate(segmentations)
            ],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        }
    )


SQUARE = [[0, 0, 4, 0, 4, 3, 0, 3]]
RUNS = np.zeros((4, 6), np.uint8)
RUNS[1:, 2:] = 1


@pytest.mark.parametrize("counts", ["text", "lengths"])
def test_polygons_and_run_lengths(write: Write, text: Text, tmp_path: Path, counts: str) -> None:
    write("images/a.png")
    packed: Any = coco.encode(np.asfortranarray(RUNS))
    lengths = [9, 3, 1, 3, 1, 3, 1, 3]
    runs = {"size": [4, 6], "counts": packed["counts"].decode() if counts == "text" else lengths}
    text("instances.json", _document(SQUARE, runs, []))
    dataset = read_as_it_is(tmp_path)
    assert dataset.task == "detection"
    found = with_things(dataset)
    assert found is not None
    assert things(found, "images/a.png") == [
        ("cat", [0, 0, 4, 3], 12),
        ("dog", [2, 1, 6, 4], 12),
        ("cat", [1, 1, 2, 2], 1),  # without an outline a box has all pixels in it
    ]
    classes = with_classes(dataset)
    assert classes is not None
    assert classes.target.names == ("background", "cat", "dog")
    # Of two things of one size the later one is on top.
    expected = [[1, 1, 1, 1, 0, 0], [1, 1, 2, 2, 2, 2], [1, 1, 2, 2, 2, 2], [0, 0, 2, 2, 2, 2]]
    assert indices(classes, "images/a.png") == expected
    assert with_segments(dataset) is None


@pytest.mark.parametrize(
    ("segmentation", "words"),
    [
        ([[1, 2, 3]], "expected x, y of three corners or more"),
        ([[1, 2, 3, 4, 5]], "expected x, y of three corners or more"),
        ("text", "expected lists of x, y or an object with counts"),
        ({"counts": [1]}, "segmentation has the size None"),
        ({"size": [4, 6], "counts": 7}, "expected run lengths, or their text"),
    ],
)
def test_what_is_refused(write: Write, text: Text, tmp_path: Path, segmentation: object, words: str) -> None:
    write("images/a.png")
    text("instances.json", _document(segmentation))
    with pytest.raises(UserError, match=rf"instances\.json, annotation 0: .*{words}"):
        with_things(read_as_it_is(tmp_path))


@pytest.mark.parametrize("size", [[6, 4], [4, 7]])
def test_run_lengths_of_another_image(write: Write, text: Text, tmp_path: Path, size: list[int]) -> None:
    write("images/a.png")
    text("instances.json", _document({"size": size, "counts": [size[0] * size[1]]}))
    found = with_things(read_as_it_is(tmp_path))
    assert found is not None
    with pytest.raises(UserError, match=r"run lengths of an image of .* not of"):
        found.splits["all"].targets[0]


def test_outlines_of_yolo(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/train/a.png")
    text("labels/train/a.txt", "0 0 0 0.5 0 0.5 0.5 0 0.5\n1 0.75 0.5 0.5 1\n")
    text("data.yaml", "train: images/train\nnames: [cat, dog]\n")
    found = with_things(read_as_it_is(tmp_path))
    assert found is not None
    assert things(found, "images/train/a.png") == [("cat", [0, 0, 3, 2], 6), ("dog", [3, 0, 6, 4], 12)]


def test_every_thing_of_real_photos(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("coco_permissive")
    found = with_things(read_as_it_is(path))
    assert found is not None
    document = json.loads((path / "instances.json").read_text())
    split = found.splits["all"]
    names = {image["id"]: image for image in document["images"]}
    compared = 0
    for row, name in enumerate(split.names):
        image = next(each for each in names.values() if name.endswith(each["file_name"]))
        size = image["height"], image["width"]
        annotations = [each for each in document["annotations"] if each["image_id"] == image["id"]]
        boxes: Any = split.targets[row]
        for mask, each in zip(boxes.columns["mask"], annotations, strict=True):
            runs: Any = coco.frPyObjects(each["segmentation"], *size)
            runs = coco.merge(runs) if isinstance(runs, list) else runs
            assert (mask.full(size[::-1]) == coco.decode(runs).astype(bool)).all()
            compared += 1
    assert compared == 246


def test_the_audit_looks_at_what_it_is_told(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    text("instances.json", _document(SQUARE, [[0, 0, 1, 0, 1, 1, 0, 1]]))
    done = within("audit", tmp_path, "--task", "instances", "--format", "json")
    assert "specks" in [finding["kind"] for finding in json.loads(done.stdout)["findings"]], done.stderr
    written = within("convert", tmp_path, tmp_path / "to", "--to", "coco", "--task", "instances")
    assert written.returncode == 0, written.stderr
    annotations = json.loads((tmp_path / "to/annotations/instances.json").read_text())["annotations"]
    assert annotations[0]["segmentation"] == [[0, 0, 4, 0, 4, 3, 0, 3]]


@pytest.mark.parametrize("turned", [False, True])
def test_the_smallest_thing_gives_the_class_whatever_the_order(turned: bool) -> None:
    ids = [np.ones((2, 3), np.uint8), np.array([[0, 2, 0], [0, 0, 0]], np.uint8)]
    masks = [Mask.of(each > 0) for each in (ids[::-1] if turned else ids)]
    labels = [1, 0] if turned else [0, 1]
    boxes = boxes_of_masks(masks, labels, ("plate", "cup"), (3, 2))
    assert painted(boxes, 255).tolist() == [[1, 2, 1], [1, 1, 1]]
    # What nobody need find is of no class, under all else.
    hidden = boxes_of_masks(masks, labels, ("plate", "cup"), (3, 2), difficult=[each == 0 for each in labels])
    assert painted(hidden, 255).tolist() == [[255, 2, 255], [255, 255, 255]]


def test_shapes_of_labelme(write: Write, text: Text, tmp_path: Path) -> None:
    write("a.png", np.zeros((30, 40, 3)))
    pixels = io.BytesIO()
    Image.fromarray(np.array([[True, False, True], [True, True, True]])).save(pixels, "PNG")
    shapes = [
        {"label": "cat", "shape_type": "polygon", "points": [[0, 0], [4, 0], [4, 3], [0, 3]]},
        {"label": "dog", "shape_type": "rectangle", "points": [[10, 10], [6, 8]]},
        {"label": "sun", "shape_type": "circle", "points": [[25, 15], [25, 25]]},
        {
            "label": "owl",
            "shape_type": "mask",
            "points": [[1, 20], [4, 22]],
            "mask": b64encode(pixels.getvalue()).decode(),
        },
    ]
    document = {"shapes": shapes, "imagePath": "a.png", "imageWidth": 40, "imageHeight": 30}
    text("a.json", json.dumps(document))
    dataset = read_as_it_is(tmp_path)
    assert dataset.task == "detection"
    found = with_things(dataset)
    assert found is not None
    cat, dog, sun, owl = things(found, "a.png")
    assert (cat, dog, owl) == (
        ("cat", [0, 0, 4, 3], 12),
        ("dog", [6, 8, 10, 10], 8),
        ("owl", [1, 20, 4, 22], 5),
    )
    assert sun[2] == pytest.approx(np.pi * 100, rel=0.02)
    shapes[3]["mask"] = "none"
    text("a.json", json.dumps(document))
    with pytest.raises(UserError, match=r"a\.json, shape 4: the mask cannot be read"):
        with_things(read_as_it_is(tmp_path))


def test_polygons_of_cvat(write: Write, text: Text, tmp_path: Path) -> None:
    write("images/a.png")
    text(
        "annotations.xml",
        '<annotations><image name="a.png"><polygon label="cat" points="0,0;4,0;0,4"/>'
        '<box label="dog" xtl="3" ytl="1" xbr="6" ybr="4"/></image></annotations>',
    )
    found = with_things(read_as_it_is(tmp_path))
    assert found is not None
    cat, dog = things(found, "images/a.png")
    theirs: Any = coco.merge(coco.frPyObjects([[0, 0, 4, 0, 0, 4]], 4, 6))
    assert cat == ("cat", [0, 0, 4, 4], int(coco.area(theirs)))
    assert dog == ("dog", [3, 1, 6, 4], 9)
