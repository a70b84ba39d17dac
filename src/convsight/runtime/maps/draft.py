"""`MapDraft`: the rows of a map as they become known, in a file that outlasts a stop."""

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.files import beside
from convsight.runtime.out.checkpoints import Checkpoint, Checkpoints
from convsight.runtime.out.writer_lock import WriterLock

_BETWEEN_S = 1.0  # from one checkpoint to the next: what a job that was killed does again
_WHOLE = 255  # of a probability that is kept as a byte


@final
class MapDraft:
    """Rows of `width` pixels, written one after the other to `NAME.part`; `NAME.job` says what is safe.

    A row is the index of every pixel, as `kind`, and behind it the probability of each of so many classes as a byte,
    where these are kept. A job that is started again goes on with the first row of tiles that is not on the disk.
    """

    def __init__(self, path: Path, width: int, kind: np.dtype[Any], classes: int, identity: Mapping[str, Any]) -> None:
        """Of the map at `path`; raises `UserError` where another call writes it, or another job wrote it."""
        self.path = path
        self.rows_path = beside(path, ".part")
        self._row_bytes = width * (kind.itemsize + classes)
        self._width, self._kind, self._classes = width, kind, classes
        self._recorded_s = time.monotonic()
        with ExitStack() as opened:
            lock = WriterLock(path)
            opened.callback(lock.release)
            self.is_finished = path.exists() and not self.rows_path.exists()
            written = path if self.is_finished else self.rows_path
            self._job = Checkpoints.open(beside(path, ".job"), written, identity, whole=self.is_finished)
            opened.callback(self._job.close)
            last = self._job.last
            self.done, size = (last.pictures, last.size) if last else (0, 0)
            self._rows = opened.enter_context(open(os.devnull if self.is_finished else self.rows_path, "ab"))
            if not self.is_finished:
                self._rows.truncate(size)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._opened.close()

    def add(self, indices: NDArray[np.integer[Any]], probabilities: NDArray[np.float32] | None) -> None:
        """Write what one more row of tiles made known: `indices` (rows, width), `probabilities` (classes, rows, width).

        The second where they are kept.
        """
        parts = [np.ascontiguousarray(indices, self._kind).view(np.uint8)]
        if probabilities is not None:
            shares = np.rint(probabilities * _WHOLE).clip(0, _WHOLE).astype(np.uint8)
            parts.append(shares.transpose(1, 0, 2).reshape(len(indices), -1))
        self._rows.write(np.concatenate(parts, axis=1).tobytes())
        self.done += 1
        if time.monotonic() - self._recorded_s >= _BETWEEN_S:
            self.record()

    def record(self) -> None:
        """Bring what was written to the disk, so that it counts whatever happens."""
        self._rows.flush()
        os.fsync(self._rows.fileno())
        self._job.record(Checkpoint(self.done, 0, self._rows.tell(), ""))
        self._recorded_s = time.monotonic()

    def read(self, top: int, bottom: int) -> tuple[NDArray[np.integer[Any]], NDArray[np.uint8]]:
        """The indices (rows, width) and probabilities (rows, classes, width) from row `top` to `bottom`."""
        with open(self.rows_path, "rb") as file:
            file.seek(top * self._row_bytes)
            content = np.frombuffer(file.read((bottom - top) * self._row_bytes), np.uint8).reshape(bottom - top, -1)
        behind = self._width * self._kind.itemsize
        indices = np.ascontiguousarray(content[:, :behind]).view(self._kind)
        return indices, content[:, behind:].reshape(bottom - top, self._classes, self._width)

    def finish(self) -> None:
        """The map has been made of the rows, which go."""
        self._job.sync()
        self.rows_path.unlink()
