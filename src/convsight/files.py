"""Writing files so that nothing half-written is ever seen: temporary file, fsync, rename."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from convsight.errors import UserError


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` as a whole or not at all; text is UTF-8.

    Raises `UserError` naming the file when the disk is full or the folder cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    write_atomic_with(path, lambda temporary: _write_bytes(temporary, data))


def write_atomic_with(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix stays, since some writers choose the format by it.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; free some space, or write elsewhere"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _write_bytes(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
