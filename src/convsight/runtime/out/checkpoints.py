"""`Checkpoints`: the file beside the predictions that says what wrote them and how far it came.

Its first line is what the predictions depend on (model, columns, options), each further one a checkpoint. A job that is
started again goes on from the last checkpoint that the predictions' file still covers.
"""

import errno
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from convsight.errors import UserError
from convsight.files import write_atomic
from convsight.words import shortened


class Checkpoint(NamedTuple):
    """After `pictures` images, `bad` of them without prediction, the predictions' file had `size` bytes.

    `names` is a digest of the images' names so far, in order: the same sources give the same.
    """

    pictures: int
    bad: int
    size: int
    names: str


class Checkpoints:
    """The identity of a job and its checkpoints, in the file `path`."""

    def __init__(self, path: Path, identity: Mapping[str, Any], last: Checkpoint | None) -> None:
        self.last = last
        lines = [json.dumps(identity), *([json.dumps(last._asdict())] if last else [])]
        write_atomic(path, "".join(f"{line}\n" for line in lines))
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 -- closed by close()

    @classmethod
    def open(cls, path: Path, predictions: Path, identity: Mapping[str, Any], *, whole: bool) -> Self:
        """The job that writes `predictions`: a new one, or the one that was stopped.

        Of predictions that are `whole`, be their size what it may, all checkpoints count. Raises `UserError` where
        `predictions` exist that no job, or another one, wrote.
        """
        if not predictions.exists():
            return cls(path, identity, None)
        try:
            lines = path.read_bytes().splitlines()
            before = json.loads(lines[0])
        except (OSError, ValueError, IndexError) as error:
            raise UserError(
                f"{predictions} exists, and {path} does not say what wrote it: give another --out, or remove it"
            ) from error
        _refuse_other(predictions, before, identity)
        return cls(path, identity, _covered(lines[1:], math.inf if whole else predictions.stat().st_size))

    def record(self, checkpoint: Checkpoint) -> None:
        """Add a checkpoint; what it covers must be on the disk."""
        line = f"{json.dumps(checkpoint._asdict())}\n".encode()
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.last = checkpoint

    def sync(self) -> None:
        """Bring the checkpoints to the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _refuse_other(predictions: Path, before: object, identity: Mapping[str, Any]) -> None:
    known = before if isinstance(before, dict) else {}
    for name, value in json.loads(json.dumps(identity)).items():
        if known.get(name) != value:
            raise UserError(
                f"{predictions} was written with another {name}: {_told(known.get(name))}, now {_told(value)}; "
                "give another --out, or remove it"
            )


def _told(value: object) -> str:
    return shortened(str(value), 60)


def _covered(lines: list[bytes], size: float) -> Checkpoint | None:
    """The last checkpoint of at most `size` bytes; a line cut short is none, and where power failed files may be."""
    for line in reversed(lines):
        try:
            found = Checkpoint(**json.loads(line))
        except (ValueError, TypeError):
            continue
        if found.size <= size:
            return found
    return None
