"""`TracksFile`: tracks as MOT text, a frame at a time."""

from pathlib import Path
from typing import Self

from convsight.errors import UserError
from convsight.files import beside, put_in_place, sync_file
from convsight.runtime.out.writer_lock import WriterLock
from convsight.tracking.mot import mot_lines
from convsight.tracking.tracked_frame import TrackedFrame


class TracksFile:
    """A file that is in its place once all frames are there; until then, and after a stop, it is `NAME.part`.

    Each frame is written whole as it comes, so what was tracked before a stop is kept.
    """

    def __init__(self, path: Path) -> None:
        """Raises `UserError` where the file cannot be written, or another process writes it."""
        self._path = path
        self._part = beside(path, ".part")
        try:
            self._lock = WriterLock(path)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            # Unbuffered: a frame is one call of the system.
            self._file = open(self._part, "wb", buffering=0)  # noqa: SIM115 -- closed by __exit__
        except OSError as error:
            self._lock.release()
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        try:
            with self._file:
                empty = self._file.tell() == 0
            if kind is None:
                put_in_place(self._part, self._path)
            elif empty:
                self._part.unlink()
            else:
                sync_file(self._part)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            self._lock.release()

    def add(self, frame: TrackedFrame) -> None:
        """Write the tracks of the next frame."""
        if frame.tracked is None:
            return
        try:
            self._file.write(mot_lines(frame.tracked).encode())
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(f"cannot write {self._path}: {error.strerror or error}; free some space, or write elsewhere")
