"""NIfTI files: one orientation for all, masks that lie as their volume does, and files that are refused."""

import gzip
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from tests.volume_files import nibabel, orientations, write_volume

from convsight.images import ImageError, is_nifti, nifti_mask, read_nifti, volume_header, volume_space

VALUES = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
AFFINE = np.array([[0, -1.25, 0, 11.5], [0.8, 0, 0.1, -7.25], [0, 0.0, 3.1, 2], [0, 0, 0, 1]])


def header_changed(file: Path, place: int, form: str, *values: float) -> Path:
    content = bytearray(file.read_bytes())
    struct.pack_into(form, content, place, *values)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LAS", "PIR", "SRP", "AIL"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_every_orientation_becomes_one(tmp_path: Path, codes: str, suffix: str) -> None:
    ras = nibabel.Nifti1Image(VALUES, np.diag([1.0, 2.0, 3.0, 1.0]))
    turn = orientations.ornt_transform(orientations.axcodes2ornt("RAS"), orientations.axcodes2ornt(codes))
    other = ras.as_reoriented(turn)
    other.to_filename(tmp_path / f"a{suffix}")
    for source in (tmp_path / f"a{suffix}", (tmp_path / f"a{suffix}").read_bytes()):
        found = read_nifti(source, "a")
        assert (found.voxels == VALUES.T).all()
        assert found.voxels.dtype == np.float32
        assert found.spacing == (3, 2, 1)
        header = volume_header(source)
        assert header is not None
        assert (header.shape, header.spacing) == (VALUES.T.shape, (3, 2, 1))
        back = nibabel.Nifti1Image.from_bytes(gzip.decompress(nifti_mask((VALUES.T % 5).astype(np.uint8), found.space)))
        assert (np.asarray(back.dataobj) == np.asarray(other.dataobj) % 5).all()
        assert back.affine.tobytes() == other.affine.tobytes()


def test_a_mask_keeps_the_header_to_the_last_bit(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VALUES, AFFINE)
    image.set_qform(AFFINE, code=1)
    image.set_sform(AFFINE, code=2)
    image.header.set_xyzt_units("mm")
    image.to_filename(tmp_path / "a.nii")
    found = read_nifti(tmp_path / "a.nii", "a")
    content = nifti_mask(np.zeros(found.voxels.shape, np.uint8), found.space)
    assert content == nifti_mask(np.zeros(found.voxels.shape, np.uint8), found.space)
    back, wanted = (
        nibabel.Nifti1Image.from_bytes(gzip.decompress(content)).header,
        nibabel.load(tmp_path / "a.nii").header,
    )
    for field in (
        "pixdim",
        "qform_code",
        "sform_code",
        "srow_x",
        "srow_y",
        "srow_z",
        "quatern_b",
        "qoffset_x",
        "xyzt_units",
    ):
        assert np.asarray(back[field]).tobytes() == np.asarray(wanted[field]).tobytes(), field
    assert back.get_data_dtype() == np.uint8


def test_of_real_files(shared_data: Callable[[str], Path]) -> None:
    for file in sorted((shared_data("hippocampus") / "images").iterdir())[::20]:
        own = nibabel.load(file)
        found = read_nifti(file, file.name)
        assert (found.voxels == np.asarray(nibabel.as_closest_canonical(own).dataobj).T).all()
        mask = nifti_mask((found.voxels > 50).astype(np.uint8), found.space)
        back = nibabel.Nifti1Image.from_bytes(gzip.decompress(mask))
        assert back.affine.tobytes() == own.affine.tobytes()
        assert (np.asarray(back.dataobj) == (np.asarray(own.dataobj) > 50)).all()


