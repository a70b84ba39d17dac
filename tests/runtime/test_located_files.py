"""Masks are written where their original lies."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine
from tests.band_files import some_bands, write_bands
from tests.stacks import write_pages, write_slices
from tests.volume_files import nibabel, write_volume

from convsight.inputs import ImageInput, VolumeInput
from convsight.inputs.slices import read_slices
from convsight.results import ClassMap
from convsight.runtime.located_files import located_files

BANDS = ImageInput(height=8, width=8, channels=4, bits=16, mean=(0,) * 4, std=(1,) * 4)
VOLUMES = VolumeInput(depth=4, height=4, width=4, channels=1, mean=(0,), std=(1,), bits=32)
COLOURS = ((0, 0, 0), (200, 30, 30))


def class_map(*sides: int) -> ClassMap:
    indices = np.random.default_rng(0).integers(0, 2, sides).astype(np.uint8)
    return ClassMap(("no", "yes"), COLOURS, indices)


def test_beside_a_geotiff(tmp_path: Path) -> None:
    transform = Affine(2.5, 0.1, 733601.123456789, -0.2, -2.5, 3725139.987654321)
    file = write_bands(tmp_path / "a.tif", some_bands(), crs="EPSG:32616", transform=transform)
    found = class_map(6, 5)
    for source in (file, file.read_bytes()):
        files = located_files(BANDS, source, found)
        assert files.keys() == {"mask.png", "mask.tif"}
        (tmp_path / "mask.tif").write_bytes(files["mask.tif"])
        with rasterio.open(tmp_path / "mask.tif") as mask, rasterio.open(file) as own:
            assert (mask.transform, mask.crs) == (own.transform, own.crs)
            assert (mask.read(1) == found.indices).all()
            assert mask.nodata == 255
            assert mask.colormap(1)[1] == (200, 30, 30, 255)
    plain = write_bands(tmp_path / "plain.tif", some_bands())
    assert located_files(BANDS, plain, found).keys() == {"mask.png"}
    assert located_files(BANDS, some_bands(), found).keys() == {"mask.png"}


def test_beside_a_nifti_file(tmp_path: Path) -> None:
    affine = np.array([[-1.1, 0, 0, 31.5], [0, 0, 1.3, -7.25], [0, 0.9, 0.0, 2], [0, 0, 0, 1]])
    file = write_volume(tmp_path / "a.nii", np.zeros((3, 4, 5), np.float32), affine)
    space = VOLUMES.space(file)
    assert space is not None
    found = class_map(*space.own_shape)
    files = located_files(VOLUMES, file, found)
    assert files.keys() == {"mask.nii.gz"}
    (tmp_path / "mask.nii.gz").write_bytes(files["mask.nii.gz"])
    back = nibabel.load(tmp_path / "mask.nii.gz")
    assert back.affine.tobytes() == nibabel.load(file).affine.tobytes()
    assert (found.indices == np.asarray(nibabel.as_closest_canonical(back).dataobj).T).all()
    assert located_files(VOLUMES, np.zeros((3, 4, 5)), found).keys() == {"mask.npy"}


@pytest.mark.parametrize("as_bytes", [False, True])
def test_of_a_stack_as_pages(tmp_path: Path, as_bytes: bool) -> None:
    found = class_map(3, 4, 5)
    slices = np.zeros((3, 4, 5), np.uint8)
    stack = write_slices(tmp_path / "a", slices)
    pages = write_pages(tmp_path / "a.tif", slices)
    for source in (pages.read_bytes(),) if as_bytes else (stack, pages):
        files = located_files(VOLUMES, source, found)
        assert files.keys() == {"mask.tif"}
        assert (read_slices(files["mask.tif"], "a", 1e6, indices=True) == found.indices).all()
        # Of a network that sees resampled voxels, the mask is that of the file's own.
        coarse = located_files(VOLUMES, source, class_map(6, 4, 5))
        assert read_slices(coarse["mask.tif"], "a", 1e6).shape == (3, 4, 5)
