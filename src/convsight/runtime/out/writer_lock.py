"""`WriterLock`: one process at a time writes a file; the system lets go of it however the process ends."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from convsight.errors import UserError
from convsight.files import beside, make_folder

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl


class WriterLock:
    """Held from when it is made until it is released, by the file `NAME.lock` beside the one that is written."""

    def __init__(self, path: Path) -> None:
        """The folder of `path` is made where it is missing.

        Raises `UserError` where another process writes `path`, `OSError` where nothing can be written beside it.
        Where the system or its file system has no locks, nothing is kept.
        """
        make_folder(path.parent)
        self._place = beside(path, ".lock")
        self._file = open(self._place, "ab")  # noqa: SIM115 -- closed by release
        while not self._is_held(path):
            self._file.close()
            self._file = open(self._place, "ab")  # noqa: SIM115 -- closed by release

    def release(self) -> None:
        """Let others write."""
        if fcntl is None:
            self._file.close()  # what is open cannot be removed there
            self._place.unlink(missing_ok=True)
            return
        # Removed while it is held: whoever has opened it will see that it is no longer the file of this name.
        self._place.unlink(missing_ok=True)
        self._file.close()

    def _is_held(self, path: Path) -> bool:
        """Lock the open file; false where its last holder removed it before, so that others will lock another one."""
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise UserError(f"{path} is being written by another call; wait for it, or write elsewhere") from None
        except OSError:  # a file system without locks
            return True
        return _is_at(self._file, self._place)


def _is_at(file: BinaryIO, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), place.stat())
    except FileNotFoundError:
        return False
