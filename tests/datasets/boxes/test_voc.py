import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]

OBJECT = "<object><name>{}</name><difficult>{}</difficult><bndbox>{}</bndbox></object>"
SIDES = ("xmin", "ymin", "xmax", "ymax")


def thing(name: str, *corners: object, difficult: int = 0) -> str:
    box = "".join(f"<{side}>{corner}</{side}>" for side, corner in zip(SIDES, corners, strict=True))
    return OBJECT.format(name, difficult, box)


def annotation(path: Path, *things: str, filename: str = "", size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    path.write_text(f"<annotation><filename>{filename}</filename>{stated}{''.join(things)}</annotation>")
    return path


@pytest.fixture
def voc(image: MakeImage, tmp_path: Path) -> Path:
    """Images a, b and c, of which c shows nothing."""
    folder = tmp_path / "voc"
    for name in "abc":
        image(f"voc/JPEGImages/{name}.jpg")
    annotation(folder / "Annotations/a.xml", thing("dog", 1, 2, 11, 22), thing("cat", 5.5, 5, 13, 13, difficult=1))
    annotation(folder / "Annotations/b.xml", thing("cat", 0, 0, 40, 30), filename="elsewhere.jpg")
    annotation(folder / "Annotations/c.xml")
    return folder


def lists(folder: Path, **names: str) -> None:
    place = folder / "ImageSets" / "Main"
    place.mkdir(parents=True)
    for split, text in names.items():
        (place / f"{split}.txt").write_text(text)


def test_boxes_as_they_stand_there(voc: Path) -> None:
    dataset = read_dataset(voc)
    assert (dataset.task, dataset.target.names, list(dataset.splits)) == ("detection", ("cat", "dog"), [UNSPLIT])
    assert told(dataset, "JPEGImages/a.jpg") == [("dog", [1, 2, 11, 22]), ("cat", [5.5, 5, 13, 13])]
    assert boxes(dataset, "JPEGImages/a.jpg").difficult.tolist() == [False, True]
    assert told(dataset, "JPEGImages/c.jpg") == []
    assert (dataset.notes, dataset.findings) == ((), ())


def test_one_folder_up(voc: Path) -> None:
    assert read_dataset(voc.parent).split(UNSPLIT).names[0] == "voc/JPEGImages/a.jpg"


def test_lists_are_splits(voc: Path) -> None:
    lists(voc, train="a  1\n", test="c\n\n", cat_train="b 1\n")
    dataset = read_dataset(voc)
    assert {name: list(split.names) for name, split in dataset.splits.items()} == {
        "train": ["JPEGImages/a.jpg"],
        "test": ["JPEGImages/c.jpg"],
    }
    assert "left out, since no list in ImageSets/Main names them: 1 (b)" in dataset.notes


def test_trainval_where_there_is_no_train(voc: Path) -> None:
    lists(voc, trainval="a\nb\n", test="c\n")
    assert len(read_dataset(voc).split("train")) == 2


def test_beside_the_images(image: MakeImage, tmp_path: Path) -> None:
    for name in ("train/a.png", "valid/b.jpeg"):
        annotation(image(f"both/{name}").with_suffix(".xml"), thing("cat", 1, 1, 9, 9))
    image("both/train/alone.png")
    dataset = read_dataset(tmp_path / "both")
    assert {name: list(split.names) for name, split in dataset.splits.items()} == {
        "train": ["train/a.png"],
        "val": ["valid/b.jpeg"],
    }
    assert dataset.notes == ("left out, since without an XML file: 1 image (train/alone.png)",)
    assert read_dataset(tmp_path / "both" / "valid").split(UNSPLIT).names == ["b.jpeg"]


def test_the_filename_where_the_xml_is_called_otherwise(voc: Path) -> None:
    (voc / "Annotations/b.xml").rename(voc / "Annotations/0002.xml")
    assert "0002.xml: no such file: elsewhere.jpg" in refused(voc)
    (voc / "JPEGImages/b.jpg").rename(voc / "JPEGImages/elsewhere.jpg")
    assert told(read_dataset(voc), "JPEGImages/elsewhere.jpg") == [("cat", [0, 0, 40, 30])]


def test_class_folders_with_some_xml_are_no_voc(make_images: Callable[..., Path]) -> None:
    folder = make_images("cat/1.png", "dog/2.png")
    (folder / "settings.xml").write_text("<settings/>")
    assert read_dataset(folder).task == "classification"


class TestEncodings:
    def written(self, voc: Path, encoding: str, declared: str | None = None, label: str = "大犬") -> Path:
        text = annotation(voc / "Annotations/b.xml", thing("?", 0, 0, 40, 30)).read_text().replace("?", label)
        head = f'<?xml version="1.0" encoding="{declared or encoding}"?>\n'
        (voc / "Annotations/b.xml").write_bytes((head + text).encode(encoding))
        return voc

    @pytest.mark.parametrize("encoding", ["gb2312", "GBK", "big5", "Shift_JIS", "utf-16", "utf-8-sig"])
    def test_as_declared(self, voc: Path, encoding: str) -> None:
        assert told(read_dataset(self.written(voc, encoding)), "JPEGImages/b.jpg") == [("大犬", [0, 0, 40, 30])]

    @pytest.mark.parametrize(
        ("encoding", "declared", "label"),
        [
            ("utf-16-le", "UTF-16", "犬"),  # without a mark
            ("utf-8", "utf-16", "大犬"),  # as programs declare that write strings
            ("gbk", "gb2312", "鎔"),  # a character that GB2312 itself lacks
            ("cp1252", "ISO-8859-1", "Käse"),
        ],
    )
    def test_as_meant(self, voc: Path, encoding: str, declared: str, label: str) -> None:
        assert told(read_dataset(self.written(voc, encoding, declared, label)), "JPEGImages/b.jpg")[0][0] == label

    @pytest.mark.parametrize("declared", ["klingon", "rot13", "zip", "", "a\0b"])
    def test_unknown(self, voc: Path, declared: str) -> None:
        message = refused(self.written(voc, "utf-8", declared or " "))
        assert "b.xml declares the encoding" in message
        assert "which is unknown; save it as UTF-8" in message

    def test_another_than_declared(self, voc: Path) -> None:
        message = refused(self.written(voc, "gbk", "utf-8"))
        assert re.search(r"b\.xml is no text in utf-8 \(invalid .* at byte \d+\)", message)

    def test_the_first_file_is_recognised_in_any(self, voc: Path) -> None:
        for name in "abc":
            text = (voc / f"Annotations/{name}.xml").read_text()
            (voc / f"Annotations/{name}.xml").write_text(text, encoding="utf-16")
        assert read_dataset(voc).task == "detection"


class TestRoots:
    def test_a_namespace(self, voc: Path) -> None:
        for name in "abc":
            file = voc / f"Annotations/{name}.xml"
            file.write_text(file.read_text().replace("<annotation>", '<annotation xmlns="http://example.org/voc">'))
        assert told(read_dataset(voc), "JPEGImages/b.jpg") == [("cat", [0, 0, 40, 30])]

    def test_another_name(self, voc: Path) -> None:
        for name in "abc":
            file = voc / f"Annotations/{name}.xml"
            file.write_text(file.read_text().replace("annotation>", "Image>"))
        (voc / "Annotations/c.xml").unlink()
        assert told(read_dataset(voc), "JPEGImages/b.jpg") == [("cat", [0, 0, 40, 30])]

    def test_of_something_else(self, voc: Path) -> None:
        (voc / "Annotations/b.xml").write_text("<settings/>")
        assert "b.xml is no annotation: its root is <settings>; expected <annotation>" in refused(voc)


class TestRefused:
    def test_broken_xml(self, voc: Path) -> None:
        (voc / "Annotations/b.xml").write_text("<annotation>\n<object></annotation>")
        assert "b.xml, line 2, column 11: damaged XML: mismatched tag" in refused(voc)

    def test_a_document_type(self, voc: Path) -> None:
        (voc / "Annotations/b.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>')
        assert "b.xml defines a document type" in refused(voc)

    @pytest.mark.parametrize(
        ("broken", "words"),
        [
            (thing("", 1, 2, 3, 4), "object 1: no name"),
            (thing("cat", 1, "two", 3, 4), "object 1: ymin of cat is 'two', not a number"),
            (thing("cat", "nan", 2, 3, 4), "object 1: cat (nan, 2, 3, 4) on JPEGImages/b.jpg is no box"),
            ("<object><name>cat</name></object>", "object 1: cat has no xmin in a bndbox"),
            ("<object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object>", "object 1: cat has no ymin"),
        ],
    )
    def test_an_object(self, voc: Path, broken: str, words: str) -> None:
        annotation(voc / "Annotations/b.xml", broken)
        message = refused(voc)
        assert words in message
        assert "b.xml" in message

    def test_a_missing_image(self, voc: Path) -> None:
        (voc / "JPEGImages/a.jpg").unlink()
        assert "a.xml: no such file: a.jpg (1 of 3 images are not there)" in refused(voc)

    def test_a_listed_name_without_xml(self, voc: Path) -> None:
        lists(voc, train="a\nz\n")
        assert "train.txt, line 2: no z.xml" in refused(voc)

    def test_an_image_in_two_splits(self, voc: Path) -> None:
        lists(voc, train="a\nb\n", val="a\n")
        assert "JPEGImages/a.jpg is in 'val' but also in 'train'" in refused(voc)

    def test_two_annotations_of_one_image(self, voc: Path) -> None:
        annotation(voc / "Annotations/other.xml", thing("cat", 1, 1, 4, 4), filename="a.jpg")
        assert "the image JPEGImages/a.jpg is there twice" in refused(voc)

    def test_several_sets_in_a_folder(self, voc: Path) -> None:
        annotation(voc.parent / "another/Annotations/a.xml")
        assert "holds several data sets (another, voc)" in refused(voc.parent)


def test_blood_cells(shared_data: Callable[[str], Path]) -> None:
    """Against the plain text of the files, and the counts that come with the set."""
    folder = shared_data("bccd") / "BCCD"
    dataset = read_dataset(folder)
    assert dataset.target.names == ("Platelets", "RBC", "WBC")
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 205, "val": 87, "test": 72}
    found = {
        Path(name).stem: split.targets[row] for split in dataset.splits.values() for row, name in enumerate(split.names)
    }
    total = 0
    for stem, target in found.items():
        text = (folder / "Annotations" / f"{stem}.xml").read_text()
        corners = [[float(corner) for corner in re.findall(rf"<{side}>(\d+)<", text)] for side in SIDES]
        expected = [box for box in zip(*corners, strict=True) if box[0] < box[2] and box[1] < box[3]]
        assert [tuple(box) for box in target.xyxy.tolist()] == expected  # type: ignore[attr-defined]
        total += len(expected)
    assert total == 4888 - 2
    assert [finding.kind for finding in dataset.findings] == ["empty-boxes"]
    assert "2 boxes without width or height: left out" in dataset.notes[0]
    assert "BloodImage_00343.jpg, object 4: RBC (181, 329, 181, 329)" in dataset.notes[0]


def test_a_bin_beside_the_folders_of_a_set_is_no_other_set(voc: Path) -> None:
    (voc.parent / "both").mkdir()
    voc.rename(voc.parent / "both" / "photos [1]")
    both = voc.parent / "both"
    annotation(both / "#recycle/Annotations/a.xml", thing("dog", 1, 2, 11, 22))
    assert len(read_dataset(both).split(UNSPLIT)) == 3
