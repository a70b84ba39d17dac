"""The folder of a training while it goes on: one process at a time writes it, and what killed ones left is removed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from convsight.errors import UserError
from convsight.progress import Listener
from convsight.run import Run, place_of
from convsight.runtime.out.writer_lock import WriterLock
from convsight.training.not_finite import DivergedError

_LOCK = "training"  # the file training.lock
_UNFINISHED = (".writing-*", ".exporting-*")  # files and folders that were not yet put in place
_BEFORE_A_STATE = {"settings.toml", "splits.csv", "log.txt", "checkpoint", f"{_LOCK}.lock"}


@contextmanager
def locked(run: Run) -> Iterator[None]:
    """Nobody else trains `run` within; whatever writers that were killed left in it is removed first.

    Raises `UserError` where another process does, or nothing can be written there.
    """
    try:
        lock = WriterLock(run.path / _LOCK)
    except UserError as error:
        raise UserError(f"{run.path} is being trained by another call; wait for it, or stop it first") from error
    except OSError as error:
        raise UserError(f"cannot write in {run.path}: {error.strerror}") from error
    try:
        _remove_unfinished(run)
        yield
    finally:
        lock.release()


@contextmanager
def new_run(name: str | None, data_name: str, listener: Listener) -> Iterator[Run]:
    """A new run, locked; removed again where no state was kept: there is nothing to resume.

    So is one whose weights became infinite in its first epoch, which they would again. The folder of a training that
    was killed before it kept a state is used again.
    """
    place = place_of(name, data_name)
    if _is_dead(place):
        with suppress(UserError):  # it is not dead: its training has just begun
            with locked(Run(place)):
                shutil.rmtree(place, ignore_errors=True)
            listener.say(f"{place} held a training that was stopped before it kept a state: it is begun anew")
    run = Run.create(name, data_name)
    try:
        with locked(run):
            yield run
    except BaseException as error:
        if not run.is_begun or (isinstance(error, DivergedError) and not run.model_file.exists()):
            shutil.rmtree(run.path, ignore_errors=True)
        raise


def _is_dead(place: Path) -> bool:
    """Whether `place` holds what a training writes before its first state, and nothing else."""
    if not (place / "log.txt").is_file():
        return False
    names = {path.name for path in place.iterdir() if path.suffix != ".png"}
    checkpoints = place / "checkpoint"
    left = list(checkpoints.iterdir()) if checkpoints.is_dir() else []
    unfinished = {path.name for pattern in _UNFINISHED for path in place.glob(pattern)}
    return names - unfinished <= _BEFORE_A_STATE and all(path.match(_UNFINISHED[0]) for path in left)


def _remove_unfinished(run: Run) -> None:
    for folder in (run.path, run.checkpoint_file.parent):
        for pattern in _UNFINISHED:
            for path in folder.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
