"""Archives that say themselves what they hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convsight.datasets import UNSPLIT, read_as_it_is
from convsight.datasets.array_archive import read_array_archive
from convsight.datasets.held_pictures import array_of_images

LABELS = {"task": "classification", "target": {"kind": "classes", "names": ["a", "b"]}}


@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_arrays_of_another_byte_order_are_read_as_those_of_this_machine(tmp_path: Path, kind: str) -> None:
    images = np.arange(2 * 8 * 8 * 5).reshape(2, 8, 8, 5).astype(f">{kind}")
    labels = np.array([0, 1], ">i8")
    np.savez(tmp_path / "about.npz", about=json.dumps(LABELS), inputs=images, targets=labels)
    arrays: dict[str, Any] = {}
    for split in ("train", "val"):
        arrays |= {f"{split}_images": images, f"{split}_labels": labels}
    np.savez(tmp_path / "splits.npz", **arrays)
    archive = read_array_archive(tmp_path / "about.npz").split(UNSPLIT).images
    splits = read_as_it_is(tmp_path / "splits.npz").split("train").images
    for found in (archive, splits, array_of_images(images)):
        assert isinstance(found, np.ndarray)
        assert found.dtype == np.dtype(kind)
        assert (found == images).all()
