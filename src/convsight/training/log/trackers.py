"""Those of a training: by name, and never in its way."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

from convsight.card import Card
from convsight.errors import UserError
from convsight.progress import Listener, Silent
from convsight.run import Row, Run, settings_document
from convsight.settings import TrainSettings
from convsight.training.log.tracker import Tracker


class _Entry(NamedTuple):
    """Where the class of a tracker is, as `module:name`, and the packages that it needs."""

    place: str
    packages: tuple[str, ...]


TRACKERS = {
    "tensorboard": _Entry("convsight.training.log.tensorboard:TensorBoard", ("tensorboard",)),
    "mlflow": _Entry("convsight.training.log.mlflow:Mlflow", ("mlflow", "sqlalchemy", "alembic")),
}


class Trackers:
    """Passes everything on; one that fails is told of once and left out: a training is worth more."""

    def __init__(self, trackers: dict[str, Tracker] | None = None, listener: Listener | None = None) -> None:
        self._trackers = trackers or {}
        self._listener = listener or Silent()

    def rows(self, rows: Sequence[Row]) -> None:
        """All rows of `metrics.csv` so far."""
        self._each(lambda tracker: tracker.rows(rows))

    def finished(self, card: Card, figures: Sequence[Path]) -> None:
        """The final card, and the figures of the run."""
        self._each(lambda tracker: tracker.finished(card, figures))

    def close(self) -> None:
        """The training has ended, finished or not."""
        self._each(lambda tracker: tracker.close())

    def _each(self, told: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._trackers.items()):
            try:
                with catch_warnings():
                    simplefilter("ignore")  # what these packages say of one another
                    told(tracker)
            except Exception as error:  # of a library, a database or a disk
                del self._trackers[name]
                with suppress(Exception):  # what is left of it shall not seem to go on
                    tracker.close()
                reason = (str(error).splitlines() or [""])[0]
                self._listener.say(
                    f"note: {name} is not written any more ({type(error).__name__}: {reason}); metrics.csv has all, "
                    "and a resumed run writes what is missing"
                )


def check_packages(names: Sequence[str]) -> None:
    """Raise `UserError` where what the trackers of these names need is not installed."""
    for name in names:
        for package in TRACKERS[name].packages:
            if find_spec(package) is None:
                raise UserError(
                    f'--log {name} needs {package}: pip install ".[log]" in the clone of convsight, or leave it out'
                )


def trackers_of(settings: TrainSettings, run: Run, chosen: dict[str, Any], data: str, listener: Listener) -> Trackers:
    """The trackers that `settings` name for `run` on data called so; nothing is written before the first row is."""
    document = settings_document(settings, chosen)
    flat = {
        **{name: value for name, value in document["settings"].items() if not isinstance(value, dict)},
        **document["settings"].get(settings.task or "", {}),
        **{f"chosen.{name}": value for name, value in document["chosen"].items()},
    }
    made = {}
    for name in settings.logs:
        module, called = TRACKERS[name].place.split(":")
        made[name] = getattr(import_module(module), called)(run, flat, data)
    return Trackers(made, listener)
