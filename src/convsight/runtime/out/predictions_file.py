"""`PredictionsFile`: predictions appended to a file as they come, by a job that can be stopped and started again."""

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

from convsight.errors import UserError
from convsight.files import beside, sync_folder
from convsight.runtime.out.checkpoints import Checkpoint, Checkpoints
from convsight.runtime.out.parquet import require_pyarrow, write_parquet
from convsight.runtime.out.row_formats import ROW_FORMATS, SPREADSHEET
from convsight.runtime.out.writer_lock import WriterLock
from convsight.runtime.prediction import Prediction
from convsight.runtime.sources import Item
from convsight.words import counted

_BETWEEN_S = 1.0  # from one checkpoint to the next: what a job that was killed does again


class PredictionsFile:
    """The file of a job: every prediction is written when it comes; once a second a checkpoint says what is safe.

    CSV and JSON Lines are appended to. Parquet cannot be, so its rows are collected in `NAME.parquet.part`, from which
    the file is made in one step when all images are predicted; then nothing can follow.
    """

    def __init__(
        self, path: Path, columns: tuple[str, ...], identity: Mapping[str, Any], *, spreadsheet: bool = False
    ) -> None:
        """With `spreadsheet`, CSV holds nothing that such a program would run.

        Raises `UserError` for another suffix, and for a file that another model, or something else, wrote.
        """
        if path.suffix not in ROW_FORMATS:
            raise UserError(f"--out {path}: the suffix chooses the format; give one of {', '.join(ROW_FORMATS)}")
        self._path, self._columns = path, columns
        self._format = SPREADSHEET if spreadsheet else ROW_FORMATS[path.suffix]
        self._rows = path
        if path.suffix == ".parquet":
            require_pyarrow()
            self._rows = beside(path, ".part")
        self._names = hashlib.sha256()
        self.images = self.bad = 0
        self._recorded_s = 0.0
        with ExitStack() as opened, self._writing():
            self._lock = WriterLock(path)
            opened.callback(self._lock.release)
            self._open(
                {"columns": list(columns), **identity, **({"for_spreadsheets": True} if spreadsheet else {})}, opened
            )
            self._opened = opened.pop_all()

    def _open(self, identity: Mapping[str, Any], opened: ExitStack) -> None:
        """Look at what is there, and go on with it; only now, since only now nobody else writes it."""
        self._is_finished = self._rows != self._path and self._path.exists() and not self._rows.exists()
        written = self._path if self._is_finished else self._rows
        self._checkpoints = Checkpoints.open(beside(self._path, ".job"), written, identity, whole=self._is_finished)
        opened.callback(self._checkpoints.close)
        goes_on = Path(os.devnull) if self._is_finished else self._rows
        self._file: BinaryIO = open(goes_on, "ab")  # noqa: SIM115 -- closed by __exit__
        opened.callback(self._close_rows)
        if not self._is_finished:
            self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        # Nothing is recorded here: a stop may come in the middle of a prediction.
        self._opened.close()

    @property
    def kept(self) -> int:
        """How many images the next job will not predict again."""
        return self._checkpoints.last.pictures if self._checkpoints.last else 0

    def skip(self, items: Iterator[Item]) -> None:
        """Leave out of `items` those that were predicted before.

        Raises `UserError` where they are not the same: what is predicted is known by its place and a digest of names.
        """
        last = self._checkpoints.last
        if last is None:
            return
        while self.images < last.pictures and (item := next(items, None)):
            self._count(item.name)
        if (self.images, self._names.hexdigest()) != (last.pictures, last.names):
            raise UserError(
                f"the first {last.pictures:,} images are not those predicted in {self._path}: some were added, "
                "removed, renamed or put in another order since (new ones may only follow); give another --out"
            )
        self.bad = last.bad

    def add(self, prediction: Prediction) -> None:
        """Write one prediction; raises `UserError` where the file is a finished Parquet file."""
        if self._is_finished:
            raise UserError(
                f"{self._path} is finished with {counted(self.images, 'image')}: give the new ones another --out"
            )
        self._count(prediction.file)
        self.bad += prediction.result is None
        self._write(self._format.lines(prediction, self._columns))
        if time.monotonic() - self._recorded_s >= _BETWEEN_S:
            self._record()

    def finish(self) -> None:
        """All images are predicted: make the Parquet file, where that is the format."""
        if self._is_finished:
            return
        self._record()
        with self._writing():
            self._checkpoints.sync()  # of a finished job the last checkpoint is taken at its word
            if self._rows != self._path:
                write_parquet(self._rows, self._path, ("file", *self._columns, "error"))
                self._rows.unlink()

    def _begin(self) -> None:
        """Cut the file back to the last checkpoint; without one, begin it."""
        size = self._checkpoints.last.size if self._checkpoints.last else 0
        sync_folder(self._rows.parent)
        self._file.truncate(size)
        self._file.seek(size)
        if size == 0:
            self._write(self._format.head(self._columns))

    def _count(self, name: str) -> None:
        self.images += 1
        self._names.update(name.encode(errors="surrogateescape") + b"\0")

    def _write(self, text: str) -> None:
        with self._writing():
            self._file.write(text.encode(errors="surrogateescape"))
            self._file.flush()

    def _record(self) -> None:
        with self._writing():
            os.fsync(self._file.fileno())
            self._checkpoints.record(Checkpoint(self.images, self.bad, self._file.tell(), self._names.hexdigest()))
        self._recorded_s = time.monotonic()

    def _close_rows(self) -> None:
        # All is written as it comes, so what is still held is what could not be, which has been told.
        with suppress(OSError):
            self._file.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What the disk refuses here is a `UserError`."""
        try:
            yield
        except OSError as error:
            raise UserError(
                f"cannot write {self._path}: {error.strerror}; free some space and give the same command to go on, "
                "or write elsewhere"
            ) from error
