"""Decoded pictures in a memory-mapped file, where they do not fit into memory: read again instead of decoded again."""

import os
import shutil
import tempfile
from math import prod
from pathlib import Path
from typing import IO, Any, Self, final
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

_SPARE_BYTES = 2**30  # left free on the disk for everybody else
_LASTING = Path("/var/tmp")  # noqa: S108  (unlike /tmp it lies on a disk everywhere)


def place_for_pixels() -> Path:
    """Where such files are put: where the variable TMPDIR says, or the system's folder for lasting temporary files."""
    if os.environ.get("TMPDIR") or not os.access(_LASTING, os.W_OK):
        return Path(tempfile.gettempdir())
    return _LASTING


@final
class PixelFile:
    """Arrays (rows, ...) in a file that has no name: its room is free again when nobody holds it.

    So nothing is left behind, not even by a process that is killed. Safe in threads that take.
    """

    def __init__(self, file: IO[bytes], arrays: NDArray[Any]) -> None:
        self._descriptor: int = file.fileno()
        self.arrays = arrays
        finalize(self, file.close)

    @classmethod
    def make(cls, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Self | None:
        """Room for arrays of `shape`, reserved on the disk; None where there is not enough."""
        needed = prod(shape) * dtype.itemsize
        file = None
        try:
            place = place_for_pixels()
            if shutil.disk_usage(place).free < needed + _SPARE_BYTES:
                return None
            file = tempfile.TemporaryFile(dir=place, prefix="convsight-")  # noqa: SIM115  (it lives as long as we do)
            file.truncate(needed)
            if hasattr(os, "posix_fallocate"):  # else a write into a full disk would end the process
                os.posix_fallocate(file.fileno(), 0, needed)
            return cls(file, np.memmap(file, dtype, "r+", shape=shape))
        except OSError:
            if file is not None:
                file.close()
            return None

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The arrays of `rows`: a new array. Other threads go on while the disk is read."""
        if not hasattr(os, "preadv"):
            return np.asarray(self.arrays[rows])
        taken = np.empty((len(rows), *self.arrays.shape[1:]), self.arrays.dtype)
        size = taken.nbytes // max(1, len(rows))
        bytes_of = taken.reshape(-1).view(np.uint8).data
        for place, row in enumerate(rows.tolist()):
            wanted, at = bytes_of[place * size : (place + 1) * size], row * size
            while wanted:
                got = os.preadv(self._descriptor, [wanted], at)
                if got == 0:
                    raise OSError(f"the file of decoded pictures ends before row {row}")
                wanted, at = wanted[got:], at + got
        return taken
