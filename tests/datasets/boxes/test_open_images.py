from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.boxes.saying import boxes, refused, told

from convsight.datasets import UNSPLIT, read_as_it_is, read_dataset

MakeImage = Callable[..., Path]

HEADER = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n"


def table(path: Path, *rows: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return path


def row(image: str, label: str, corners: str, group: int = 0) -> str:
    return f"{image},xclick,{label},1,{corners},0,0,{group}"


@pytest.mark.parametrize(
    ("csv", "images", "classes"),
    [
        ("annotations/oidv6-train-annotations-bbox.csv", "images/train", "annotations/class-descriptions.csv"),
        ("train-annotations-bbox.csv", "train", "oidv7-class-descriptions-boxable.csv"),
        ("train/labels/detections.csv", "train/data", "train/metadata/classes.csv"),
    ],
)
def test_layouts(image: MakeImage, tmp_path: Path, csv: str, images: str, classes: str) -> None:
    image(f"open/{images}/a.jpg")
    image("open/elsewhere/a.jpg")
    table(
        tmp_path / "open" / csv,
        row("a", "/m/1", "0.25,0.5,0,1"),
        row("a", "/m/2", "0,1,0.5,1", 1),
        row("z", "/m/1", "0,1,0,1"),
    )
    (tmp_path / "open" / classes).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "open" / classes).write_text("/m/1,Cat\n")
    dataset = read_dataset(tmp_path / "open")
    assert (dataset.target.names, list(dataset.splits)) == (("/m/2", "Cat"), ["train"])
    assert told(dataset, f"{images}/a.jpg", "train") == [("Cat", [10, 0, 20, 30]), ("/m/2", [0, 15, 40, 30])]
    assert boxes(dataset, f"{images}/a.jpg", "train").crowd.tolist() == [False, True]
    assert "left out, since their images are not there: rows of 1 image" in dataset.notes


def test_a_table_of_its_own(image: MakeImage, tmp_path: Path) -> None:
    image("data/a.jpg")
    dataset = read_dataset(table(tmp_path / "boxes.csv", row("a", "cat", "0.25,0.5,0,1")))
    assert told(dataset, "data/a.jpg") == [("cat", [10, 0, 20, 30])]
    assert list(dataset.splits) == [UNSPLIT]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (row("a", "cat", "0,one,0,1"), "boxes.csv, line 3: ['0', '0', 'one', '1'] are not four numbers"),
        (row("", "cat", "0,1,0,1"), "boxes.csv, line 3: ImageID or LabelName is empty"),
    ],
)
def test_a_wrong_row(image: MakeImage, tmp_path: Path, line: str, words: str) -> None:
    image("a.jpg")
    assert words in refused(table(tmp_path / "boxes.csv", row("a", "cat", "0,1,0,1"), line))


def test_no_image_at_all(tmp_path: Path) -> None:
    message = refused(table(tmp_path / "boxes.csv", row("a", "cat", "0,1,0,1")))
    assert "none of 1 images is below" in message
    assert "such as a" in message


def test_a_sample_of_the_data_set(shared_data: Callable[[str], Path]) -> None:
    dataset = read_as_it_is(shared_data("format_samples") / "open_images_dataset" / "v6")
    assert dataset.target.names == ("Generic label #0", "Generic label #3")
    found = boxes(dataset, "images/train/b.jpg", "train")
    width, height = found.size
    assert found.xyxy.tolist()[0] == pytest.approx([0.2 * width, 0.3 * height, width, 0.5 * height])
