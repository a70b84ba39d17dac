"""Volumes with masks: what is read, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.stacks import write_pages, write_slices
from tests.volume_files import ball, nibabel, orientations, write_volume

from convsight.datasets import Dataset, read_as_it_is, read_dataset
from convsight.datasets.audit import audit
from convsight.datasets.volume_pairs import is_volume_pairs
from convsight.datasets.volume_range import are_volumes, measured_volumes
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.results import ClassMap
from convsight.targets import class_maps


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
    with pytest.raises(UserError, match=r"case2\.nii\.gz cannot be read as NIfTI|cut short"):
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


def _rows(dataset: Dataset) -> list[tuple[str, str]]:
    return [(found.kind, found.brief) for found in dataset.findings]


@pytest.mark.parametrize("kind", ["folders", "pages"])
def test_stacks_are_what_the_same_volumes_as_nifti_are(folder: Path, tmp_path: Path, kind: str) -> None:
    stacks = tmp_path / "stacks"
    for number in range(4):
        voxels, mask = ball((9, 8, 7), 2 + number / 2, number)
        values = (voxels.T + 100).clip(0, 255).astype(np.uint8)
        write_volume(folder / "images" / f"case{number}.nii.gz", values.T, np.diag([0.5, 0.5, 2, 1]))
        write_volume(folder / "labels" / f"case{number}.nii.gz", mask, np.diag([0.5, 0.5, 2, 1]))
        if kind == "folders":
            write_slices(stacks / "volumes" / f"case{number}", values)
            write_slices(stacks / "labels" / f"case{number}_seg", mask.T)
        else:
            write_pages(stacks / "volumes" / f"case{number}.tif", values)
            write_pages(stacks / "labels" / f"case{number}_seg.tif", mask.T)
    (stacks / "spacing.txt").write_text("2 0.5 0.5")
    one, other = read_dataset(stacks).split("all"), read_dataset(folder).split("all")
    assert are_volumes(one.images)
    assert one.targets.lines() == other.targets.lines()
    assert [each.spacing for each in class_maps(one.targets)] == [each.spacing for each in class_maps(other.targets)]
    assert measured_volumes(list(one.images), None) == measured_volumes(list(other.images), None)
    assert measured_volumes(list(one.images), 6) == measured_volumes(list(other.images), 6)
    (stacks / "spacing.txt").unlink()  # they are still stacks, by the name of their folder
    assert class_maps(read_dataset(stacks).split("all").targets)[0].spacing is None
    if kind == "pages":
        (stacks / "volumes").rename(stacks / "images")  # now it holds pictures, of which the first page counts
        assert not is_volume_pairs(stacks)


def test_slices_that_are_missing_are_told(tmp_path: Path) -> None:
    for number in range(2):
        _, mask = ball((9, 8, 7), 2.5)
        write_slices(tmp_path / "volumes" / str(number), mask.T * 100)
        write_slices(tmp_path / "labels" / str(number), mask.T)
    (tmp_path / "volumes" / "1" / "slice3.png").unlink()
    with pytest.raises(UserError, match=r"volumes/1 has 6 x 8 x 9 voxels and its mask .*labels/1 7 x 8 x 9"):
        read_dataset(tmp_path)
    (tmp_path / "labels" / "1" / "slice3.png").unlink()
    dataset = read_dataset(tmp_path)
    assert _rows(dataset) == [
        ("slice-gaps", dataset.notes[0]),
    ]
    assert "2 stacks with missing slices (volumes/1, by the numbers 1 slice missing: between slice2" in dataset.notes[0]


def test_masks_of_0_and_255_are_foreground_and_255_beside_others_is_no_class(folder: Path) -> None:
    for number in range(4):
        _, mask = ball((9, 8, 7), 2 + number / 2)
        write_volume(folder / "labels" / f"case{number}.nii.gz", mask * 255)
    dataset = read_dataset(folder)
    assert dataset.target.names == ("background", "1")
    assert (class_maps(dataset.split("all").targets)[0].indices == ball((9, 8, 7), 2)[1].T).all()
    _, mask = ball((9, 8, 7), 2)
    mask[0] = 2
    write_volume(folder / "labels" / "case0.nii.gz", mask)
    dataset = read_dataset(folder)
    assert dataset.target.names == ("background", "1", "2")
    assert class_maps(dataset.split("all").targets)[1].unknown > 0


def test_a_mask_that_lies_elsewhere_is_refused_with_both_told(folder: Path) -> None:
    _, mask = ball((9, 8, 7), 3, 1)
    file = folder / "labels" / "case1.nii.gz"
    moved = np.diag([1, 1, 1, 1.0])
    moved[2, 3] = 0.05  # rounded
    write_volume(file, mask, moved)
    read_dataset(folder)
    moved[2, 3] = 3
    write_volume(file, mask, moved)
    with pytest.raises(
        UserError,
        match=r"case1.nii.gz and its mask .* one begins at \(0, 0, 0\) mm with axes RAS and voxels of 1 x 1 x 1 mm, "
        r"and one begins at \(0, 0, 3\) mm .*, 3 mm away at a corner; resample",
    ):
        read_dataset(folder)
    for wrong in (np.diag([-1, 1, 1, 1.0]), np.diag([1, 1, 2, 1.0])):  # mirrored; of other voxels
        write_volume(file, mask, wrong)
        with pytest.raises(UserError, match="lie apart"):
            read_dataset(folder)
    image = nibabel.load(file)
    image.header["qform_code"] = image.header["sform_code"] = 0
    nibabel.Nifti1Image(mask, None, image.header).to_filename(file)  # says nothing of its place
    read_dataset(folder)


def test_other_voxels_than_most_are_told(folder: Path) -> None:
    voxels, mask = ball((9, 8, 7), 3, 1)
    for name, values in (("images", voxels), ("labels", mask)):
        write_volume(folder / name / "case1.nii.gz", values, np.diag([1, 1, 3, 1.0]))
    dataset = read_dataset(folder)
    [(kind, words)] = _rows(dataset)
    assert kind == "spacing"
    assert words == (
        "1 volume of other voxels than 1 x 1 x 1 mm: none is resampled for masks (images/case1.nii.gz, 3 x 1 x 1 mm)"
    )
    found = measured_volumes(list(dataset.split("all").images), None)
    assert (
        found.words == "voxels as the files have them, from 1 x 1 x 1 mm to 3 x 1 x 1 mm: none is resampled for masks"
    )


def test_an_audit_looks_at_volumes(folder: Path) -> None:
    voxels, _ = ball((9, 8, 7), 2.5, 1)
    voxels[0, 0, 0] = np.nan
    write_volume(folder / "images" / "case1.nii.gz", voxels)
    write_volume(folder / "images" / "case3.nii.gz", np.zeros((9, 8, 7, 2), np.float32))
    with pytest.raises(UserError, match=r"case3.nii.gz has 4 axes .9 x 8 x 7 x 2.; expected three"):
        audit(read_dataset(folder), Silent())
    write_volume(folder / "images" / "case3.nii.gz", ball((9, 8, 7), 2, 0)[0])  # that of case0
    found = audit(read_as_it_is(folder), Silent(), workers=1)
    words = {each.kind: each.brief for each in found.findings}
    assert "unreadable" not in words
    assert "0.20% of its voxels are no numbers, and count as 0" in words["damaged"]
    assert any("case0" in brief and "case3" in brief for brief in words.values())
