"""Volumes with masks into a folder of NIfTI files and back."""

from pathlib import Path

import numpy as np
import pytest
from tests.volume_files import ball, nibabel, write_volume

from convsight.datasets import Dataset, Split, read_as_it_is, read_dataset
from convsight.datasets.convert import convert
from convsight.errors import UserError
from convsight.images import read_nifti
from convsight.progress import Silent
from convsight.results import ClassMaps
from convsight.targets import Palette, class_maps


def test_arrays_come_back_voxel_by_voxel(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    splits = {}
    for name, count in (("train", 2), ("test", 1)):
        voxels = random.integers(0, 256, (count, 3, 4, 5, 1), np.uint8)
        masks = random.integers(0, 3, (count, 3, 4, 5), np.uint8)
        maps = ClassMaps(masks, ("air", "bone", "skin"), spacings=[(2.0, 1.5, 0.5)] * count)
        splits[name] = Split(name, voxels, maps, [f"{name}/{row:05d}" for row in range(count)])
    dataset = Dataset("drawn", "drawn", "segmentation", Palette.of(("air", "bone", "skin")), splits)
    done = convert(dataset, tmp_path / "out", "volumes", Silent())
    assert (done.pictures, done.lost) == (3, ())
    back = read_dataset(tmp_path / "out")
    assert back.target.names == ("air", "bone", "skin")
    for name, split in splits.items():
        again = back.split(name)
        for row in range(len(split)):
            target = class_maps(again.targets)[row]
            assert (target.indices == class_maps(split.targets)[row].indices).all()
            assert target.spacing == (2.0, 1.5, 0.5)
            file = again.images[row]
            assert isinstance(file, Path)
            assert (read_nifti(file, "a").voxels == np.asarray(split.images)[row, ..., 0]).all()


@pytest.mark.parametrize(("suffix", "link"), [(".nii.gz", False), (".nii", True)])
def test_files_are_brought_as_they_are(tmp_path: Path, suffix: str, link: bool) -> None:
    voxels, mask = ball((9, 8, 7), 3)
    affine = np.array([[0, 0, 2.5, 3], [-1.5, 0, 0, 8], [0, 1, 0, -4], [0, 0, 0, 1.0]])
    own = write_volume(tmp_path / "from" / "images" / f"a{suffix}", voxels, affine)
    write_volume(tmp_path / "from" / "labels" / f"a{suffix}", mask, affine)
    dataset = read_as_it_is(tmp_path / "from")
    convert(dataset, tmp_path / "out", "volumes", Silent(), link=link)
    brought = tmp_path / "out" / "images" / f"a{suffix}"
    assert brought.is_symlink() is link
    assert brought.read_bytes() == own.read_bytes()
    label = nibabel.load(tmp_path / "out" / "labels" / "a.nii.gz")
    assert (np.asarray(label.dataobj) == mask).all()
    assert label.affine.tobytes() == nibabel.load(own).affine.tobytes()
    again = read_as_it_is(tmp_path / "out")
    assert list(again.splits) == ["all"]


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="shapes holds no volumes with a class for every voxel"):
        convert(read_dataset("shapes"), tmp_path / "out", "volumes", Silent())
    with pytest.raises(UserError, match=r"volumes holds volumes, and masks is for images; choose --to volumes"):
        convert(read_dataset("volumes"), tmp_path / "out", "masks", Silent())
    assert not (tmp_path / "out").exists()