def test_scale_factors_and_no_numbers(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VALUES, np.eye(4))
    image.to_filename(tmp_path / "a.nii")
    header_changed(tmp_path / "a.nii", 112, "<ff", 0.5, 3.0)
    assert (read_nifti(tmp_path / "a.nii", "a").voxels == VALUES.T * 0.5 + 3).all()
    holes = VALUES.astype(np.float32)
    holes[0, 0, 0], holes[1, 2, 3] = np.nan, np.inf
    found = read_nifti(write_volume(tmp_path / "b.nii", holes), "b")
    assert found.missing == pytest.approx(2 / 24)
    assert found.voxels[0, 0, 0] == found.voxels[3, 2, 1] == 0
    assert np.isfinite(found.voxels).all()


def test_what_is_refused(tmp_path: Path) -> None:
    four = write_volume(tmp_path / "four.nii", np.zeros((2, 3, 4, 5), np.float32))
    with pytest.raises(ImageError, match=r"four has 4 axes .2 x 3 x 4 x 5.; expected three: split its times"):
        read_nifti(four, "four")
    one = write_volume(tmp_path / "one.nii", np.zeros((2, 3, 4, 1), np.float32))
    assert read_nifti(one, "one").voxels.shape == (4, 3, 2)
    magic = header_changed(write_volume(tmp_path / "magic.nii", VALUES), 344, "4s", b"what")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match=r"magic is no NIfTI file of one part .its magic is b'what'"):
        read_nifti(magic, "magic")
    with pytest.raises(ImageError, match="text is no NIfTI file"):
        read_nifti(b"x" * 1000, "text")
    with pytest.raises(ImageError, match="over the limit of 1e-06 million; raise it with --max-megapixels"):
        read_nifti(write_volume(tmp_path / "large.nii", VALUES), "large", 1e-6)
    with pytest.raises(ImageError, match="complex"):
        read_nifti(write_volume(tmp_path / "complex.nii", VALUES.astype(np.complex64)), "complex")
    with pytest.raises(ImageError, match="cannot read missing"):
        read_nifti(tmp_path / "missing.nii", "missing")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_file_cut_short(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    whole = write_volume(tmp_path / f"a{suffix}", noise).read_bytes()
    for share in (0.001, 0.05, 0.5, 0.99):
        with pytest.raises(ImageError, match="it "):
            read_nifti(whole[: int(len(whole) * share)], "it")


def test_a_huge_header_unpacks_nothing(tmp_path: Path) -> None:
    file = header_changed(write_volume(tmp_path / "a.nii", VALUES), 40, "<8h", 3, 30_000, 30_000, 30_000, 1, 1, 1, 1)
    bomb = gzip.compress(file.read_bytes() + bytes(10_000_000))
    for content in (file.read_bytes(), bomb):
        with pytest.raises(ImageError, match="30000 x 30000 x 30000 voxels, over the limit of 100 million"):
            read_nifti(content, "huge")
    negative = header_changed(file, 40, "<8h", 3, -5, 4, 4, 1, 1, 1, 1)
    with pytest.raises(ImageError, match="negative"):
        read_nifti(negative, "negative")


def test_hostile_headers(tmp_path: Path) -> None:
    whole = write_volume(tmp_path / "a.nii", VALUES).read_bytes()
    chance = np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(whole)
        for place in chance.integers(0, 352, 3):
            content[place] = chance.integers(0, 256)
        with suppress(ImageError):
            assert np.isfinite(read_nifti(bytes(content), "it", 1).voxels).all()
        volume_header(bytes(content))
        volume_space(bytes(content))


def test_what_begins_like_nifti(tmp_path: Path) -> None:
    packed = write_volume(tmp_path / "a.nii.gz", VALUES).read_bytes()
    assert is_nifti(packed)
    assert is_nifti(write_volume(tmp_path / "a.nii", VALUES).read_bytes())
    assert not is_nifti(gzip.compress(b"text"))
    assert not is_nifti(b"")
    assert volume_header(b"") is None


def test_the_missing_extra_is_named(tmp_path: Path) -> None:
    file = write_volume(tmp_path / "a.nii", VALUES)
    with patch.dict(sys.modules, {"nibabel": None}), pytest.raises(ImageError, match=r"\.\[volumes\]"):
        read_nifti(file, "a")
