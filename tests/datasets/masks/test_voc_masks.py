from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.datasets.masks.conftest import Write
from tests.datasets.masks.said import MASK, indices, refused, things

from convsight.datasets import read_as_it_is
from convsight.datasets.masks.adopt import with_classes, with_things
from convsight.datasets.masks.known_palettes import VOC_NAMES, voc_colours

Text = Callable[[str, str], Path]

OBJECTS = np.array([[0, 0, 0, 1, 1, 255], [0, 0, 0, 1, 1, 255], [2, 2, 3, 3, 1, 1], [2, 2, 3, 3, 1, 1]], np.uint8)
KINDS = np.array([[0, 0, 0, 12, 12, 255], [0, 0, 0, 12, 12, 255], [8, 8, 8, 8, 12, 12], [8, 8, 8, 8, 12, 12]], np.uint8)


@pytest.fixture
def voc(tmp_path: Path, write: Write, text: Text) -> Path:
    for name in ("a", "b", "c"):
        write(f"voc/JPEGImages/{name}.jpg")
    for name in ("a", "b"):
        for folder, values in (("SegmentationClass", KINDS), ("SegmentationObject", OBJECTS)):
            image = Image.fromarray(values, "P")
            image.putpalette(np.array(voc_colours(256), np.uint8).reshape(-1).tolist())
            (tmp_path / "voc" / folder).mkdir(exist_ok=True)
            image.save(tmp_path / "voc" / folder / f"{name}.png")
    text("voc/ImageSets/Segmentation/train.txt", "a\n")
    text("voc/ImageSets/Segmentation/val.txt", "b\n")
    return tmp_path / "voc"


def test_classes_and_lists(voc: Path) -> None:
    for path in (voc, voc.parent):
        dataset = read_as_it_is(path)
        prefix = "" if path == voc else "voc/"
        assert {name: list(each.names) for name, each in dataset.splits.items()} == {
            "train": [f"{prefix}JPEGImages/a.jpg"],
            "val": [f"{prefix}JPEGImages/b.jpg"],
        }
        assert dataset.target.names == VOC_NAMES
        assert indices(dataset, f"{prefix}JPEGImages/a.jpg") == KINDS.tolist()


def test_things_have_the_class_of_most_of_their_pixels(voc: Path) -> None:
    dataset = with_things(read_as_it_is(voc))
    assert dataset is not None
    assert dataset.target.names == ("cat", "dog")
    assert things(dataset, "JPEGImages/a.jpg") == [
        ("dog", [3, 0, 6, 4], 8),
        ("cat", [0, 2, 2, 4], 4),
        ("cat", [2, 2, 4, 4], 4),
    ]


def test_boxes_in_xml_win_unless_classes_of_pixels_are_asked_for(voc: Path, text: Text) -> None:
    box = "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object>"
    for name in ("a", "b"):
        text(f"voc/Annotations/{name}.xml", f"<annotation><filename>{name}.jpg</filename>{box}</annotation>")
    dataset = read_as_it_is(voc)
    assert dataset.task == "detection"
    found = with_classes(dataset)
    assert found is not None
    assert indices(found, "JPEGImages/b.jpg") == KINDS.tolist()


def test_without_lists_all_that_have_a_mask(voc: Path) -> None:
    (voc / "ImageSets/Segmentation/train.txt").unlink()
    (voc / "ImageSets/Segmentation/val.txt").unlink()
    assert list(read_as_it_is(voc).splits["all"].names) == ["JPEGImages/a.jpg", "JPEGImages/b.jpg"]


def test_colours_and_names_of_cvat(voc: Path, text: Text) -> None:
    for name in ("a", "b"):
        colours = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0]], np.uint8)[MASK]
        Image.fromarray(colours).save(voc / f"SegmentationClass/{name}.png")
    text("voc/labelmap.txt", "# label:color_rgb:parts:actions\nbackground:0,0,0::\nfox:9,0,0::\nowl:0,9,0::\n")
    dataset = read_as_it_is(voc)
    assert dataset.target.names == ("background", "fox", "owl")
    assert indices(dataset, "JPEGImages/a.jpg") == MASK.tolist()


def test_a_listed_image_that_is_not_there(voc: Path, text: Text) -> None:
    text("voc/ImageSets/Segmentation/val.txt", "b\nz\n")
    refused(voc, "val.txt: no image z in", "JPEGImages")


def test_a_listed_image_without_mask(voc: Path, text: Text) -> None:
    text("voc/ImageSets/Segmentation/val.txt", "b\nc\n")
    refused(voc, "c.jpg has no mask; expected", "SegmentationClass/c.png")
