from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.files import write_atomic, write_atomic_with


def test_content_arrives_and_folders_are_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b.txt", "grüße")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "grüße".encode()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "kept.txt"
    target.write_text("old")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"cannot write .*kept\.txt: No space left on device"):
        write_atomic_with(target, fail)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_stop_by_the_user_leaves_no_temporary_file(tmp_path: Path) -> None:
    def stop(path: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic_with(tmp_path / "new.txt", stop)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written() -> None:
    with pytest.raises(UserError, match="/proc/nowhere/x"):
        write_atomic(Path("/proc/nowhere/x"), "text")
