"""Slices of volumes are drawn in the proportions that voxels have in mm."""

from pathlib import Path

import numpy as np
import pytest
from tests.volume_files import write_volume

from convsight.inputs import VolumeInput
from convsight.inputs.shown import shown

SPEC = VolumeInput(depth=4, height=20, width=10, channels=1, mean=(0.5,), std=(0.2,), bits=8)


@pytest.mark.parametrize(
    ("voxel", "size"),
    [
        ((1.0, 1.0, 5.0), (20, 40)),  # 2 x 2 slices of 10 x 20
        ((1.0, 3.0, 1.0), (20, 120)),
        ((2.0, 1.0, 1.0), (40, 40)),
        ((1.0, 300.0, 1.0), (6, 4096)),  # no longer than that
    ],
)
def test_a_slice_has_the_proportions_of_its_voxels(
    tmp_path: Path, voxel: tuple[float, float, float], size: tuple[int, int]
) -> None:
    voxels = np.zeros((10, 20, 4), np.uint8)
    voxels[5:] = 200
    file = write_volume(tmp_path / "a.nii.gz", voxels, np.diag([*voxel, 1.0]))
    for source in (file, file.read_bytes()):
        picture = shown(SPEC, source)
        assert picture is not None
        assert picture.size == size
        left, right = (picture.getpixel((x, 3)) for x in (size[0] // 8, 3 * size[0] // 8))
        assert (left, right) == ((0, 0, 0), (218, 218, 218))


def test_an_array_tells_no_proportions(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 20, 10), np.uint8))
    picture = shown(SPEC, tmp_path / "a.npy")
    assert picture is not None
    assert picture.size == (20, 40)
