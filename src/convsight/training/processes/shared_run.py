"""The run folder of a training in several processes, of which the first alone makes, locks and writes it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from convsight.progress import Listener
from convsight.run import Row, Run
from convsight.settings import TrainSettings
from convsight.training.processes.processes import Processes
from convsight.training.run_folder import locked, new_run


@final
@dataclass(frozen=True)
class OthersRun(Run):
    """The folder as processes know it that are not the first: read, never written. It may lie on another machine."""

    def save_settings(self, settings: TrainSettings, chosen: Mapping[str, Any]) -> None:
        pass

    def save_rows(self, rows: Sequence[Row]) -> None:
        pass

    def log(self, text: str) -> None:
        pass


@contextmanager
def new_shared_run(processes: Processes, name: str | None, data_name: str, listener: Listener) -> Iterator[Run]:
    """A new run that the first process locks and removes again where no epoch was finished: see `new_run`."""
    if processes.is_first:
        with new_run(name, data_name, listener) as run:
            processes.same(str(run.path))
            yield run
    else:
        yield OthersRun(Path(processes.same("")))


@contextmanager
def locked_shared(processes: Processes, run: Run) -> Iterator[Run]:
    """The folder `run`, locked by the first process."""
    if processes.is_first:
        with locked(run):
            processes.same(None)  # nobody goes on before it is locked
            yield run
    else:
        processes.same(None)
        yield OthersRun(run.path)
