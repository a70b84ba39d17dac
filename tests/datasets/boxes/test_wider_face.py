from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]
MARKS = "0 0 0 0 0 0"


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_samples_of_another_tool(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("format_samples") / "widerface_dataset")
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 2, "val": 1}
    assert dataset.target.names == ("face",)
    two = "WIDER_train/images/1--Handshaking/1_Handshaking_image_02.jpg"
    assert told(dataset, two, "train") == [("face", [1, 1, 3, 3]), ("face", [5, 1, 7, 3])]


def test_splits_faces_and_images_without_one(image: MakeImage, tmp_path: Path) -> None:
    image("set/WIDER_train/images/0--Parade/a b.png")
    image("set/WIDER_train/images/0--Parade/none.png")
    image("set/WIDER_train/images/1--Dance/c.png")
    image("set/WIDER_val/images/0--Parade/d.png")
    image("set/WIDER_val/images/0--Parade/e.png")
    faces = ("2", f"1 2 10 20 {MARKS}", "5 6 7 8 0 0 0 1 2 0")
    lists = tmp_path / "set" / "wider_face_split"
    write(
        lists / "wider_face_train_bbx_gt.txt",
        *("0--Parade/a b.png", *faces, "0--Parade/none.png", "0", f"0 0 0 0 {MARKS}", "1--Dance/c.png", "1", "3 4 5 6"),
    )
    write(lists / "wider_face_val_bbx_gt.txt", "0--Parade/d.png", "0", "0--Parade/e.png", "1", "1 1 2 2")
    for place in (tmp_path / "set", lists):
        dataset = read_dataset(place)
        assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 3, "val": 2}
        first = "WIDER_train/images/0--Parade/a b.png"
        assert told(dataset, first, "train") == [("face", [1, 2, 11, 22]), ("face", [5, 6, 12, 14])]
        assert boxes(dataset, first, "train").difficult.tolist() == [False, True]
        assert told(dataset, "WIDER_train/images/0--Parade/none.png", "train") == []
        assert told(dataset, "WIDER_train/images/1--Dance/c.png", "train") == [("face", [3, 4, 8, 10])]
        assert told(dataset, "WIDER_val/images/0--Parade/e.png", "val") == [("face", [1, 1, 3, 3])]


def test_one_list_beside_its_images(image: MakeImage, tmp_path: Path) -> None:
    image("a.png")
    file = write(tmp_path / "mine_bbx_gt.txt", "a.png", "1", "1 2 3 4")
    assert told(read_dataset(file), "a.png", UNSPLIT) == [("face", [1, 2, 4, 6])]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("a.png", "many", "1 2 3 4"), "line 2: 'many' is not how many faces a.png shows"),
        (("a.png", "9" * 5000), "is not how many faces a.png shows"),
        (("a.png",), "line 2: '' is not how many faces"),
        (("a.png", "2", "1 2 3 4"), "line 4: the end of the list; expected left, top"),
        (("a.png", "1", "1 2 three 4"), "line 3: '1 2 three 4'; expected left, top"),
        (("a.png", "1", "1 2 3 4 5"), "line 3: '1 2 3 4 5'; expected left, top"),
        (("1 2 3 4",), "line 1: '1 2 3 4' is not the name of an image"),
        (("b.png", "0"), "line 1: no such file: b.png"),
    ],
)
def test_what_is_wrong_is_named(image: MakeImage, tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    image("a.png")
    assert words in refused(write(tmp_path / "train_bbx_gt.txt", *lines))
