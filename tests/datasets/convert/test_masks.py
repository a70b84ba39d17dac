"""Masks from one format into another and back: what is the same again, and what is said to be lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.command import within

from convsight.datasets import Dataset, read_as_it_is
from convsight.datasets.convert import Converted, convert
from convsight.datasets.masks.adopt import with_classes, with_things
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.results import ids_to_rgb

NAMES = ("sky", "road, wet", "tree")
SIZES = {"train": [(9, 7), (8, 8)], "val": [(12, 5)]}


def _save(path: Path, values: Any, kind: type = np.uint8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, kind)).save(path)


@pytest.fixture
def classes(tmp_path: Path) -> Dataset:
    """Three images with classes at random, and pixels of none."""
    random = np.random.default_rng(0)
    for split, sizes in SIZES.items():
        for number, (width, height) in enumerate(sizes):
            _save(tmp_path / f"from/{split}/images/{split}{number}.png", random.integers(0, 256, (height, width, 3)))
            mask = random.choice([0, 1, 2, 255], (height, width))
            _save(tmp_path / f"from/{split}/masks/{split}{number}.png", mask)
    (tmp_path / "from/palette.json").write_text(
        json.dumps([{"name": name, "color": [9 * k, 1, 2], "id": k} for k, name in enumerate(NAMES)])
    )
    return read_as_it_is(tmp_path / "from")


def _written(dataset: Dataset, out: Path, to: str) -> tuple[Converted, Dataset]:
    return convert(dataset, out, to, Silent()), read_as_it_is(out)


def _stems(dataset: Dataset) -> dict[tuple[str, str], Any]:
    """The target of each image, by its split and its name alone."""
    return {
        (split.name, Path(name).stem): split.targets[row]
        for split in dataset.splits.values()
        for row, name in enumerate(split.names)
    }


@pytest.mark.parametrize("to", ["masks", "voc-masks", "panoptic"])
def test_classes_of_pixels_come_back(classes: Dataset, tmp_path: Path, to: str) -> None:
    done, written = _written(classes, tmp_path / "to", to)
    assert (done.format, done.pictures, done.lost) == (to, 3, ())
    found = with_classes(written)
    assert found is not None
    assert found.target.names == NAMES
    assert found.target.colours == ((0, 1, 2), (9, 1, 2), (18, 1, 2))  # type: ignore[attr-defined]
    before, after = _stems(classes), _stems(found)
    assert before.keys() == after.keys()
    for key, target in before.items():
        assert (target.indices == after[key].indices).all()


def test_more_classes_than_8_bits_hold(tmp_path: Path) -> None:
    _save(tmp_path / "from/images/a.png", np.zeros((20, 20, 3)))
    _save(tmp_path / "from/masks/a.png", np.arange(400).reshape(20, 20), np.uint16)
    dataset = read_as_it_is(tmp_path / "from")
    done, written = _written(dataset, tmp_path / "to", "masks")
    assert done.lost == ("the colours of the classes are lost, since some share one",)
    assert written.target.names == dataset.target.names
    assert (_stems(written)["all", "a"].indices == np.arange(400).reshape(20, 20)).all()
    assert convert(dataset, tmp_path / "voc", "voc-masks", Silent()).lost == (
        "1 mask of more than 255 classes are of 16 bits, which readers of VOC may refuse",
    )


RING = np.zeros((7, 9), bool)
RING[:5, :5] = True
RING[2, 2] = False
TWO_PARTS = np.zeros((7, 9), bool)
TWO_PARTS[6, :3] = TWO_PARTS[5:, 6:] = True
BAR = np.zeros((7, 9), bool)
BAR[:, 7] = True  # over two pixels of the second


@pytest.fixture
def things(tmp_path: Path) -> Dataset:
    """An image with a ring, a thing in two parts, and a bar that lies over one of these; one with nothing."""
    for name, masks in (("a", (RING, TWO_PARTS, BAR)), ("b", ())):
        _save(tmp_path / f"from/{name}/images/{name}.png", np.full((7, 9, 3), ord(name)))
        (tmp_path / f"from/{name}/masks").mkdir()
        for number, mask in enumerate(masks):
            _save(tmp_path / f"from/{name}/masks/m{number}.png", mask * 255)
    return read_as_it_is(tmp_path / "from")


def _masks(dataset: Dataset, stem: str) -> list[Any]:
    boxes = _stems(dataset)["all" if "all" in dataset.splits else "train", stem]
    return [mask.full(boxes.size) for mask in boxes.columns["mask"]]


def test_coco_keeps_every_pixel_of_every_thing(things: Dataset, tmp_path: Path) -> None:
    done, written = _written(things, tmp_path / "to", "coco")
    assert done.lost == ("of 3 things the pixels are kept; outlines between pixels are lost",)
    assert written.task == "detection"
    found = with_things(written)
    assert found is not None
    assert [mask.tolist() for mask in _masks(found, "a")] == [each.tolist() for each in (RING, TWO_PARTS, BAR)]
    assert _masks(found, "b") == []
    annotations = json.loads((tmp_path / "to/annotations/instances.json").read_text())["annotations"]
    assert [type(each["segmentation"]) for each in annotations] == [
        dict,
        list,
        list,
    ]  # run lengths where there is a hole
    assert [len(each["segmentation"]) for each in annotations] == [2, 2, 1]
    assert [each["area"] for each in annotations] == [24, 9, 7]


def test_numbers_keep_the_smallest_thing_at_a_pixel(things: Dataset, tmp_path: Path) -> None:
    done, written = _written(things, tmp_path / "to", "instances")
    assert done.lost == ("overlaps are lost: 2 pixels of several things are the smallest one's",)
    assert written.target.names == ("object",)
    seen = [RING, TWO_PARTS & ~BAR, BAR]
    assert [mask.tolist() for mask in _masks(written, "a")] == [each.tolist() for each in seen]
    _, segments = _written(things, tmp_path / "segments", "panoptic")
    assert segments.task == "panoptic"
    found = with_things(segments)
    assert found is not None
    assert sorted(mask.tolist() for mask in _masks(found, "a")) == sorted(each.tolist() for each in seen)
    assert _masks(found, "b") == []


def test_yolo_keeps_an_outline_a_thing(things: Dataset, tmp_path: Path) -> None:
    done, written = _written(things, tmp_path / "to", "yolo")
    assert done.lost[:2] == (
        "holes in 1 thing are filled; YOLO has one outline a thing",
        "of 1 thing in several parts the largest is kept; YOLO has one outline a thing",
    )
    found = with_things(written)
    assert found is not None
    filled, largest = RING.copy(), TWO_PARTS.copy()
    filled[2, 2] = True
    largest[6, :3] = False
    assert [mask.tolist() for mask in _masks(found, "a")] == [each.tolist() for each in (filled, largest, BAR)]


def test_boxes_alone_say_what_they_lose(things: Dataset, tmp_path: Path) -> None:
    for to in ("voc", "csv"):
        assert any(
            "the pixels of 3 things are lost" in words for words in convert(things, tmp_path / to, to, Silent()).lost
        )


def test_classes_of_things(things: Dataset, tmp_path: Path) -> None:
    done, written = _written(things, tmp_path / "to", "masks")
    assert done.lost == ("which pixels are of one thing is lost; those that no thing covers are background",)
    assert written.target.names == ("background", "object")
    assert (_stems(written)["all", "a"].indices == (RING | TWO_PARTS | BAR)).all()


def test_several_classes_of_things_as_numbers(tmp_path: Path) -> None:
    ids = np.array([[1001, 1001, 2001, 2002], [1002, 0, 2001, 0]])
    _save(tmp_path / "from/images/a.png", np.zeros((2, 4, 3)))
    _save(tmp_path / "from/instances/a.png", ids, np.uint16)
    (tmp_path / "from/instances/labels.txt").write_text("cat\ndog\n")
    done, written = _written(read_as_it_is(tmp_path / "from"), tmp_path / "to", "instances")
    assert done.lost == ()
    assert written.target.names == ("cat", "dog")
    assert sorted(np.unique(np.asarray(Image.open(tmp_path / "to/instances/a.png")))) == sorted(np.unique(ids))
    boxes = _stems(written)["all", "a"]
    assert [(boxes.classes[label], int(area)) for label, area in zip(boxes.labels, boxes.areas, strict=True)] == [
        ("cat", 2),
        ("cat", 1),
        ("dog", 2),
        ("dog", 1),
    ]


@pytest.fixture
def segments(tmp_path: Path) -> Dataset:
    ids = np.array([[70000, 70000, 3, 3, 0, 0], [70000, 70000, 3, 3, 0, 0], [500, 500, 500, 500, 500, 500]])
    _save(tmp_path / "from/images/a.png", np.zeros((3, 6, 3)))
    _save(tmp_path / "from/annotations/panoptic/a.png", ids_to_rgb(ids))
    kinds = ({"id": 9, "name": "sky", "isthing": 0}, {"id": 1, "name": "cat", "isthing": 1})
    told = [
        {"id": number, "category_id": kind, "iscrowd": number == 3} for number, kind in ((70000, 1), (3, 1), (500, 9))
    ]
    document = {
        "images": [{"id": 5, "file_name": "a.png", "width": 6, "height": 3}],
        "annotations": [{"image_id": 5, "file_name": "a.png", "segments_info": told}],
        "categories": kinds,
    }
    (tmp_path / "from/annotations/panoptic.json").write_text(json.dumps(document))
    return read_as_it_is(tmp_path / "from")


def test_segments_come_back(segments: Dataset, tmp_path: Path) -> None:
    done, written = _written(segments, tmp_path / "to", "panoptic")
    assert done.lost == ()
    assert written.target == segments.target
    before, after = _stems(segments)["all", "a"], _stems(written)["all", "a"]
    assert (before.ids == after.ids).all()
    assert before.crowd.tolist() == after.crowd.tolist()


def test_what_segments_lose(segments: Dataset, tmp_path: Path) -> None:
    done, written = _written(segments, tmp_path / "masks", "masks")
    assert done.lost == ("which pixels are of one thing is lost; those that no thing covers are background",)
    assert _stems(written)["all", "a"].indices.tolist() == [[0, 0, 0, 0, 255, 255]] * 2 + [[1] * 6]
    done, _ = _written(segments, tmp_path / "instances", "instances")
    assert done.lost == (
        "1 class that are no things, or of which there are none, are lost",
        "that 1 thing are crowds is lost",
    )


def test_what_cannot_be_converted(classes: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="targets of segmentation, which do not tell things with their pixels"):
        convert(classes, tmp_path / "to", "instances", Silent())
    with pytest.raises(UserError, match="holds targets of segmentation, not boxes"):
        convert(classes, tmp_path / "to", "coco", Silent())
    assert not (tmp_path / "to").exists()


def test_a_mask_that_cannot_be_used_stops_the_whole(classes: Dataset, tmp_path: Path) -> None:
    _save(tmp_path / "from/val/masks/val0.png", np.zeros((2, 2)))
    with pytest.raises(UserError, match="is 2 x 2 px, but its image"):
        convert(classes, tmp_path / "to", "voc-masks", Silent())
    assert not (tmp_path / "to").exists()


def test_the_verb(things: Dataset, tmp_path: Path) -> None:
    done = within("convert", things.source, tmp_path / "to", "--to", "instances")
    assert done.returncode == 0, done.stderr
    assert "note: overlaps are lost: 2 pixels" in done.stderr
    assert done.stdout.strip() == f"{tmp_path / 'to'}: 2 images"


def test_real_photos(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    before = with_things(read_as_it_is(shared_data("coco_permissive")))
    assert before is not None
    convert(before, tmp_path / "to", "coco", Silent(), link=True)
    after = with_things(read_as_it_is(tmp_path / "to"))
    assert after is not None
    for row in range(len(before.splits["all"])):
        one, two = before.splits["all"].targets[row], after.splits["all"].targets[row]
        masks, others = (each.columns["mask"] for each in (one, two))  # type: ignore[attr-defined]
        assert len(masks) == len(others)
        for mask, other in zip(masks, others, strict=True):
            assert (mask.xyxy, mask.area) == (other.xyxy, other.area)
            assert (mask.pixels == other.pixels).all()
