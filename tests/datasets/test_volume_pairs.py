"""Volumes with masks: what is read, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.volume_files import ball, nibabel, orientations, write_volume

from convsight.datasets import read_dataset
from convsight.datasets.volume_range import are_volumes, measured_volumes
from convsight.errors import UserError
from convsight.results import ClassMap


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        voxels, mask = ball((9, 8, 7), 2 + number / 2, number)
        write_volume(tmp_path / "images" / f"case{number}.nii.gz", voxels)
        write_volume(tmp_path / "labels" / f"case{number}.nii.gz", mask)
    return tmp_path


def test_pairs_by_name(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert (dataset.task, dataset.target.names, list(dataset.splits)) == ("segmentation", ("background", "1"), ["all"])
    split = dataset.split("all")
    assert list(split.names) == [f"images/case{number}.nii.gz" for number in range(4)]
    target = split.targets[3]
    assert isinstance(target, ClassMap)
    assert (target.indices == ball((9, 8, 7), 3.5, 3)[1].T).all()
    assert target.spacing == (1, 1, 1)
    assert are_volumes(split.images)


def test_splits_and_names(folder: Path) -> None:
    lines = [
        f"images/case{n}.nii.gz,labels/case{n}.nii.gz,{split}"
        for n, split in enumerate(("train", "val", "test", "train"))
    ]
    (folder / "splits.csv").write_text("image,label,split\n" + "\n".join(lines))
    (folder / "dataset.json").write_text(json.dumps({"labels": {"0": "air", "1": "ball"}}))
    dataset = read_dataset(folder)
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 2, "val": 1, "test": 1}
    assert dataset.target.names == ("air", "ball")
    (folder / "splits.csv").write_text("image,label,split\nimages/case0.nii.gz,labels/none.nii.gz,train")
    with pytest.raises(UserError, match=r"labels/none.nii.gz is not there"):
        read_dataset(folder)
    (folder / "splits.csv").write_text("image,split\nimages/case0.nii.gz,train")
    with pytest.raises(UserError, match="lacks the column label"):
        read_dataset(folder)


def test_masks_are_turned_as_their_volumes_are(folder: Path) -> None:
    """A mask of another orientation lies on the same voxels all the same."""
    file = folder / "labels" / "case1.nii.gz"
    own = nibabel.load(file)
    values = np.asarray(own.dataobj).copy()
    values[0, 0, 0] = 1
    turn = orientations.ornt_transform(orientations.axcodes2ornt("RAS"), orientations.axcodes2ornt("PIL"))
    nibabel.Nifti1Image(values, own.affine).as_reoriented(turn).to_filename(file)
    target = read_dataset(folder).split("all").targets[1]
    assert isinstance(target, ClassMap)
    assert (target.indices == values.T).all()


def test_what_is_refused(folder: Path) -> None:
    whole = (folder / "labels" / "case2.nii.gz").read_bytes()
    (folder / "labels" / "case2.nii.gz").unlink()
    write_volume(folder / "labels" / "other.nii.gz", np.zeros((9, 8, 7), np.uint8))
    with pytest.raises(UserError, match=r"case2.nii.gz has no mask, other.nii.gz has no volume"):
        read_dataset(folder)
    (folder / "labels" / "other.nii.gz").rename(folder / "labels" / "case2.nii.gz")
    write_volume(folder / "labels" / "case2.nii.gz", np.zeros((9, 8, 6), np.uint8))
    with pytest.raises(UserError, match=r"has 7 x 8 x 9 voxels and its mask .* 6 x 8 x 9"):
        read_dataset(folder)
    write_volume(folder / "labels" / "case2.nii.gz", np.full((9, 8, 7), 0.5, np.float32))
    with pytest.raises(UserError, match=r"holds numbers from 0.5 to 0.5; a mask has whole ones"):
        read_dataset(folder)
    (folder / "labels" / "case2.nii.gz").write_bytes(whole[:20])
    with pytest.raises(UserError, match="is damaged or no NIfTI"):
        read_dataset(folder)


def test_what_volumes_are_like(folder: Path, tmp_path: Path) -> None:
    files = list(read_dataset(folder).split("all").images)
    found = measured_volumes(files, 96)
    assert (found.sides, found.spacing, found.own_range) == ((8, 8, 16), None, False)
    assert found.range["low"] == pytest.approx(-25, abs=15)
    assert found.range["high"] == pytest.approx(120, abs=15)
    assert measured_volumes(files, 6).spacing == pytest.approx((1.5, 1.5, 1.5))
    voxels, _ = ball((9, 8, 7), 3)
    loud = [*files, write_volume(tmp_path / "loud.nii", voxels * 50, np.diag([2, 2, 2, 1.0]))]
    assert measured_volumes(loud, 96).own_range
    assert measured_volumes(loud, 96).spacing == (1, 1, 1)
    assert measured_volumes(loud, None).spacing is None
    assert are_volumes(np.zeros((3, 8, 8, 8), np.uint8))
    assert not are_volumes(np.zeros((3, 8, 8, 4), np.uint8))


def test_of_real_files(shared_data: Callable[[str], Path]) -> None:
    dataset = read_dataset(shared_data("hippocampus"))
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 65, "val": 10, "test": 25}
    assert dataset.target.names == ("background", "1", "2")
    found = measured_volumes(dataset.split("train").images, 96)
    assert (found.sides, found.spacing, found.own_range) == ((48, 64, 40), None, True)
