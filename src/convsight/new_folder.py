"""A folder that appears whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from convsight.errors import UserError
from convsight.files import make_folder, sync_file, sync_folder

_SYNCING = 16  # threads: file systems bring what is asked for at once to the disk together, 30 times as fast


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `place` where the block ends well; else nothing is left of it.

    Whatever is in it is on the disk before it has its name. It follows the umask, or has the mode of the empty folder
    whose place it takes. Raises `UserError` where `place` already holds something, or cannot be written.
    """
    place = place.absolute()
    check_new(place)
    try:
        make_folder(place.parent)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=place.parent) as work:
            draft = Path(work) / "draft"
            draft.mkdir()
            yield draft
            _sync_all(draft)
            if place.exists():
                draft.chmod(stat.S_IMODE(place.stat().st_mode))
                place.rmdir()
            draft.rename(place)
        sync_folder(place.parent)
    except OSError as error:
        raise UserError(
            f"cannot write {place}: {error.strerror or error}; free some space, or write elsewhere"
        ) from error


def check_new(place: Path) -> None:
    """Raise `UserError` where `place` already holds something, or is the folder that a command runs in."""
    if place.resolve() == Path.cwd().resolve():
        raise UserError(f"{place} is the folder this command runs in, which cannot be replaced; name one in it")
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise UserError(f"{place} is there already, and not an empty folder; name another")


def _sync_all(folder: Path) -> None:
    """Bring everything in `folder` to the disk."""
    files: list[Path] = []
    folders: list[Path] = []
    for here, _, names in os.walk(folder):
        folders.append(Path(here))
        files += [Path(here) / name for name in names]
    with ThreadPoolExecutor(_SYNCING, thread_name_prefix="sync") as pool:
        list(pool.map(sync_file, (file for file in files if not file.is_symlink())))
    for each in folders:
        sync_folder(each)
