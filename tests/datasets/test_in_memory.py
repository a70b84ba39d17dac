"""Data that a program holds, beside the same as files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset as MapStyle
from torch.utils.data import Subset, TensorDataset
from torchvision.datasets import FakeData, ImageFolder
from torchvision.transforms import Compose, Normalize, ToTensor

from convsight.datasets import Dataset, fingerprint, read_dataset
from convsight.datasets.in_memory import data_of
from convsight.errors import UserError
from convsight.images import decode_image
from convsight.results import Labels

SIZES = (20, 24, 20, 28)  # heights of the images
LEVELS = (10, 80, 150, 220)
NAMES = ["dark", "dark", "bright", "bright"]
PIXELS = [np.full((height, 20, 3), level, np.uint8) for height, level in zip(SIZES, LEVELS, strict=True)]
SAME_SIZE = np.stack([image[:20] for image in PIXELS])
PLANES = torch.from_numpy(SAME_SIZE).permute(0, 3, 1, 2)


class Own(MapStyle[tuple[Image.Image, int]]):
    """A dataset as users write it."""

    def __len__(self) -> int:
        return len(PIXELS)

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return Image.fromarray(PIXELS[index]), int(index >= 2)


def held(data: object) -> Dataset:
    found = data_of(data)
    assert isinstance(found, Dataset)
    return found


def levels(dataset: Dataset, split: str = "all") -> list[int]:
    """The level of each image, however it is held."""
    images = dataset.split(split).images
    return [int(np.asarray(decode_image(images[row]))[0, 0, 0]) for row in range(len(images))]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ((PIXELS, NAMES), NAMES),
        (([Image.fromarray(image) for image in PIXELS], np.array(NAMES)), NAMES),
        ((SAME_SIZE, pd.Series(NAMES)), NAMES),
        ((SAME_SIZE, [3, 3, 7, 7]), ["3", "3", "7", "7"]),
        ((SAME_SIZE.astype(np.int64), np.array([3.0, 3.0, 7.0, 7.0])), ["3", "3", "7", "7"]),
        ((PLANES, torch.tensor([0, 0, 1, 1])), ["0", "0", "1", "1"]),
        (
            TensorDataset(torch.from_numpy(SAME_SIZE).permute(0, 3, 1, 2) / 255, torch.tensor([0, 0, 1, 1])),
            list("0011"),
        ),
        (Own(), ["0", "0", "1", "1"]),
    ],
)
def test_images_with_labels_become_one_split(data: object, names: list[str]) -> None:
    dataset = held(data)
    assert levels(dataset) == list(LEVELS)
    targets = dataset.split("all").targets
    assert isinstance(targets, Labels)
    assert targets.lines() == names
    assert dataset.source.endswith(" in memory")
    assert dataset.classes_named == (names == NAMES)


def test_images_keep_their_sizes_and_are_made_when_asked_for() -> None:
    asked: list[int] = []

    class Counting(Own):
        def __getitem__(self, index: int) -> tuple[Image.Image, int]:
            asked.append(index)
            return super().__getitem__(index)

    split = held(Counting()).split("all")
    asked.clear()
    chosen = split.select(np.array([3, 1]))
    assert asked == []
    assert [np.asarray(image).shape[0] for image in chosen.images[0:2]] == [28, 24]
    assert asked == [3, 1]


def test_a_table_is_read_as_its_file_is(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [str(path.relative_to(tmp_path)) for path in sorted(photos.rglob("*.png"))]
    table = pd.DataFrame({"path": paths, "label": [Path(path).parent.name for path in paths]})
    table["split"] = ["train", "test"] * 10
    table.to_csv("table.csv", index=False)
    found, file = held(table), read_dataset("table.csv")
    assert fingerprint(found) == fingerprint(file)
    assert {name: len(split) for name, split in found.splits.items()} == {"train": 10, "test": 10}
    assert (found.name, found.source) == ("table", "table in memory")
    with pytest.raises(UserError, match="the table has no column 'label'"):
        data_of(table[["path"]])
    with pytest.raises(UserError, match=r"the table, row 0: no such file: gone\.png"):
        data_of(pd.DataFrame({"path": ["gone.png"], "label": ["dark"]}))


def test_a_table_of_boxes_is_of_detection(photos: Path) -> None:
    row = {"path": str(photos / "dark" / "0.png"), "label": "spot", "xmin": 1, "ymin": 2, "xmax": 9, "ymax": 12}
    assert held(pd.DataFrame([row, row | {"xmin": 3}])).task == "detection"


def test_torchvisions_folders_are_their_files_and_others_lose_their_transforms(photos: Path) -> None:
    prepared = Compose([ToTensor(), Normalize([0.5] * 3, [0.5] * 3)])
    folder = held(ImageFolder(str(photos), transform=prepared))
    assert folder.target.names == ("bright", "dark")
    assert sorted(map(str, folder.split("all").images)) == sorted(map(str, photos.rglob("*.png")))
    fake = FakeData(6, (3, 8, 9), num_classes=2, transform=prepared)
    images = held(fake).split("all").images
    last = np.asarray(images[5])
    assert (len(images), last.shape, str(last.dtype)) == (6, (8, 9, 3), "uint8")
    assert fake.transform is prepared


@pytest.mark.parametrize("whole", [lambda photos: Own(), lambda photos: ImageFolder(str(photos))])
def test_a_subset_is_its_part_of_the_whole(whole: Callable[[Path], Any], photos: Path) -> None:
    data = whole(photos)
    part, everything = held(Subset(data, [3, 0])).split("all"), held(data).split("all")
    lines = list(everything.targets.lines())
    assert list(part.targets.lines()) == [lines[3], lines[0]]
    assert np.array_equal(np.asarray(decode_image(part.images[0])), np.asarray(decode_image(everything.images[3])))


def test_a_dict_has_splits_that_share_their_classes() -> None:
    dataset = held({"training": (PIXELS, NAMES), "test": (PIXELS[2:], ["bright", "grey"])})
    assert list(dataset.splits) == ["train", "test"]
    assert dataset.target.names == ("bright", "dark", "grey")
    assert levels(dataset, "test") == [150, 220]


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (3, TypeError, "of the type int: give a path, .* a table of pandas"),
        (None, TypeError, "of the type NoneType"),
        (SAME_SIZE, TypeError, "of the type ndarray"),
        ((SAME_SIZE,), TypeError, "of the type tuple"),
        (([], []), TypeError, "images of the type list: .* one or more"),
        ((SAME_SIZE, NAMES[:3]), UserError, "4 images but 3 labels"),
        ((SAME_SIZE, np.eye(4) / 2), UserError, r"labels of shape \(4, 4\)"),
        ((SAME_SIZE, [0.5, 1, 2, 3]), UserError, "label 0.5 is neither a text nor a whole number"),
        ((SAME_SIZE.astype(np.int64) * 300, NAMES), UserError, "give uint8, uint16 or float32"),
        ((np.zeros((4, 9)), NAMES), UserError, r"images of shape \(4, 9\)"),
        ((torch.randn(4, 3, 9, 9), NAMES), UserError, "without Normalize"),
        ({"trian": (PIXELS, NAMES)}, UserError, "unknown split 'trian'; did you mean train"),
        ({"train": "photos"}, TypeError, "the split train"),
        ([[PIXELS[0], "a"], [PIXELS[1], "b"], [PIXELS[2], "b"]], TypeError, "of the type list"),
        (TensorDataset(torch.zeros(3, 3, 8, 8)), UserError, r"TensorDataset is tuple, not a pair"),
    ],
)
def test_what_is_no_data_is_told_with_what_is(data: object, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        data_of(data)


def test_paths_are_left_to_the_formats() -> None:
    assert data_of(Path("photos")) == data_of("photos") == "photos"
