"""A folder that appears whole or not at all."""

import os
import stat
from contextlib import chdir
from pathlib import Path

import pytest
from tests.disk import Disk

from convsight.errors import UserError
from convsight.new_folder import new_folder


def fill(place: Path) -> None:
    with new_folder(place) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a.txt").write_text("a")
        (folder / "b.txt").write_text("b")
        (folder / "link.txt").symlink_to(folder / "b.txt")


def test_it_appears_with_all_that_is_in_it(tmp_path: Path) -> None:
    fill(tmp_path / "made" / "new")
    assert (tmp_path / "made" / "new" / "inner" / "a.txt").read_text() == "a"
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["new"]


def test_where_the_block_fails_nothing_is_left(tmp_path: Path) -> None:
    def stopped() -> None:
        with new_folder(tmp_path / "new") as folder:
            (folder / "a.txt").write_text("a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for name in ("full", "file"):
        with pytest.raises(UserError, match="not an empty folder; name another"):
            fill(tmp_path / name)
    with chdir(tmp_path), pytest.raises(UserError, match="the folder this command runs in"):
        fill(Path())
    assert (tmp_path / "full" / "a.txt").read_text() == (tmp_path / "file").read_text() == "precious"


def test_a_place_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")

    def full() -> None:
        with new_folder(tmp_path / "new"):
            raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"cannot write .*new: No space left on device; free some space"):
        full()
    with pytest.raises(UserError, match=r"cannot write .*file/new: (Not a directory|File exists)"):
        fill(tmp_path / "file" / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], ids=oct)
def test_it_follows_the_umask_and_an_empty_folder_keeps_its_mode(tmp_path: Path, umask: int) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o750)
    before = os.umask(umask)
    try:
        fill(tmp_path / "new")
        fill(tmp_path / "shared")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o777 & ~umask
    assert stat.S_IMODE((tmp_path / "new" / "b.txt").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o750


def test_everything_in_it_is_on_the_disk_before_its_name_and_its_name_in_the_end(tmp_path: Path, disk: Disk) -> None:
    fill(tmp_path / "new")
    named = disk.events.index(("rename", "new"))
    before = {Path(name).name for kind, name in disk.events[:named] if kind == "sync"}
    assert before >= {"a.txt", "b.txt", "inner", "draft"}
    assert ("sync", ".") in disk.events[named:]
