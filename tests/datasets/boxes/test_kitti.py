from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import refused, told

from convsight.datasets import UNSPLIT, read_dataset

MakeImage = Callable[..., Path]

CAR = "Car 0.00 0 -1.57 {} 1.5 1.6 4.0 0 1.5 30 -1.5"


def labels(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{line}\n" for line in lines))
    return folder


@pytest.mark.parametrize(
    ("images", "texts", "split"),
    [
        ("training/image_2", "training/label_2", "train"),
        ("image_2", "label_2", UNSPLIT),
        ("val/images", "val/labels", "val"),
        ("data", "labels", UNSPLIT),
    ],
)
def test_layouts(image: MakeImage, tmp_path: Path, images: str, texts: str, split: str) -> None:
    for name in ("1", "2", "3"):
        image(f"kitti/{images}/{name}.png")
    dont_care = CAR.format("0 0 5 5").replace("Car", "DontCare")
    labels(tmp_path / "kitti" / texts, "1.txt", CAR.format("1.5 2 11 12"), dont_care)
    labels(tmp_path / "kitti" / texts, "2.txt")
    dataset = read_dataset(tmp_path / "kitti")
    assert (dataset.target.names, list(dataset.splits)) == (("Car",), [split])
    assert told(dataset, f"{images}/1.png", split) == [("Car", [1.5, 2, 11, 12])]
    assert told(dataset, f"{images}/2.png", split) == []
    assert f"left out, since without a label file: 1 image of {images} (3)" in dataset.notes
    assert "regions called DontCare, which are of no class, left out: 1" in dataset.notes


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Car 0 0 0 1 2 3", "label_2/1.txt, line 2: 7 fields; expected 15, or 16 with a score"),
        (CAR.format("1 2 three 4"), "line 2: ['1', '2', 'three', '4'] are not four numbers"),
    ],
)
def test_a_wrong_line(image: MakeImage, tmp_path: Path, line: str, words: str) -> None:
    image("image_2/1.png")
    labels(tmp_path / "label_2", "1.txt", CAR.format("1 2 3 4"), line)
    assert words in refused(tmp_path)


def test_a_label_file_without_image(image: MakeImage, tmp_path: Path) -> None:
    image("image_2/1.png")
    labels(tmp_path / "label_2", "2.txt", CAR.format("1 2 3 4"))
    assert "2.txt: no such file: 2.png" in refused(tmp_path)


def test_a_sample_of_the_data_set(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("format_samples") / "kitti_dataset" / "kitti_detection")
    name = "training/image_2/000030_10.png"
    assert told(dataset, name, "train") == [("Truck", [0, 1, 2, 3]), ("Van", [0, 5, 1, 8])]
