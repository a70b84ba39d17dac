"""Things with their pixels: numbers in a PNG, a PNG each, MOTS, KITTI."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tests.datasets.masks.conftest import Write
from tests.datasets.masks.said import audited, kinds, refused, things

from convsight.datasets import read_as_it_is, read_dataset

Text = Callable[[str, str], Path]

IDS = np.array([[1, 1, 0, 0, 300, 300], [1, 1, 0, 0, 300, 300], [0, 0, 0, 0, 0, 0], [7, 7, 7, 0, 0, 0]], np.uint16)


def test_numbers(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("instances/a.png", IDS, kind=np.uint16)
    dataset = read_dataset(tmp_path)
    assert (dataset.task, dataset.target.names, dataset.classes_named) == ("instances", ("object",), False)
    assert things(dataset, "images/a.png") == [
        ("object", [0, 0, 2, 2], 4),
        ("object", [0, 3, 3, 4], 3),
        ("object", [4, 0, 6, 2], 4),
    ]


def test_a_class_that_is_named_and_splits(write: Write, text: Text, tmp_path: Path) -> None:
    for split in ("train", "test"):
        write(f"{split}/images/{split}.png")
        write(f"{split}/instances/{split}.png", IDS.astype(np.uint8) % 200)
    text("classes.txt", "nucleus\n")
    dataset = read_dataset(tmp_path)
    assert (list(dataset.splits), dataset.target.names) == (["train", "test"], ("nucleus",))


def test_an_image_without_things_is_one(write: Write, tmp_path: Path) -> None:
    for name, ids in (("a", IDS), ("b", IDS * 0)):
        write(f"images/{name}.png", np.full((4, 6, 3), ord(name)))
        write(f"instances/{name}.png", ids, kind=np.uint16)
    dataset = read_dataset(tmp_path)
    assert things(dataset, "images/b.png") == []
    found = {finding.kind: finding for finding in audited(tmp_path).findings}
    assert [entry.images[0].name for entry in found["images-without-things"].entries] == ["images/b.png"]


def test_what_is_wrong(write: Write, tmp_path: Path) -> None:
    write("images/a.png")
    write("instances/a.png", IDS[:3], kind=np.uint16)
    refused(tmp_path, "instances/a.png is 6 x 3 px, but its image a.png is 6 x 4 px")
    write("instances/a.png", np.dstack([IDS % 9, IDS % 7, IDS % 5]))
    refused(tmp_path, "a.png is in colour, where others hold a number a pixel")
    write("images/b.png")
    write("instances/a.png", IDS, kind=np.uint16)
    refused(tmp_path, "b.png has no mask")
    assert kinds(tmp_path) == ["pictures-without-mask"]
    write("instances/b.png", IDS, kind=np.uint16)
    write("instances/c.png", IDS, kind=np.uint16)
    refused(tmp_path, "1 mask without an image")
    Image.new("L", (6, 4)).save(tmp_path / "instances/a.jpg")
    (tmp_path / "instances/c.png").unlink()
    (tmp_path / "instances/a.png").unlink()
    refused(tmp_path, "a.jpg is a JPEG")


def test_things_that_others_cut(write: Write, tmp_path: Path) -> None:
    cut = np.zeros((8, 12), np.uint8)
    cut[2:6] = 1
    cut[:, 5:7] = 2  # a bar over the thing
    cut[7, 11] = 3
    write("images/a.png", np.zeros((8, 12, 3)))
    write("instances/a.png", cut)
    found = {finding.kind: finding for finding in audited(tmp_path).findings}
    assert found["parted-things"].words.startswith("1 things in several parts")
    assert found["specks"].words.startswith("1 things of less than 4 px")


def test_a_file_an_object(write: Write, tmp_path: Path) -> None:
    """As in the Data Science Bowl: stage1_train/ID/images/ID.png and masks/, whose objects may overlap."""
    one, other = np.zeros((4, 6)), np.zeros((4, 6))
    one[:2, :4] = other[1:, 2:] = 255
    for number in ("f00", "f01"):
        write(f"stage1_train/{number}/images/{number}.png", np.full((4, 6, 3), int(number[1:]) + 9))
        write(f"stage1_train/{number}/masks/1{number}.png", one)
        write(f"stage1_train/{number}/masks/2{number}.png", other)
        write(f"stage1_train/{number}/masks/3{number}.png", other * 0)
    write("stage1_test/e00/images/e00.png")
    dataset = read_dataset(tmp_path)
    assert {name: len(split) for name, split in dataset.splits.items()} == {"all": 2}
    assert things(dataset, "stage1_train/f00/images/f00.png") == [
        ("object", [0, 0, 4, 2], 8),
        ("object", [2, 1, 6, 4], 12),
    ]
    found = {finding.kind: finding for finding in audited(tmp_path).findings}
    assert found["overlapping-things"].words.startswith("4 pixels that several things have")
    write("stage1_train/f00/masks/1f00.png", one[:3])
    refused(tmp_path, "1f00.png is 6 x 3 px, but its image f00.png is 6 x 4 px")


def test_mots(write: Write, text: Text, tmp_path: Path) -> None:
    ids = np.array([[0, 0, 1001, 1001, 2003, 2003], [10000, 10000, 1001, 1001, 2003, 0]] * 2, np.uint16)
    write("train/images/1.png")
    write("train/instances/1.png", ids, kind=np.uint16)
    text("train/instances/labels.txt", "car\nperson\n")
    dataset = read_dataset(tmp_path)
    boxes = dataset.splits["train"].targets[0]
    assert things(dataset, "train/images/1.png")[:2] == [("car", [2, 0, 4, 4], 8), ("person", [4, 0, 6, 4], 6)]
    assert boxes.crowd.tolist() == [False, False, True]  # type: ignore[attr-defined]
    write("train/instances/1.png", ids + 2000 * (ids > 2000), kind=np.uint16)
    refused(tmp_path, "holds the number 4003 (first at 4 px across, 0 px down), whose class would be 4, where classes")


def test_sequences_of_kitti_are_folders(write: Write, text: Text, tmp_path: Path) -> None:
    for sequence in ("0001", "0002"):
        write(f"image_02/{sequence}/000000.png")
        write(f"instances/{sequence}/000000.png", IDS * 0 + 1005, kind=np.uint16)
        text(f"instances/{sequence}/labels.txt", "car\n")
    dataset = read_as_it_is(tmp_path)
    assert list(dataset.splits["all"].names) == ["image_02/0001/000000.png", "image_02/0002/000000.png"]


def test_real_nuclei(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("dsb2018_nuclei_packed"))
    split = dataset.splits["all"]
    assert len(split) == 135
    row = list(split.names).index("images/0bf33d3db428.png")
    stored = np.asarray(Image.open(Path(dataset.source) / "instances/0bf33d3db428.png"))
    found = split.targets[row]
    assert len(found) == len(np.unique(stored)) - 1  # type: ignore[arg-type]
    for mask in found.columns["mask"]:  # type: ignore[attr-defined]
        numbers = np.unique(stored[mask.full(found.size)])  # type: ignore[attr-defined]
        assert len(numbers) == 1
        assert mask.area == (stored == numbers[0]).sum()
