"""Conversions: what is said to be lost, names, links, and that a folder appears whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from convsight.datasets import FORMATS, Dataset, Split, read_as_it_is
from convsight.datasets.convert import WRITERS, Converted, convert
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.results import Boxes, BoxLists, Labels
from convsight.targets import Classes

CLASSES = ("dog", "cat")  # not in natural order


def dataset(folder: Path, names: tuple[str, ...] = ("a.png", "b.png"), splits: tuple[str, ...] = ("train",)) -> Dataset:
    """Images with a plain dog and a cat that is everything else too; the last one shows nothing."""
    made = {}
    for split in splits:
        chosen = [f"{split}/{name}" for name in names] if len(splits) > 1 else list(names)
        for name in chosen:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (40, 30), (10, len(name), 30)).save(folder / name)
        full = Boxes.of(
            CLASSES,
            (40, 30),
            [(1, 2, 11, 12), (3, 3, 20.5, 13)],
            [0, 1],
            crowd=[False, True],
            difficult=[False, True],
            areas=[100, 50],
        )
        lists = [*[full] * (len(chosen) - 1), Boxes.of(CLASSES, (40, 30), [], [])]
        made[split] = Split(split, [folder / name for name in chosen], BoxLists(lists, CLASSES), chosen)
    return Dataset("pets", str(folder), "detection", Classes(names=CLASSES), made)


def box_lists(data: Dataset) -> list[BoxLists]:
    return [split.targets for split in data.splits.values() if isinstance(split.targets, BoxLists)]


def done(tmp_path: Path, to: str, data: Dataset | None = None, **options: bool) -> tuple[Converted, Path]:
    out = tmp_path / "out"
    return convert(data or dataset(tmp_path / "pets"), out, to, Silent(), **options), out


@pytest.mark.parametrize(
    ("to", "lost"),
    [
        ("coco", ("that 1 box is difficult stands under a key of its own, which other tools pass over",)),
        (
            "voc",
            (
                "that 1 box is crowds is lost; they are difficult ones, which nobody need find either",
                "the areas of 1 outlines are lost; those of their boxes take their place",
                "corners with fractions: of 1 box, which some readers of VOC refuse",
                "the order of the classes is lost; VOC lists none",
            ),
        ),
        (
            "yolo",
            (
                "that 1 box is crowds is lost; they are boxes like others",
                "that 1 box is difficult is lost; they are boxes like others",
                "the areas of 1 outlines are lost; those of their boxes take their place",
            ),
        ),
        ("csv", ("the order of the classes is lost; the table lists none",)),
    ],
)
def test_what_is_lost_is_said(tmp_path: Path, to: str, lost: tuple[str, ...]) -> None:
    found, out = done(tmp_path, to)
    assert found == Converted(str(out), to, 2, 2, lost)


def test_uncut_data_is_training_data_for_yolo(tmp_path: Path) -> None:
    found, out = done(tmp_path, "yolo", dataset(tmp_path / "pets", splits=("all",)))
    assert "YOLO knows no data without splits: all images are called train" in found.lost
    assert list(read_as_it_is(out).splits) == ["train"]


def test_coco_as_others_read_it(tmp_path: Path) -> None:
    _, out = done(tmp_path, "coco", dataset(tmp_path / "pets", splits=("train", "test")))
    train = json.loads((out / "annotations/instances_train.json").read_text())
    test = json.loads((out / "annotations/instances_test.json").read_text())
    assert train["categories"] == [
        {"id": 1, "name": "dog", "supercategory": "none"},
        {"id": 2, "name": "cat", "supercategory": "none"},
    ]
    assert train["annotations"][1] == {
        "id": 2,
        "image_id": 1,
        "category_id": 2,
        "bbox": [3, 3, 17.5, 10],
        "area": 50,
        "iscrowd": 1,
        "segmentation": [],
        "difficult": 1,
    }
    assert [entry["id"] for entry in test["annotations"]] == [3, 4]
    assert [entry["id"] for entry in (*train["images"], *test["images"])] == [1, 2, 3, 4]
    assert all((out / "train" / image["file_name"]).is_file() for image in train["images"])


def test_voc_as_others_read_it(tmp_path: Path) -> None:
    _, out = done(tmp_path, "voc")
    root = ElementTree.parse(out / "Annotations" / "a.xml").getroot()
    assert [root.findtext("filename"), root.findtext("size/width"), root.findtext("size/depth")] == ["a.png", "40", "3"]
    assert [each.text for each in root.findall("object/bndbox/xmax")] == ["11", "20.5"]
    assert [each.text for each in root.findall("object/difficult")] == ["0", "1"]  # a crowd
    assert (out / "ImageSets/Main/train.txt").read_text() == "a\nb\n"
    assert ElementTree.parse(out / "Annotations" / "b.xml").getroot().findall("object") == []


def test_yolo_as_others_read_it(tmp_path: Path) -> None:
    _, out = done(tmp_path, "yolo")
    first = (out / "labels/train/a.txt").read_text().splitlines()[0]
    assert first == "0 0.1500000000 0.2333333333 0.2500000000 0.3333333333"
    assert (out / "labels/train/b.txt").read_text() == ""
    assert (out / "data.yaml").read_text() == "train: images/train\nnc: 2\nnames:\n  0: dog\n  1: cat\n"


@pytest.mark.parametrize("to", WRITERS)
def test_images_are_copied_or_linked(tmp_path: Path, to: str) -> None:
    data = dataset(tmp_path / "pets")
    for link in (False, True):
        out = tmp_path / f"out{link}"
        convert(data, out, to, Silent(), link=link)
        (copy,) = out.rglob("a.png")
        assert copy.is_symlink() == link
        assert copy.read_bytes() == (tmp_path / "pets/a.png").read_bytes()
    assert not (tmp_path / "pets/a.png").is_symlink()


@pytest.mark.parametrize("to", WRITERS)
def test_images_of_one_name_get_distinct_ones(tmp_path: Path, to: str) -> None:
    found, out = done(tmp_path, to, dataset(tmp_path / "pets", ("a.png", "A.jpg"), ("train", "test")))
    assert "4 images have new names, since some shared one (such as train-a.png)" not in found.lost
    assert any("new names" in words for words in found.lost)
    place = out / "boxes.csv" if to == "csv" else out
    names = [Path(name).stem for split in read_as_it_is(place).splits.values() for name in split.names]
    assert len(names) == 4
    assert (len({name.lower() for name in names}) == 4) == (to in ("voc", "csv"))


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("coco", ["train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.png"]),
        (
            "yolo",
            ["images/train/cat/1.png", "images/train/dog/1.png", "images/test/cat/1.png", "images/test/dog/1.png"],
        ),
        ("csv", ["images/train/cat/1.png", "images/train/dog/1.png", "images/test/cat/1.png", "images/test/dog/1.png"]),
    ],
)
def test_folders_that_keep_images_apart_stay(tmp_path: Path, to: str, expected: list[str]) -> None:
    found, out = done(tmp_path, to, dataset(tmp_path / "pets", ("cat/1.png", "dog/1.png"), ("train", "test")))
    read = read_as_it_is(out / "boxes.csv" if to == "csv" else out)
    assert [name for split in read.splits.values() for name in split.names] == expected
    assert [len(lists[row]) for lists in box_lists(read) for row in range(len(lists))] == [2, 0, 2, 0]
    assert not any("new names" in words for words in found.lost)


def test_splits_keep_images_of_one_name_apart(tmp_path: Path) -> None:
    found, out = done(tmp_path, "coco", dataset(tmp_path / "pets", splits=("train", "test")))
    assert [path.relative_to(out).as_posix() for path in sorted(out.rglob("a.png"))] == ["test/a.png", "train/a.png"]
    assert not any("new names" in words for words in found.lost)


@pytest.mark.parametrize("to", WRITERS)
def test_classes_without_a_box_keep_the_numbers_of_others(tmp_path: Path, to: str) -> None:
    data = replace(dataset(tmp_path / "pets"), listed=("ant", "dog", "bee", "cat"))
    found, out = done(tmp_path, to, data)
    if to == "coco":
        document = json.loads((out / "annotations/instances_train.json").read_text())
        assert [each["name"] for each in document["categories"]] == ["ant", "dog", "bee", "cat"]
        assert [each["category_id"] for each in document["annotations"]] == [2, 4]
    elif to == "yolo":
        assert (out / "data.yaml").read_text().endswith("names:\n  0: ant\n  1: dog\n  2: bee\n  3: cat\n")
        assert [line[0] for line in (out / "labels/train/a.txt").read_text().splitlines()] == ["1", "3"]
    else:
        assert any(words.startswith("lost, since without a box: 2 classes") for words in found.lost)


def test_the_classes_of_a_file_that_are_not_used_are_known(tmp_path: Path) -> None:
    first = replace(dataset(tmp_path / "pets"), listed=("ant", "dog", "bee", "cat"))
    _, out = done(tmp_path, "yolo", first)
    read = read_as_it_is(out)
    assert (read.target.names, read.listed) == (("dog", "cat"), ("ant", "dog", "bee", "cat"))


def test_images_that_are_pixels_become_png(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 30, 40, 3)).astype(np.uint8)
    lists = BoxLists([Boxes.of(CLASSES, (40, 30), [(1, 2, 3, 4), (5, 5, 9, 9)], [0, 1])] * 2, CLASSES)
    data = Dataset("x", "x", "detection", Classes(names=CLASSES), {"all": Split("all", pixels, lists, ["one", "two"])})
    _, out = done(tmp_path, "coco", data)
    np.testing.assert_array_equal(np.asarray(Image.open(out / "images/two.png")), pixels[1])


@pytest.mark.parametrize(
    ("to", "reader"), [("coco", "COCO"), ("voc", "Pascal VOC"), ("yolo", "YOLO"), ("csv", "table of boxes")]
)
def test_the_first_reader_that_recognises_it_is_that_of_the_format(tmp_path: Path, to: str, reader: str) -> None:
    _, out = done(tmp_path, to)
    path = out / "boxes.csv" if to == "csv" else out
    recognising = [each.name for each in FORMATS if each.recognises(path)]
    assert reader in recognising[0]
    assert len([name for name in recognising if "box" in name]) == 1


class TestRefused:
    def test_labels(self, tmp_path: Path) -> None:
        labels = Labels(np.array([0, 1]), CLASSES)
        data = Dataset(
            "x",
            "x",
            "classification",
            Classes(names=CLASSES),
            {"all": Split("all", np.zeros((2, 4, 4), np.uint8), labels, "ab")},
        )
        with pytest.raises(UserError, match="x holds targets of classification, not boxes"):
            done(tmp_path, "coco", data)

    def test_an_unknown_format(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="unknown format 'cocoa'; did you mean coco"):
            done(tmp_path, "cocoa")

    def test_a_folder_that_is_there(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("mine")
        with pytest.raises(UserError, match="is there already"):
            done(tmp_path, "coco")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]

    @pytest.mark.parametrize("to", WRITERS)
    def test_nothing_is_left_where_an_image_vanished(self, tmp_path: Path, to: str) -> None:
        data = dataset(tmp_path / "pets")
        (tmp_path / "pets/b.png").unlink()
        with pytest.raises(UserError, match="cannot write"):
            done(tmp_path, to, data)
        assert [path.name for path in tmp_path.iterdir()] == ["pets"]

    def test_a_name_that_xml_cannot_hold(self, tmp_path: Path) -> None:
        lists = BoxLists([Boxes.of(("a\x01",), (4, 4), [(0, 0, 2, 2)], 0)], ("a\x01",))
        data = Dataset(
            "x",
            "x",
            "detection",
            Classes(names=("a\x01",)),
            {"all": Split("all", np.zeros((1, 4, 4), np.uint8), lists, ["p"])},
        )
        with pytest.raises(UserError, match="holds characters that XML cannot"):
            done(tmp_path, "voc", data)
        assert list(tmp_path.iterdir()) == []
