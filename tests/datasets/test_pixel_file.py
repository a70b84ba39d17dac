"""Decoded pictures in a file: the same arrays, room that is reserved, and nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convsight.datasets import ImageStore, Split
from convsight.datasets.pixel_file import PixelFile, place_for_pixels
from convsight.results import Labels
from convsight.tasks.image_size import unmeasured


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def split(tmp_path: Path) -> Split:
    draw = np.random.default_rng(0)
    files = []
    for number in range(20):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(draw.integers(0, 256, (9, 12, 3), np.uint8)).save(files[-1])
    files[7].write_bytes(b"no image")
    return Split("train", files, Labels(np.zeros(20, np.int64), ("a", "b")), [file.name for file in files])


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("workers", [0, 2])
def test_pixels_are_those_in_memory(split: Split, workers: int) -> None:
    spec = unmeasured(8, 10, "crop")
    one, bad = ImageStore.read(split, spec, workers=workers)
    other, too = ImageStore.read(split, spec, workers=workers, memory_budget_bytes=0, on_disk=True)
    assert (one.kept, other.kept) == ("memory", "disk")
    assert [each.position for each in bad] == [each.position for each in too] == [7]
    order = np.random.default_rng(1).permutation(len(one))
    assert np.array_equal(one.take(order), other.take(order))
    assert np.array_equal(one.digests, other.digests)
    assert np.array_equal(ImageStore.joined([other, one]).take(order), one.take(order))
    assert ImageStore.joined([one, other]).kept == "disk"
    taken = other.take(order[:2])
    taken[...] = 0
    assert other.take(order[:2]).any()


def test_other_types_and_many_rows(place: Path) -> None:
    arrays = np.random.default_rng(0).normal(size=(50, 7, 3)).astype(np.float32)
    file = PixelFile.make(arrays.shape, arrays.dtype)
    assert file is not None
    file.arrays[:] = arrays
    rows = np.array([49, 0, 0, 13])
    assert np.array_equal(file.take(rows), arrays[rows])
    assert file.take(rows[:0]).shape == (0, 7, 3)
    assert not list(place.iterdir())


def test_where_a_disk_has_no_room_images_are_decoded_on_demand(
    split: Split, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PixelFile.make((2**40, 2**20), np.dtype(np.uint8)) is None

    def full(*arguments: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert PixelFile.make((2, 3), np.dtype(np.uint8)) is None
    store, _ = ImageStore.read(split, unmeasured(8, 10, "crop"), memory_budget_bytes=0, on_disk=True)
    assert store.kept == "nowhere"
    assert not list(place.iterdir())


def test_a_killed_process_leaves_nothing(place: Path) -> None:
    code = (
        "import os, signal, numpy as np\n"
        "from convsight.datasets.pixel_file import PixelFile\n"
        "file = PixelFile.make((1000, 1000), np.dtype(np.uint8)); file.arrays[:] = 1\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(place)}, check=False)
    assert ended.returncode == -9
    assert not list(place.iterdir())


def test_the_place_is_that_of_the_user_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_for_pixels() == place
    monkeypatch.delenv("TMPDIR")
    assert place_for_pixels() != place
