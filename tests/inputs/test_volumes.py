"""`VolumeInput` of NIfTI files, folders of slices and TIFFs of pages: one orientation, one spacing, one range."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.volume_files import ball, write_volume

from convsight.images import ImageError
from convsight.inputs import VolumeInput
from convsight.inputs.resample import nearest_of_shape, resampled


def spec(*sides: int, **others: object) -> VolumeInput:
    depth, height, width = sides
    numbers = {"channels": 1, "mean": (0.0,), "std": (1.0,), "bits": 32, **others}
    return VolumeInput(depth=depth, height=height, width=width, **numbers)


def test_a_file_is_its_voxels_cut_to_the_middle(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(6, 5, 4)).astype(np.float32)
    file = write_volume(tmp_path / "a.nii.gz", values)
    taken = spec(4, 7, 4)
    assert taken.is_file(file)
    assert not taken.is_file(tmp_path / "a.gz")
    for source in (file, file.read_bytes(), values.T.copy()):
        found = taken.load(source)
        assert found.size == (6, 5, 4)
        assert (found.array[:, 1:6, :, 0] == values.T[:, :, 1:5]).all()
        assert (found.array[:, [0, 6]] == 0).all()
    space = taken.space(file)
    assert space is not None
    assert space.own_shape == (4, 5, 6)
    assert taken.space(values) is None


def test_files_are_brought_to_one_spacing(tmp_path: Path) -> None:
    values = np.repeat(np.arange(8.0, dtype=np.float32)[:, None, None], 6, 1).repeat(4, 2)
    file = write_volume(tmp_path / "a.nii", values, np.diag([0.5, 1, 3, 1.0]))
    found = spec(12, 6, 4, spacing=(1.0, 1.0, 1.0)).original(file)
    assert found.shape == (12, 6, 4, 1)
    assert found[5, 3, 1:3, 0] == pytest.approx([2.5, 4.5])
    assert spec(4, 6, 8, spacing=(3.01, 1, 0.5)).original(file).shape == (4, 6, 8, 1)  # rounded by whoever wrote it
    larger = resampled(np.arange(4.0).reshape(1, 1, 4), (1, 1, 2), (1, 1, 1))
    assert larger[0, 0] == pytest.approx([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    mask = np.array([[[0, 1, 2]]], np.uint8)
    assert nearest_of_shape(nearest_of_shape(mask, (2, 2, 9)), (1, 1, 3)).tolist() == mask.tolist()


def test_each_volume_by_its_own_range(tmp_path: Path) -> None:
    values, _ = ball((10, 10, 10), 3)
    taken = spec(10, 10, 10, own_range=True)
    one, other = (taken.original(write_volume(tmp_path / f"{k}.nii", values * k + 7 * k)) for k in (1, 900))
    assert one == pytest.approx(other, abs=1e-4)
    assert (one.min(), one.max()) == (0, 1)
    assert taken.original(one) == pytest.approx(one, abs=1e-4)
    assert not taken.takes(np.zeros((3, 10, 10, 10, 1), np.float32))
    assert "each by its own range" in taken.summary
    with pytest.raises(ValueError, match="own"):
        spec(4, 4, 4, bits=16, own_range=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_slices_are_a_volume(tmp_path: Path, dtype: type) -> None:
    values: NDArray[Any] = np.random.default_rng(0).integers(0, 250, (11, 5, 6)).astype(dtype)
    (tmp_path / "stack").mkdir()
    for number, each in enumerate(values):
        Image.fromarray(each).save(tmp_path / "stack" / f"slice{number}.png")  # 10 comes after 9
    pages = [Image.fromarray(each) for each in values]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    taken = spec(11, 5, 6, bits=8 * values.itemsize)
    for source in (tmp_path / "stack", tmp_path / "stack.tif", (tmp_path / "stack.tif").read_bytes()):
        assert (taken.original(source)[..., 0] == values).all()
    Image.fromarray(values[0, :4]).save(tmp_path / "stack" / "slice5.png")
    with pytest.raises(ImageError, match=r"slice5.png, slice 6, is 6 x 4 of .*; the first, .*slice0.png, is 6 x 5"):
        taken.original(tmp_path / "stack")
    with pytest.raises(ImageError, match="million voxels"):
        taken.original(tmp_path / "stack.tif", 1e-4)
    Image.new("RGB", (6, 5)).save(tmp_path / "colour.tif")
    with pytest.raises(ImageError, match="mode RGB; expected grey"):
        taken.original(tmp_path / "colour.tif")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="holds no slices"):
        taken.original(tmp_path / "empty")
    whole = (tmp_path / "stack.tif").read_bytes()
    with pytest.raises(ImageError, match="cannot be"):
        taken.original(whole[:200])


def test_a_card_of_volumes_is_read_again() -> None:
    taken = spec(4, 5, 6, spacing=(1.0, 0.5, 0.5), own_range=True)
    assert VolumeInput.model_validate_json(taken.model_dump_json()) == taken
    assert "spacing" not in spec(4, 5, 6).model_dump()
    with pytest.raises(ValueError, match="above 0"):
        spec(4, 5, 6, spacing=(0.0, 1.0, 1.0))
