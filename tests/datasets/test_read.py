"""What every format must do, on the same data stored in each, and what no format is for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convsight.datasets import FORMATS, Dataset, Split, fingerprint, read_dataset, read_for
from convsight.datasets.checks import check_judgeable
from convsight.errors import UserError
from convsight.results import Boxes, BoxLists
from convsight.targets import Classes, counts_by_class

# Training and test images of the classes 0, 1 and 2; test lacks class 1.
LABELS = {"train": [0, 1, 2, 1, 0], "test": [2, 0]}

MakeImages = Callable[..., Path]
WriteIdx = Callable[..., Path]


@pytest.fixture
def stored(make_images: MakeImages, write_idx: WriteIdx, tmp_path: Path) -> Callable[[str], Path]:
    """The data stored in the format that is asked for."""
    listed = [(split, f"{split}/{label}/{i}.png", label) for split in LABELS for i, label in enumerate(LABELS[split])]

    def folders() -> Path:
        return make_images(*(name for _, name, _ in listed))

    def table() -> Path:
        path = folders() / "table.csv"
        path.write_text("path,label,split\n" + "".join(f"{name},{label},{split}\n" for split, name, label in listed))
        return path

    def idx() -> Path:
        for split, prefix in (("train", "train"), ("test", "t10k")):
            pixels = np.arange(len(LABELS[split]) * 20, dtype=np.uint8).reshape(-1, 4, 5)
            write_idx(tmp_path / "idx" / f"{prefix}-images-idx3-ubyte", pixels)
            write_idx(tmp_path / "idx" / f"{prefix}-labels-idx1-ubyte", LABELS[split])
        return tmp_path / "idx"

    def npz() -> Path:
        arrays = {f"{split}_labels": np.array(labels) for split, labels in LABELS.items()}
        arrays |= {f"{split}_images": np.zeros((len(x), 4, 5), np.uint8) for split, x in LABELS.items()}
        np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
        return tmp_path / "data.npz"

    makers = {"folders": folders, "table": table, "idx": idx, "npz": npz}
    return lambda name: makers[name]()


@pytest.fixture(params=["folders", "table", "idx", "npz"])
def source(request: pytest.FixtureRequest, stored: Callable[[str], Path]) -> Path:
    return stored(request.param)


def class_names(dataset: Dataset, split: str) -> list[str]:
    return sorted(dataset.split(split).targets.lines())


class TestEveryFormat:
    def test_exactly_one_recognises_it_first(self, source: Path) -> None:
        recognising = [each.name for each in FORMATS if each.recognises(source)]
        assert recognising[0] != "a folder of class folders" or len(recognising) == 1

    def test_splits_and_classes(self, source: Path) -> None:
        dataset = read_dataset(str(source))
        assert dataset.task == "classification"
        assert dataset.target.names == ("0", "1", "2")
        assert list(dataset.splits) == ["train", "test"]
        assert class_names(dataset, "train") == ["0", "0", "1", "1", "2"]
        assert class_names(dataset, "test") == ["0", "2"]
        assert dataset.source == str(source)

    def test_a_class_missing_in_test_is_noted(self, source: Path) -> None:
        assert "test holds no image of 1" in read_dataset(source).notes

    def test_names_are_unique_over_all_splits(self, source: Path) -> None:
        names = [name for split in read_dataset(source).splits.values() for name in split.names]
        assert len(set(names)) == len(names)

    def test_reading_twice_gives_the_same(self, source: Path) -> None:
        one, two = read_dataset(source), read_dataset(source)
        for name, split in one.splits.items():
            assert list(split.names) == list(two.split(name).names)
        assert fingerprint(one) == fingerprint(two)

    def test_classes_of_a_network_decide_the_indices(self, source: Path) -> None:
        classes = ("2", "absent", "1", "0")
        dataset = read_for(source, "classification", Classes(names=classes))
        assert dataset.target.names == classes
        for name in LABELS:
            assert class_names(dataset, name) == class_names(read_dataset(source), name)
        assert counts_by_class(dataset.split("test").targets) == {"2": 1, "absent": 0, "1": 0, "0": 1}

    def test_a_class_the_network_lacks(self, source: Path) -> None:
        with pytest.raises(UserError, match="unknown class '1'; did you mean 10"):
            read_for(source, "classification", Classes(names=("0", "2", "10")))


class TestJudgingOtherData:
    def test_one_class_will_do(self, make_images: MakeImages) -> None:
        dataset = read_for(make_images("cat/1.png"), "classification", Classes(names=("ant", "cat")))
        assert counts_by_class(dataset.split("all").targets) == {"ant": 0, "cat": 1}

    def test_a_class_may_be_in_test_alone(self, make_images: MakeImages) -> None:
        photos = make_images("train/cat/1.png", "test/ant/2.png")
        found = read_for(photos, "classification", Classes(names=("ant", "cat")))
        assert counts_by_class(found.split("test").targets)["ant"] == 1

    def test_the_unknown_class_is_named_with_its_file_and_the_nearest(self, make_images: MakeImages) -> None:
        photos = make_images("caat/1.png")
        with pytest.raises(UserError) as caught:
            read_for(photos, "classification", Classes(names=("elk", "cat")))
        assert str(caught.value) == f"{photos}: unknown class 'caat'; did you mean cat?"

    def test_numbers_are_not_taken_for_names(self, stored: Callable[[str], Path]) -> None:
        with pytest.raises(UserError, match=r"unknown class '0'.*numbers only"):
            read_for(stored("npz"), "classification", Classes(names=("normal", "pneumonia")))


class TestNoData:
    def test_a_missing_path(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"no such file or folder: .*nowhere.*a folder of class folders"):
            read_dataset(tmp_path / "nowhere")

    def test_a_missing_file_of_a_known_format(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no such file or folder"):
            read_dataset(tmp_path / "scans.npz")

    def test_another_kind_of_file(self, make_images: MakeImages) -> None:
        with pytest.raises(UserError, match=r"1\.png is of no known data format; expected"):
            read_dataset(make_images("cat/1.png") / "cat/1.png")

    def test_an_empty_name(self) -> None:
        with pytest.raises(UserError, match="no such file or folder: ''"):
            read_dataset("")

    def test_a_name_too_long_for_the_system(self) -> None:
        with pytest.raises(UserError, match="cannot read"):
            read_dataset("x" * 5000)

    def test_a_null_character(self) -> None:
        with pytest.raises(UserError, match="no such file or folder"):
            read_dataset("a\0b")


def test_a_split_that_shows_nothing_cannot_be_judged_by() -> None:
    nothing = BoxLists([Boxes.of(("cat",), (9, 9), [], [])], ("cat",))
    split = Split("val", np.zeros((1, 9, 9, 3), np.uint8), nothing, ["a"])
    with pytest.raises(UserError, match="split 'val' shows anything"):
        check_judgeable("photos", split)


def test_an_archive_is_told_how_to_unpack(tmp_path: Path) -> None:
    for name, content, command in (
        ("photos.zip", b"PK\x03\x04", "python -m zipfile -e {0}/photos.zip {0}/photos"),
        ("photos.tgz", b"\x1f\x8b", "python -m tarfile -e {0}/photos.tgz {0}/photos"),
        ("photos", b"PK\x03\x04", "python -m zipfile -e {0}/photos {0}/photos-unpacked"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError) as caught:
            read_dataset(tmp_path / name)
        assert str(caught.value).endswith(f"it is an archive: unpack it with: {command.format(tmp_path)}")
