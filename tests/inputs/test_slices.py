"""Stacks of slices: which folders are some, their spacing, gaps in their numbers, masks as they are stored."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.stacks import write_pages, write_slices
from tests.volume_files import write_volume

from convsight.images import ImageError
from convsight.inputs import VolumeInput
from convsight.inputs.slices import gaps, is_stack, read_slices, stack_header, stack_spacing

VALUES = np.random.default_rng(0).integers(0, 60_000, (12, 5, 6)).astype(np.uint16)


def test_a_stack_is_what_the_same_volume_as_nifti_is(tmp_path: Path) -> None:
    spacing = (2.5, 0.5, 0.5)
    write_slices(tmp_path / "slices", VALUES, "tif")
    (tmp_path / "slices" / "spacing.txt").write_text("2.5, 0.5 0.5\n")
    write_pages(tmp_path / "pages" / "a.tif", VALUES)
    (tmp_path / "spacing.txt").write_text("2.5 0.5 0.5")
    nifti = write_volume(tmp_path / "a.nii.gz", VALUES.transpose(2, 1, 0), np.diag([0.5, 0.5, 2.5, 1]))
    plain = VolumeInput(depth=12, height=5, width=6, channels=1, mean=(0.0,), std=(1.0,), bits=32)
    coarse = plain.model_copy(update={"spacing": (2.5, 1.0, 1.0)})
    for stack in (tmp_path / "slices", tmp_path / "pages" / "a.tif"):
        assert stack_spacing(stack) == spacing
        assert stack_header(stack) == ((12, 5, 6), "uint16")
        for spec in (plain, coarse):
            found, wanted = spec.load(stack), spec.load(nifti)
            assert found.size == wanted.size
            assert (found.array == wanted.array).all()
    assert coarse.load(nifti).size == (3, 2, 12)


def test_the_nearest_spacing_counts(tmp_path: Path) -> None:
    stack = write_slices(tmp_path / "data" / "volumes" / "a", VALUES[:2])
    for place, text in (("data", "3 1 1"), ("data/volumes", "4 1 1"), ("data/volumes/a", "5 1 1")):
        (tmp_path / place / "spacing.txt").write_text(text)
        assert stack_spacing(stack) == (float(text[0]), 1, 1)
    pages = write_pages(tmp_path / "data" / "volumes" / "b.tif", VALUES)
    assert stack_spacing(pages) == (4, 1, 1)
    (tmp_path / "spacing.txt").write_text("9 1 1")
    (tmp_path / "data" / "volumes" / "spacing.txt").unlink()
    assert stack_spacing(pages) == (3, 1, 1)
    (tmp_path / "data" / "spacing.txt").unlink()
    assert stack_spacing(pages) is None  # further up is somebody else's


def test_which_paths_are_one_volume(tmp_path: Path) -> None:
    assert is_stack(write_slices(tmp_path / "a", VALUES[:2]))
    assert is_stack(write_slices(tmp_path / "b", VALUES[:2], "tif"))
    pages = write_pages(tmp_path / "volumes" / "c.tif", VALUES)
    assert is_stack(pages)
    assert not is_stack(pages.parent)  # it holds some
    other = write_pages(tmp_path / "photos" / "c.tif", VALUES)
    assert not is_stack(other)  # its first page is a picture
    (tmp_path / "spacing.txt").write_text("1 1 1")
    assert is_stack(other)
    write_volume(tmp_path / "mixed" / "d.nii", np.zeros((2, 2, 2), np.uint8))
    write_slices(tmp_path / "mixed", VALUES[:2])
    assert not is_stack(tmp_path / "mixed")
    (tmp_path / "empty").mkdir()
    assert not is_stack(tmp_path / "empty")
    assert not is_stack(tmp_path / "none")


@pytest.mark.parametrize("text", ["2 1", "2 x 1", "0 1 1", "2 1 inf", ""])
def test_a_spacing_that_is_none(tmp_path: Path, text: str) -> None:
    stack = write_slices(tmp_path / "a", VALUES[:2])
    assert stack_spacing(stack) is None
    (tmp_path / "spacing.txt").write_text(text)
    with pytest.raises(ImageError, match=r"spacing.txt says .*; expected three numbers above 0"):
        stack_spacing(stack)


def test_gaps_are_told(tmp_path: Path) -> None:
    stack = write_slices(tmp_path / "a", VALUES)
    spec = VolumeInput(depth=12, height=5, width=6, channels=1, mean=(0.0,), std=(1.0,), bits=16)
    assert (gaps(stack), spec.load(stack).remark) == ("", "")
    for number in (4, 9, 10):
        (stack / f"slice{number}.png").unlink()
    words = "3 slices missing: between slice3.png and slice5.png, slice8.png and slice11.png"
    assert gaps(stack) == f"by the numbers {words}"
    assert words in spec.load(stack).remark
    for file in list(stack.iterdir()):  # every fifth
        file.rename(stack / f"z{5 * int(file.stem[5:])}.png")
    assert "3 slices missing: between z15.png and z25.png" in gaps(stack)
    (stack / "z25.png").rename(stack / "scout.png")
    assert gaps(stack) == ""  # names that say nothing


def test_slices_of_another_size_are_named(tmp_path: Path) -> None:
    stack = write_slices(tmp_path / "a", VALUES)
    Image.fromarray(VALUES[0, :4]).save(stack / "slice10.png")
    with pytest.raises(ImageError, match=r"slice10.png, slice 10, is 6 x 4 .*; the first, .*slice1.png, is 6 x 5"):
        read_slices(stack, "a", 1e6)


def test_masks_are_read_as_they_are_stored(tmp_path: Path) -> None:
    mask = np.array([[[0, 1, 2], [2, 1, 0]]], np.uint8)
    image = Image.fromarray(mask[0])
    image.putpalette([0, 0, 0, 250, 0, 0, 0, 250, 0])
    (tmp_path / "a").mkdir()
    image.save(tmp_path / "a" / "1.png")
    assert (read_slices(tmp_path / "a", "a", 1e6, indices=True) == mask).all()
    Image.fromarray(mask[0] > 0).save(tmp_path / "a" / "1.png")
    assert (read_slices(tmp_path / "a", "a", 1e6, indices=True) == (mask > 0)).all()
    (tmp_path / "a" / "1.png").unlink()
    Image.fromarray(mask[0]).save(tmp_path / "a" / "1.jpg")
    assert read_slices(tmp_path / "a", "a", 1e6).shape == (1, 2, 3)
    with pytest.raises(ImageError, match="cannot be read as an image"):
        read_slices(tmp_path / "a", "a", 1e6, indices=True)
