"""What is written in a format and read again is what it was, as far as the format can hold it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from tests.datasets.convert.random_data import datasets

from convsight.datasets import Dataset, read_as_it_is
from convsight.datasets.convert import WRITERS, convert
from convsight.progress import Silent
from convsight.results import Boxes, BoxLists

PLACES = {"coco": "", "voc": "", "yolo": "", "csv": "boxes.csv"}
CLOSE = 1e-5  # px; a thousandth would do


def again(dataset: Dataset, folder: Path, to: str) -> Dataset:
    """`dataset` written as `to` into a new folder, and read again."""
    convert(dataset, folder, to, Silent())
    return read_as_it_is(folder / PLACES[to])


def by_name(dataset: Dataset) -> Mapping[tuple[str, str], Boxes]:
    """The boxes by split and name without folder and suffix."""
    found = {}
    for split in dataset.splits.values():
        for row, name in enumerate(split.names):
            target = split.targets[row]
            assert isinstance(target, Boxes)
            found[split.name, PurePosixPath(name).stem] = target
    return found


def check_same(one: Dataset, other: Dataset, *, extras: tuple[str, ...] = ()) -> None:
    """The same images with the same boxes, and the same `extras` of each."""
    before, after = by_name(one), by_name(other)
    assert list(after) == list(before)
    for key, boxes in before.items():
        found = after[key]
        assert found.size == boxes.size
        names = [[each.classes[label] for label in each.labels] for each in (boxes, found)]
        assert names[0] == names[1]
        np.testing.assert_allclose(found.xyxy, boxes.xyxy, atol=CLOSE)
        for part in extras:
            np.testing.assert_allclose(getattr(found, part), getattr(boxes, part), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(datasets(plain=False))
def test_coco_keeps_all(dataset: Dataset) -> None:
    with TemporaryDirectory() as folder:
        found = again(dataset, Path(folder) / "out", "coco")
        assert found.target.names == dataset.target.names
        check_same(dataset, found, extras=("crowd", "difficult", "areas"))


@settings(max_examples=20, deadline=None)
@given(datasets(plain=False))
def test_a_table_keeps_all_but_the_order_of_classes(dataset: Dataset) -> None:
    with TemporaryDirectory() as folder:
        found = again(dataset, Path(folder) / "out", "csv")
        assert set(found.target.names) == set(dataset.target.names)
        check_same(dataset, found, extras=("crowd", "difficult", "areas"))


@settings(max_examples=20, deadline=None)
@given(datasets(plain=False))
def test_voc_keeps_what_is_difficult(dataset: Dataset) -> None:
    with TemporaryDirectory() as folder:
        found = again(dataset, Path(folder) / "out", "voc")
        check_same(with_crowds_difficult(dataset), found, extras=("difficult",))


def with_crowds_difficult(dataset: Dataset) -> Dataset:
    """VOC knows no crowds, but things that nobody need find."""
    splits = {}
    for name, split in dataset.splits.items():
        assert isinstance(split.targets, BoxLists)
        lists = [replace(boxes, difficult=boxes.difficult | boxes.crowd) for boxes in split.targets]
        splits[name] = replace(split, targets=BoxLists(lists, dataset.target.names))
    return dataset.with_splits(splits)


@settings(max_examples=20, deadline=None)
@given(datasets(plain=True))
def test_yolo_keeps_boxes(dataset: Dataset) -> None:
    with TemporaryDirectory() as folder:
        found = again(dataset, Path(folder) / "out", "yolo")
        assert found.target.names == dataset.target.names
        if "all" in dataset.splits:
            dataset = dataset.with_splits(
                {"train": dataset.splits["all"].select(np.arange(len(dataset.splits["all"])), "train")}
            )
        check_same(dataset, found)


@pytest.mark.parametrize("between", [name for name in WRITERS if name != "coco"])
def test_real_boxes_from_coco_and_back(shared_data: Callable[[str], Path], tmp_path: Path, between: str) -> None:
    dataset = read_as_it_is(shared_data("coco_permissive"))
    found = again(again(dataset, tmp_path / between, between), tmp_path / "coco", "coco")
    if between == "yolo":
        found = found.with_splits({"all": found.splits["train"].select(np.arange(33), "all")})
    check_same(dataset, found, extras=("crowd", "areas") if between == "csv" else ())
    assert set(found.target.names) == set(dataset.target.names)


def test_all_formats_hold_the_same_blood_cells(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    dataset = read_as_it_is(shared_data("bccd"))
    for to in WRITERS:
        found = read_as_it_is_linked(dataset, tmp_path / to, to)
        assert {name: len(split) for name, split in found.splits.items()} == {"train": 205, "val": 87, "test": 72}
        check_same(dataset, found)


def read_as_it_is_linked(dataset: Dataset, folder: Path, to: str) -> Dataset:
    convert(dataset, folder, to, Silent(), link=True)
    return read_as_it_is(folder / PLACES[to])
