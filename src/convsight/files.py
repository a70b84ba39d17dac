"""Writing files so that nothing half-written is ever seen: temporary file, fsync, rename, fsync of the folder."""

import errno
import os
import secrets
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from convsight.errors import UserError

_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}  # of file systems that know no fsync of folders


def write_atomic(path: Path, content: bytes | str, before: Path | None = None) -> None:
    """Write `content` to `path` as a whole or not at all; text is UTF-8. What was there goes to `before`, if given.

    Raises `UserError` naming the file when the disk is full or the folder cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    write_atomic_with(path, lambda temporary: _write_bytes(temporary, data), before)


def write_atomic_with(path: Path, write: Callable[[Path], object], before: Path | None = None) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    A new file follows the umask, one that is replaced hands its mode on. When this returns, bytes and name are on the
    disk. What was there goes to `before` in the same folder, if given, once the new bytes are on the disk: at any
    moment one of both is whole, though for an instant there is none at `path`.
    """
    temporary: Path | None = None
    try:
        make_folder(path.parent)
        mode = _mode(path)  # of now: what `write` does to the old file must not matter
        temporary = _temporary(path, mode)
        write(temporary)
        put_in_place(temporary, path, mode, before)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; free some space, or write elsewhere"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path, mode: int | None = None, before: Path | None = None) -> None:
    """Rename the written file `temporary` to `path`, which is on the disk before and under its name afterwards.

    It gets `mode`, by default that of the file which was there; that one goes to `before`, if given. Raises `OSError`.
    """
    mode = _mode(path) if mode is None else mode
    sync_file(temporary)
    if mode is not None and mode != _mode(temporary):
        temporary.chmod(mode)
    if before is not None:
        with suppress(FileNotFoundError):
            path.replace(before)
    temporary.replace(path)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, as far as they are missing, their names on the disk; raises `OSError`."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_file(file: Path) -> None:
    """Bring the bytes of `file` to the disk; raises `OSError`."""
    # Windows syncs what is open for writing alone, other systems what one may only read, too.
    with open(file, "rb+" if sys.platform == "win32" else "rb") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk, where the system can do that; raises `OSError` where the disk fails."""
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # a folder to put things into, and not to look into
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def beside(path: Path, suffix: str) -> Path:
    """A file of the same name with a further suffix.

    >>> beside(Path("results.csv"), ".job").name
    'results.csv.job'
    """
    return path.with_name(f"{path.name}{suffix}")


def _mode(path: Path) -> int | None:
    """Who may do what with the file, as `chmod` takes it; None where there is none."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    return None


def _temporary(path: Path, mode: int | None) -> Path:
    """A new empty file beside `path`, which nobody may read who may not read a file of `mode`.

    Made by the system's own call, since only that knows the umask: to ask for it is to change it, for all threads.
    """
    allowed = 0o666 if mode is None else mode & 0o666 | 0o600
    while True:
        # The suffix stays, since some writers choose the format by it.
        temporary = path.with_name(f".writing-{secrets.token_hex(4)}{path.suffix}")
        with suppress(FileExistsError):
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, allowed))
            return temporary


def _write_bytes(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
