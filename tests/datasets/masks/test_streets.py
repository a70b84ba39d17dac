"""Cityscapes, KITTI and Mapillary, as their samples and made folders have them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.datasets.masks.conftest import Write
from tests.datasets.masks.said import indices, refused, things

from convsight.datasets import read_as_it_is
from convsight.datasets.masks.adopt import with_segments, with_things
from convsight.errors import UserError
from convsight.results import PanopticMap
from convsight.targets import Palette
from convsight.tasks.adoption import data_for

IDS = np.array([[0, 7, 7, 26, 26, 33], [3, 7, 7, 26, 26, 33], [3, 23, 23, 24, 24, 15], [3, 23, 23, 24, 24, 15]])
TRAIN_IDS = np.array([[255, 0, 0, 13, 13, 18], [255, 0, 0, 13, 13, 18]] + [[255, 10, 10, 11, 11, 255]] * 2)
THINGS = np.where(IDS == 26, 26001, np.where(IDS == 24, 24000, IDS))


@pytest.mark.parametrize(("kind", "values"), [("labelIds", IDS), ("labelTrainIds", TRAIN_IDS), ("instanceIds", THINGS)])
def test_cityscapes(write: Write, tmp_path: Path, kind: str, values: np.ndarray) -> None:
    write("leftImg8bit/train/ulm/ulm_1_leftImg8bit.png")
    deep = values.max() > 255
    write(f"gtFine/train/ulm/ulm_1_gtFine_{kind}.png", values, kind=np.uint16 if deep else np.uint8)
    dataset = read_as_it_is(tmp_path)
    assert len(dataset.target.names) == 19
    assert indices(dataset, "leftImg8bit/train/ulm/ulm_1_leftImg8bit.png") == TRAIN_IDS.tolist()


def test_things_of_cityscapes(write: Write, tmp_path: Path) -> None:
    write("leftImg8bit/train/ulm/ulm_1_leftImg8bit.png")
    write("gtFine/train/ulm/ulm_1_gtFine_labelIds.png", IDS)
    dataset = read_as_it_is(tmp_path)
    assert with_things(dataset) is None
    write("gtFine/train/ulm/ulm_1_gtFine_instanceIds.png", THINGS, kind=np.uint16)
    found = with_things(dataset)
    assert found is not None
    assert things(found, "leftImg8bit/train/ulm/ulm_1_leftImg8bit.png") == [
        ("person", [3, 2, 5, 4], 4),
        ("car", [3, 0, 5, 2], 4),
    ]


def test_a_test_split_without_masks_is_left_out(write: Write, tmp_path: Path) -> None:
    write("leftImg8bit/train/ulm/a_leftImg8bit.png")
    write("leftImg8bit/test/bonn/b_leftImg8bit.png")
    write("gtFine/train/ulm/a_gtFine_labelIds.png", IDS)
    dataset = read_as_it_is(tmp_path)
    assert list(dataset.splits) == ["train"]
    assert dataset.notes == ("left out, since without a mask: 1 of test (leftImg8bit/test/bonn/b_leftImg8bit.png)",)
    write("leftImg8bit/train/ulm/c_leftImg8bit.png")
    refused(tmp_path, "c_leftImg8bit.png has no mask; expected *_labelIds.png")


def test_samples_of_cityscapes_and_kitti(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("format_samples")
    streets = read_as_it_is(folder / "cityscapes_dataset/dataset")
    assert {name: len(split) for name, split in streets.splits.items()} == {"train": 1, "val": 1, "test": 2}
    refused(folder / "cityscapes_dataset/train_dataset", "holds 19 in 4 pixels", "where classes have 0 to 18")
    kitti = read_as_it_is(folder / "kitti_dataset/kitti_segmentation")
    assert things(kitti, "training/image_2/000030_10.png") == [("truck", [2, 0, 3, 1], 1), ("truck", [3, 0, 5, 1], 2)]


def test_samples_of_mapillary(shared_data: Callable[[str], Path]) -> None:
    dataset = read_as_it_is(shared_data("format_samples") / "mapillary_vistas_dataset")
    assert dataset.target.names == (
        "animal--bird",
        "construction--barrier--separator",
        "object--vehicle--bicycle",
    )
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 1, "val": 2}
    assert indices(dataset, "train/images/2.jpg") == [[0, 1, 0, 1, 0]] * 5
    found = with_things(dataset)
    assert found is not None
    assert [each[0] for each in things(found, "train/images/2.jpg")] == ["animal--bird"] * 3 + [
        "construction--barrier--separator"
    ] * 2


def test_segments_of_cityscapes(write: Write, tmp_path: Path) -> None:
    """As Cityscapes' own script for panoptic images: 26 alone is a crowd of cars, 15 is no class that counts."""
    name = "leftImg8bit/train/ulm/ulm_1_leftImg8bit.png"
    write(name)
    write("gtFine/train/ulm/ulm_1_gtFine_labelTrainIds.png", TRAIN_IDS)
    assert with_segments(read_as_it_is(tmp_path)) is None
    ids = THINGS.copy()
    ids[0, 3] = 26
    write("gtFine/train/ulm/ulm_1_gtFine_instanceIds.png", ids, kind=np.uint16)
    found = data_for(str(tmp_path), "panoptic")
    assert isinstance(found.target, Palette)
    assert found.target.things == ("person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle")
    split = found.split("train")
    assert list(split.names) == [name]
    target = split.targets[0]
    assert isinstance(target, PanopticMap)
    segments = {(each.name, each.thing, each.area) for each in target.segments}
    assert segments == {
        ("road", False, 4),
        ("sky", False, 4),
        ("car", True, 3),
        ("car", True, 1),
        ("person", True, 4),
        ("bicycle", True, 2),
    }
    crowds = {target.classes[label] for label in target.labels[target.crowd].tolist()}
    assert crowds == {"car", "bicycle"}
    assert (target.class_of_pixels(255) == TRAIN_IDS).all()
    (tmp_path / "leftImg8bit" / "train" / "ulm" / "ulm_2_leftImg8bit.png").write_bytes((tmp_path / name).read_bytes())
    with pytest.raises(UserError, match=r"ulm_2_leftImg8bit.png has no mask|expected \*_instanceIds.png"):
        data_for(str(tmp_path), "panoptic").split("train").targets[1]
    ids[0, 3] = 77
    write("gtFine/train/ulm/ulm_1_gtFine_instanceIds.png", ids, kind=np.uint16)
    with pytest.raises(UserError, match="holds the number 77"):
        data_for(str(tmp_path), "panoptic").split("train").targets[0]
