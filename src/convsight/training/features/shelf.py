"""The folder in which features are kept between trainings: files of rows that are written once and never changed.

They lie in `$CONVSIGHT_FEATURES`, by default `$XDG_CACHE_HOME/convsight/features`, itself by default under `~/.cache`.
A folder a network, a group of files a view; files have names of their own, so that trainings at once do not meet. What
was not used for longest goes first where there is no room. `CONVSIGHT_CACHE=0` turns it off.
"""

import os
import secrets
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.files import write_atomic_with

_SHARE_OF_FREE = 0.5  # of the disk, that is the most it may take whatever the limit


class Used(NamedTuple):
    """What lies in the folder: files and their bytes."""

    files: int
    bytes: int


@final
class Shelf:
    """The kept features of one network, in at most `limit` bytes together with those of all others."""

    def __init__(self, network: str, limit: int, folder: Path | None = None) -> None:
        self.root = folder or features_folder()
        self._folder = self.root / network
        self._limit = limit
        self._ours: set[Path] = set()

    def holds(self, needed: int) -> bool:
        """Whether so many bytes could be kept, if all that is of no use for this training made room."""
        return needed <= self.limit

    @property
    def limit(self) -> int:
        """The bytes that may be kept: as many as were allowed, and no more than half of what the disk has left."""
        return min(self._limit, used(self.root).bytes + int(_SHARE_OF_FREE * _free_bytes(self.root)))

    def read(self, view: str, row: np.dtype[Any]) -> list[NDArray[Any]]:
        """The kept rows of that view, a map of each file; damaged files are removed."""
        found = []
        for file in sorted(self._folder.glob(f"{view}-*.npy")):
            try:
                rows = np.load(file, mmap_mode="r", allow_pickle=False)
            except FileNotFoundError:  # removed by another training
                continue
            except (OSError, ValueError, EOFError):  # cut short
                file.unlink(missing_ok=True)
                continue
            if rows.dtype != row or rows.ndim != 1:
                file.unlink(missing_ok=True)
                continue
            with suppress(OSError):
                file.touch()  # used now
            self._ours.add(file)
            found.append(rows)
        return found

    def write(self, view: str, rows: NDArray[Any]) -> NDArray[Any]:
        """Keep `rows`; returns a map of their file, or themselves where they cannot be written."""
        file = self._folder / f"{view}-{secrets.token_hex(6)}.npy"
        try:
            self._make_room(rows.nbytes)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic_with(file, partial(_save, rows))
            self._ours.add(file)
            kept: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
        except (UserError, OSError, ValueError):  # a full disk costs memory, and no training
            return rows
        return kept

    def forget(self) -> None:
        """Remove what is kept of this network."""
        for file in self._folder.glob("*.npy"):
            file.unlink(missing_ok=True)

    def _make_room(self, needed: int) -> None:
        """Remove what was not used for longest, as far as `needed` bytes ask for it; what this training uses stays."""
        limit = self.limit
        there = [(file, file.stat()) for file in _files(self.root)]
        total = sum(state.st_size for _, state in there)
        for file, state in sorted(there, key=lambda each: each[1].st_mtime):
            if total + needed <= limit:
                return
            if file not in self._ours:
                file.unlink(missing_ok=True)
                total -= state.st_size


def features_folder() -> Path:
    """Where features are kept; raises RuntimeError for a user without a home."""
    if own := os.environ.get("CONVSIGHT_FEATURES"):
        return Path(own)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "convsight" / "features"


def is_off() -> bool:
    """Whether nothing is kept on disk."""
    return os.environ.get("CONVSIGHT_CACHE") == "0"


def used(folder: Path) -> Used:
    """What lies in `folder`."""
    sizes = []
    for file in _files(folder):
        with suppress(OSError):
            sizes.append(file.stat().st_size)
    return Used(len(sizes), sum(sizes))


def clear(folder: Path) -> Used:
    """Remove all kept features in `folder`; returns what there was. A training that uses them goes on."""
    there = used(folder)
    for file in _files(folder):
        file.unlink(missing_ok=True)
    for each in folder.glob("*"):
        if each.is_dir() and not any(each.iterdir()):
            shutil.rmtree(each, ignore_errors=True)
    return there


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("*/*.npy"))


def _save(rows: NDArray[Any], place: Path) -> None:
    with open(place, "wb") as file:  # a path would get a suffix of NumPy's
        np.save(file, rows, allow_pickle=False)


def _free_bytes(folder: Path) -> int:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free
