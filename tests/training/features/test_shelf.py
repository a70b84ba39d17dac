"""The folder of kept features: its limit, what is damaged in it, and several trainings at once."""

import os
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from convsight.errors import UserError
from convsight.training.features import shelf as module
from convsight.training.features.rows import row_type, rows_of
from convsight.training.features.shelf import Shelf, clear, features_folder, used

ROW = row_type(100)
A_FILE = 10 * ROW.itemsize + 200  # with NumPy's header, about


def rows(first: int, count: int = 10) -> np.ndarray:
    return rows_of(np.arange(first, first + count, dtype=np.uint64), np.ones((count, 100), np.float32))


def kept(shelf: Shelf, view: str) -> list[int]:
    return sorted(int(picture) for each in shelf.read(view, ROW) for picture in each["picture"])


def test_what_was_written_is_read_by_another_training(tmp_path: Path) -> None:
    Shelf("net", 10**9, tmp_path).write("plain", rows(0))
    Shelf("net", 10**9, tmp_path).write("plain", rows(10))
    assert kept(Shelf("net", 10**9, tmp_path), "plain") == list(range(20))
    assert kept(Shelf("net", 10**9, tmp_path), "other") == kept(Shelf("other", 10**9, tmp_path), "plain") == []


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    for place, view in enumerate(("first", "second", "third")):
        Shelf("net", 10**9, tmp_path).write(view, rows(0))
        file = next(tmp_path.glob(f"net/{view}-*"))
        os.utime(file, (place, place))
    shelf = Shelf("net", 4 * A_FILE, tmp_path)
    assert kept(shelf, "first")  # used now, so the second is the oldest
    shelf.write("fourth", rows(0))
    assert len(kept(shelf, "second")) == 10
    shelf = Shelf("net", 4 * A_FILE, tmp_path)
    os.utime(next(tmp_path.glob("net/second-*")), (1, 1))
    shelf.write("fifth", rows(0))
    assert [bool(kept(shelf, view)) for view in ("first", "second", "third", "fourth", "fifth")] == [
        True,
        False,
        True,
        True,
        True,
    ]
    assert used(tmp_path).bytes <= 4 * A_FILE


def test_a_file_cut_short_is_removed_and_the_others_are_read(tmp_path: Path) -> None:
    shelf = Shelf("net", 10**9, tmp_path)
    shelf.write("plain", rows(0))
    file = next(tmp_path.glob("net/*"))
    shelf.write("plain", rows(10))
    file.write_bytes(file.read_bytes()[:-7])
    assert kept(shelf, "plain") == list(range(10, 20))
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"no array", np.arange(3).tobytes()])
def test_what_is_no_file_of_features_is_removed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/plain-0.npy").write_bytes(content)
    assert kept(Shelf("net", 10**9, tmp_path), "plain") == []
    assert not list(tmp_path.glob("net/*"))


def test_a_full_disk_costs_no_training(tmp_path: Path) -> None:
    shelf = Shelf("net", 10**9, tmp_path)
    with patch.object(module, "write_atomic_with", side_effect=UserError("no space left")):
        assert shelf.write("plain", rows(0))["picture"].tolist() == list(range(10))
    assert used(tmp_path).bytes == 0


def test_half_of_what_is_free_is_left_to_others(tmp_path: Path) -> None:
    with patch.object(module, "_free_bytes", return_value=1000):
        assert Shelf("net", 10**9, tmp_path).limit == 500
        assert Shelf("net", 400, tmp_path).limit == 400


def test_all_of_it_can_be_removed(tmp_path: Path) -> None:
    Shelf("net", 10**9, tmp_path).write("plain", rows(0))
    assert clear(tmp_path).files == 1
    assert used(tmp_path) == (0, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_the_users_cache_or_what_he_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert features_folder() == Path(os.environ["CONVSIGHT_FEATURES"])
    monkeypatch.delenv("CONVSIGHT_FEATURES")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert features_folder() == tmp_path / "convsight/features"
