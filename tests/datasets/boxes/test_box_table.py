from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]


@pytest.fixture
def folder(image: MakeImage, tmp_path: Path) -> Path:
    for name in ("a.png", "b.png", "deep/c.png"):
        image(name)
    return tmp_path


def table(folder: Path, content: str, name: str = "boxes.csv") -> Path:
    (folder / name).write_text(content)
    return folder / name


def test_a_box_a_row(folder: Path) -> None:
    dataset = read_dataset(
        table(folder, "filename,cell_type,xmin,xmax,ymin,ymax\na.png,b,1,9,2,8\n./a.png,a,3,5.5,4,6\nb.png,,,,,\n")
    )
    assert (dataset.task, dataset.target.names) == ("detection", ("a", "b"))
    assert told(dataset, "a.png") == [("b", [1, 2, 9, 8]), ("a", [3, 4, 5.5, 6])]
    assert told(dataset, "b.png") == []


@pytest.mark.parametrize("corners", ["xmin,ymin,xmax,ymax", "X1,Y1,X2,Y2", "left,top,right,bottom"])
@pytest.mark.parametrize("label", ["label", "class", "cell_type", "name"])
def test_spellings(folder: Path, corners: str, label: str) -> None:
    found = read_dataset(table(folder, f"image,{label},score,{corners}\na.png,cat,1,1,2,9,8\n"))
    assert told(found, "a.png") == [("cat", [1, 2, 9, 8])]


@pytest.mark.parametrize(
    ("header", "name", "expected"),
    [
        ("image_id", "a", "a.png"),
        ("id", "c", "deep/c.png"),
        ("file_name", "deep\\c.png", "deep/c.png"),
        ("image", "deep/c", "deep/c.png"),
    ],
)
def test_names_as_others_write_them(folder: Path, header: str, name: str, expected: str) -> None:
    found = read_dataset(table(folder, f"{header},label,x1,y1,x2,y2\n{name},cat,1,2,9,8\n"))
    assert told(found, expected) == [("cat", [1, 2, 9, 8])]


@pytest.mark.parametrize("rows", ["a.png,cat,0,0,1,1\n", "a.png,cat,.1,.1,.9,.9\na.png,cat,0,0,9,9\n"])
def test_a_box_of_one_pixel_is_no_fraction(folder: Path, rows: str) -> None:
    assert len(told(read_dataset(table(folder, f"file,label,x1,y1,x2,y2\n{rows}")), "a.png")) == rows.count("\n")


def test_splits_flags_and_areas(folder: Path) -> None:
    content = (
        "path;label;xmin;ymin;xmax;ymax;split;crowd;difficult;area\n"
        "a.png;cat;1;2;9;8;train;1;no;12.5\nb.png;cat;1;2;9;8;Valid;;true;\n"
    )
    dataset = read_dataset(table(folder, content))
    train, val = boxes(dataset, "a.png", "train"), boxes(dataset, "b.png", "val")
    assert (train.crowd[0], train.difficult[0], train.areas[0]) == (True, False, 12.5)
    assert (val.crowd[0], val.difficult[0], val.areas[0]) == (False, True, 48)


def test_bare_names_are_looked_for_below(folder: Path) -> None:
    dataset = read_dataset(table(folder, "file,label,x1,y1,x2,y2\nc.png,cat,1,2,9,8\n"))
    assert dataset.split(UNSPLIT).names == ["deep/c.png"]
    assert dataset.notes == ("images were found in deep",)


def test_tables_of_images_are_still_those(folder: Path) -> None:
    content = "path,label,xmin\na.png,cat,1\nb.png,dog,2\n"
    assert read_dataset(table(folder, content)).task == "classification"


class TestRefused:
    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("z.png,cat,1,2,9,8,train", "line 3: no such file: z.png (1 of 2 images are not there)"),
            ("deep/z.png,cat,1,2,9,8,train", "line 3: no such file: deep/z.png"),
            (",cat,1,2,9,8,train", "line 3: the image is ''"),
            ("b.png,,1,2,9,8,train", "line 3: the class is empty"),
            ("b.png,cat,1,,9,8,train", "line 3: a corner or area of the box is empty, but others are not"),
            ("b.png,cat,1,two,9,8,train", "line 3: a corner or area of the box is 'two'"),
            ("b.png,cat,1,nan,9,8,train", "line 3: cat (1, nan, 9, 8) on b.png is no box"),
            ("b.png,cat,1,2,inf,8,train", "line 3: cat (1, 2, inf, 8) on b.png is no box"),
            ("b.png,cat,1,2,9,8,tain", "line 3: unknown split 'tain'; did you mean train"),
            ("a.png,cat,1,2,9,8,test", "line 3: a.png is in 'test' here but in 'train' in line 2"),
            ("b.png,cat,1,2,9,8", "line 3: 6 fields, but the header has 7"),
        ],
    )
    def test_a_row(self, folder: Path, row: str, words: str) -> None:
        path = table(folder, f"file,label,xmin,ymin,xmax,ymax,split\na.png,cat,1,2,9,8,train\n{row}\n")
        message = refused(path)
        assert words in message
        assert str(path) in message

    def test_a_flag(self, folder: Path) -> None:
        path = table(folder, "file,label,xmin,ymin,xmax,ymax,crowd\na.png,cat,1,2,9,8,perhaps\n")
        assert "line 2: 'perhaps' is no flag" in refused(path)

    @pytest.mark.parametrize(("column", "what"), [("file", "class"), ("label", "image")])
    def test_a_missing_column(self, folder: Path, column: str, what: str) -> None:
        path = table(folder, f"{column},xmin,ymin,xmax,ymax\na.png,1,2,9,8\n")
        assert f"has no column that names the {what}" in refused(path)

    def test_a_bare_name_in_two_folders(self, folder: Path, image: MakeImage) -> None:
        image("other/c.png")
        message = refused(table(folder, "file,label,x1,y1,x2,y2\nc.png,cat,1,2,9,8\n"))
        assert "line 2: c.png is there several times" in message
        assert "deep/c.png" in message

    def test_fractions(self, folder: Path) -> None:
        message = refused(table(folder, "file,label,x1,y1,x2,y2\na.png,cat,.1,0,.9,1.01\nb.png,cat,0,0,1,1\n"))
        assert "line 2: cat (0.1, 0, 0.9, 1.01), as all of 2 boxes, lies between 0 and 1, so these are frac" in message

    def test_no_rows(self, folder: Path) -> None:
        assert "lists no images" in refused(table(folder, "file,label,x1,y1,x2,y2\n"))


def test_the_table_of_the_blood_cells_holds_the_boxes_of_their_xml(shared_data: Callable[[str], Path]) -> None:
    """But for images that the table leaves out or in doubt, each of the 4,888 boxes is in both."""
    folder = shared_data("bccd")
    listed, drawn = read_dataset(folder / "test.csv"), read_dataset(folder)
    expected = {name: sorted(told(drawn, name, split.name)) for split in drawn.splits.values() for name in split.names}
    found = {name: sorted(told(listed, name)) for name in listed.split(UNSPLIT).names}
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert "images were found in BCCD/JPEGImages" in listed.notes
