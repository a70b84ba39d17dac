"""Masks of images that EXIF turns: which way they lie, for every orientation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.datasets.masks.said import MASK, audited, indices, kinds, refused

from convsight.datasets import read_as_it_is, read_dataset
from convsight.images import decode_image, turn_values


def _turned(folder: Path, orientation: int, mask: Any, *, own: int = 0) -> None:
    """An image stored as a camera of that orientation does, whose pixels are those of the mask, 40 times brighter."""
    for name in ("images", "masks"):
        (folder / name).mkdir(exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.array(_stored(orientation) * 40)).save(folder / "images/a.png", exif=exif)
    told = Image.Exif()
    if own:
        told[0x0112] = own
    Image.fromarray(np.ascontiguousarray(mask)).save(folder / "masks/a.png", exif=told)


def _stored(orientation: int) -> Any:
    """What `turn_values` turns into MASK."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    return turn_values(MASK, inverse)


def _seen(folder: Path) -> Any:
    return np.asarray(decode_image(folder / "images/a.png"))[:, :, 0] // 40


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_drawn_on_what_is_seen_stays(tmp_path: Path, orientation: int) -> None:
    _turned(tmp_path, orientation, MASK)
    assert (_seen(tmp_path) == MASK).all()
    assert indices(read_dataset(tmp_path), "images/a.png") == _seen(tmp_path).tolist()


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_drawn_on_what_is_stored_is_turned_with_it(tmp_path: Path, orientation: int) -> None:
    _turned(tmp_path, orientation, _stored(orientation))
    assert indices(read_dataset(tmp_path), "images/a.png") == _seen(tmp_path).tolist()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_of_the_mask_counts_first(tmp_path: Path, orientation: int) -> None:
    _turned(tmp_path, orientation, _stored(orientation), own=orientation)
    assert indices(read_dataset(tmp_path), "images/a.png") == _seen(tmp_path).tolist()


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_where_nobody_can_tell_it_is_told(tmp_path: Path, orientation: int) -> None:
    _turned(tmp_path, orientation, MASK)
    found = [finding for finding in audited(tmp_path).findings if finding.kind == "turned-images"]
    assert [finding.entries[0].images[0].name for finding in found] == ["images/a.png"]


@pytest.mark.parametrize("orientation", [1, 6])
def test_where_everybody_can_tell_it_is_not(tmp_path: Path, orientation: int) -> None:
    _turned(tmp_path, orientation, MASK)
    assert "turned-images" not in [finding.kind for finding in audited(tmp_path).findings]


def test_a_mask_that_fits_neither_way(tmp_path: Path) -> None:
    _turned(tmp_path, 6, MASK[:, :5])
    refused(tmp_path, "is 5 x 4 px, but its image a.png is 6 x 4 px")
    assert kinds(tmp_path) == ["masks-of-another-size"]
    assert read_as_it_is(tmp_path).task == "segmentation"
