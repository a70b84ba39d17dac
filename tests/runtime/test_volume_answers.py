"""Masks of volumes that another tool answered, as NIfTI files: turned as their volume, at its place, judged alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.command import within
from tests.volume_files import ball, nibabel, orientations, write_volume

AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])
SIDES = (10, 12, 6)


def truth() -> NDArray[np.uint8]:
    return ball(SIDES, 3.0)[1]


def said() -> NDArray[np.uint8]:
    """The ball without its first half."""
    mask = truth()
    mask[:5] = 0
    return mask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_volume(folder / "images" / "a.nii.gz", ball(SIDES, 3.0)[0], AFFINE)
    write_volume(folder / "labels" / "a.nii.gz", truth(), AFFINE)
    return folder


def dice(answers: Path, data: Path) -> tuple[int, str]:
    done = within("evaluate", "--answers", answers, "--truth", data, "--format", "csv")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr if done.returncode else done.stdout


def turned(mask: NDArray[Any], codes: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """A mask with axes `codes`, such as LPS, and its affine: at the same place."""
    way = orientations.ornt_transform(orientations.io_orientation(AFFINE), orientations.axcodes2ornt(codes))
    image = nibabel.Nifti1Image(mask, AFFINE).as_reoriented(way)
    return np.asarray(image.dataobj), image.affine


def test_whatever_the_order_of_axes_a_mask_is_judged_alike(data: Path, tmp_path: Path) -> None:
    write_volume(tmp_path / "ras" / "a.nii.gz", said(), AFFINE)
    write_volume(tmp_path / "asl" / "000001-a.mask.nii", *turned(said().astype(np.int16), "ASL"))
    write_volume(tmp_path / "binary" / "a.nii.gz", said() * 255, AFFINE)
    (tmp_path / "array").mkdir()
    np.save(tmp_path / "array" / "a.npy", said().transpose(2, 1, 0))
    (tmp_path / "pages").mkdir()
    first, *others = [Image.fromarray(slice_) for slice_ in said().transpose(2, 1, 0)]
    first.save(tmp_path / "pages" / "a.tif", save_all=True, append_images=others)
    [expected, *rest] = [dice(tmp_path / name, data) for name in ("array", "ras", "asl", "binary", "pages")]
    assert expected[0] == 0, expected[1]
    overlap = 2 * (said() & truth()).sum() / (said().sum() + truth().sum())
    assert f"{overlap:.4f}"[1:5] in expected[1]
    assert [each[1].splitlines()[1:] for each in rest] == [expected[1].splitlines()[1:]] * 4


@pytest.mark.parametrize(
    ("mask", "affine", "message"),
    [
        (said(), np.diag([1.0, 2.0, 4.0, 1.0]), "lies elsewhere than its volume"),
        (said()[1:], AFFINE, "the mask is 9 x 12 x 6, its image 10 x 12 x 6"),
        (said() + 0.5, AFFINE, "a mask has whole ones"),
        (said() * 7, AFFINE, "the index 7 is of no class"),
        (np.zeros((2, 2, 2, 2), np.uint8), AFFINE, "has 4 axes"),
    ],
)
def test_what_does_not_lie_on_its_volume_is_refused(
    data: Path, tmp_path: Path, mask: NDArray[Any], affine: NDArray[Any], message: str
) -> None:
    file = write_volume(tmp_path / "answers" / "a.nii.gz", mask, affine)
    code, words = dice(tmp_path / "answers", data)
    assert code == 2
    assert message in words
    assert str(file) in words
