from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]

BOX = '<box label="cat" occluded="0" xtl="1.5" ytl="2" xbr="11" ybr="12" z_order="0"/>'


@pytest.fixture
def write(image: MakeImage, tmp_path: Path) -> Callable[..., Path]:
    """Writes annotations.xml about images/a.png, and returns its folder."""

    def write(shapes: str, more: str = "", name: str = "a.png", encoding: str = "utf-8") -> Path:
        image("cvat/images/a.png")
        about = f'<image id="0" name="{name}" width="40" height="30"{more}>{shapes}</image>'
        text = f'<?xml version="1.0" encoding="{encoding}"?>\n<annotations><version>1.1</version>{about}</annotations>'
        (tmp_path / "cvat/annotations.xml").write_text(text, encoding=encoding)
        return tmp_path / "cvat"

    return write


def test_boxes_and_polygons(write: Callable[..., Path]) -> None:
    polygon = '<polygon label="dog" points="0,0;10,0;10,10"/><points label="dog" points="1,1"/>'
    folder = write(BOX + polygon)
    dataset = read_dataset(folder)
    assert (dataset.target.names, list(dataset.splits)) == (("cat", "dog"), [UNSPLIT])
    assert told(dataset, "images/a.png") == [("cat", [1.5, 2, 11, 12]), ("dog", [0, 0, 10, 10])]
    assert boxes(dataset, "images/a.png").areas.tolist() == [95, 50]
    assert dataset.notes == ("points, lines, masks and the like, which have no box, left out: 1",)
    assert told(read_dataset(folder / "annotations.xml"), "images/a.png") == told(dataset, "images/a.png")


@pytest.mark.parametrize(("subset", "split"), [("Train", "train"), ("validation", "val"), ("default", UNSPLIT)])
def test_subsets_are_splits(write: Callable[..., Path], subset: str, split: str) -> None:
    assert list(read_dataset(write(BOX, f' subset="{subset}"')).splits) == [split]


@pytest.mark.parametrize("name", ["a.png", "images/a.png", "some\\where\\a.png"])
def test_names_of_images(write: Callable[..., Path], name: str) -> None:
    assert len(told(read_dataset(write(BOX, name=name)), "images/a.png")) == 1


def test_a_turned_box(write: Callable[..., Path]) -> None:
    turned = '<box label="cat" xtl="10" ytl="10" xbr="20" ybr="14" rotation="90"/>'
    ((_, corners),) = told(read_dataset(write(turned)), "images/a.png")
    assert corners == pytest.approx([13, 7, 17, 17])


def test_another_encoding(write: Callable[..., Path]) -> None:
    dataset = read_dataset(write(BOX.replace("cat", "猫"), encoding="gbk"))
    assert dataset.target.names == ("猫",)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ('<box label="cat" xtl="1" ytl="2" xbr="x" ybr="4"/>', "box 1: ['1', '2', 'x', '4'] are no numbers"),
        ('<box xtl="1" ytl="2" xbr="3" ybr="4"/>', "box 1: no label; say which class it is"),
        ('<polygon label="cat" points="1,2;3"/>', "polygon 1: points are '1,2;3'; expected x,y;x,y;..."),
    ],
)
def test_a_wrong_shape(write: Callable[..., Path], shapes: str, words: str) -> None:
    message = refused(write(shapes))
    assert f"annotations.xml, image 'a.png', {words}" in message


def test_an_image_that_is_not_there(write: Callable[..., Path]) -> None:
    assert "image 'b.png': no such file: b.png (1 of 1" in refused(write(BOX, name="b.png"))


def test_tracks_of_a_video(tmp_path: Path) -> None:
    (tmp_path / "annotations.xml").write_text('<annotations><track id="0" label="cat"/></annotations>')
    assert "annotations.xml holds tracks of a video; export it as CVAT for images" in refused(tmp_path)
