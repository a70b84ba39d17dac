import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.disk import Disk

from convsight.errors import UserError
from convsight.files import make_folder, put_in_place, sync_folder, write_atomic, write_atomic_with


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


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


def test_a_new_file_follows_the_umask(tmp_path: Path, umask: int) -> None:
    write_atomic(tmp_path / "new.bin", b"private")
    assert mode(tmp_path / "new.bin") == 0o666 & ~umask


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o444, 0o664])
def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path, umask: int, kept: int) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    path.chmod(kept)
    seen: list[int] = []

    def write(draft: Path) -> None:
        seen.append(mode(draft))
        draft.write_bytes(b"new")
        path.unlink()  # as OpenVINO's pair of files needs it

    write_atomic_with(path, write)
    assert (path.read_bytes(), mode(path)) == (b"new", kept)
    assert not seen[0] & ~(kept | 0o600), "nobody else may read it while it is written"
    assert seen[0] & 0o600 == 0o600, "and whoever writes it can"


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_in_the_end(tmp_path: Path, disk: Disk) -> None:
    write_atomic(tmp_path / "a.txt", "text")
    assert disk.events == [("sync", "temporary"), ("rename", "a.txt"), ("sync", ".")]


def test_folders_that_are_made_have_their_names_on_the_disk(tmp_path: Path, disk: Disk) -> None:
    write_atomic(tmp_path / "a" / "b" / "c.txt", "text")
    assert set(disk.events[:2]) == {("sync", "."), ("sync", "a")}
    assert disk.events[2:] == [("sync", "temporary"), ("rename", "a/b/c.txt"), ("sync", "a/b")]
    disk.events.clear()
    make_folder(tmp_path / "a" / "b")
    assert disk.events == []


def test_what_was_written_elsewhere_is_put_in_place(tmp_path: Path, disk: Disk) -> None:
    part, path = tmp_path / "x.part", tmp_path / "x"
    part.write_bytes(b"new")
    path.write_bytes(b"old")
    path.chmod(0o600)
    put_in_place(part, path)
    assert (path.read_bytes(), mode(path), part.exists()) == (b"new", 0o600, False)
    assert disk.events == [("sync", "x.part"), ("rename", "x"), ("sync", ".")]


@pytest.mark.skipif(sys.platform != "linux", reason="what is open is counted in Linux's /proc")
def test_nothing_stays_open(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.txt", "text")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        write_atomic(tmp_path / "a.txt", "text")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_folder_that_cannot_be_synced_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems know no fsync of folders; a disk that fails is reported."""

    def failing(code: int) -> None:
        def sync(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "fsync", sync)

    failing(22)
    write_atomic(tmp_path / "a.txt", "text")
    sync_folder(tmp_path)
    failing(5)
    with pytest.raises(UserError, match=r"cannot write .*a\.txt: Input/output error"):
        write_atomic(tmp_path / "a.txt", "text")
