"""MLflow's store as an SQLite file, `mlflow.db` beside the runs: an experiment a data set, a run for each of ours.

MLflow would tell its makers that it is used; that is switched off before it is imported.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from convsight.card import Card
from convsight.files import write_atomic
from convsight.run import Row, Run
from convsight.training.log.tracker import Tracker, final_scalars, plain, scalars

_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
_MOST = 900  # metrics in one call, of which MLflow takes 1,000
_LONGEST = 5_000  # characters of a setting
_SEEN_BY = "seconds"  # the number of a row by which it is seen whether it is there


@final
class Mlflow(Tracker):
    """A run of MLflow, whose id stands in `mlflow.txt` of ours; one that goes on is given the rows that it lacks."""

    def __init__(self, run: Run, settings: Mapping[str, Any], data: str) -> None:
        self._run = run
        self._settings = settings
        self._data = data
        self._place = run.path.parent.resolve()
        self._client: Any = None
        self._id = ""
        self._steps: set[int] = set()
        self._status = "KILLED"

    def rows(self, rows: Sequence[Row]) -> None:
        self._open()
        for row in rows:
            epoch = int(row["epoch"])
            if epoch not in self._steps:
                self._log(dict(scalars(row)), epoch)
                self._steps.add(epoch)

    def finished(self, card: Card, figures: Sequence[Path]) -> None:
        self._open()
        self._log(dict(final_scalars(card.metrics)), card.training["epochs"])
        self._client.set_tag(self._id, "epochs", card.training["epochs"])
        for figure in figures:
            self._client.log_artifact(self._id, str(figure), "figures")
        self._status = "FINISHED"

    def close(self) -> None:
        if self._client is not None and self._id:
            self._client.set_terminated(self._id, self._status)

    def _open(self) -> None:
        if self._client is not None:
            return
        os.environ.update(_QUIET)
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - takes seconds

        client = MlflowClient(tracking_uri=f"sqlite:///{self._place / 'mlflow.db'}")
        known = self._known(client)
        self._client = client  # from now on `close` ends the run, wherever this is broken off
        self._id = known or self._created(client)
        client.update_run(self._id, status="RUNNING")
        self._steps = {each.step for each in client.get_metric_history(self._id, _SEEN_BY)}

    def _known(self, client: Any) -> str:
        """The id of the run that ours began in this store; empty where there is none."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        try:
            known = self._note.read_text(encoding="utf-8").strip()
            return str(client.get_run(known).info.run_id)
        except (OSError, UnicodeDecodeError, MlflowException):
            return ""

    def _created(self, client: Any) -> str:
        found = client.get_experiment_by_name(self._data)
        artifacts = (self._place / "mlflow").as_uri()
        experiment = found.experiment_id if found else client.create_experiment(self._data, artifacts)
        self._id = run_id = str(client.create_run(experiment, run_name=self._run.path.name).info.run_id)
        for name, value in self._settings.items():
            client.log_param(run_id, plain(name), str(value)[:_LONGEST])
        write_atomic(self._note, run_id + "\n")
        return run_id

    @property
    def _note(self) -> Path:
        return self._run.path / "mlflow.txt"

    def _log(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric  # noqa: PLC0415

        now = int(1000 * time.time())
        metrics = [Metric(plain(name), value, now, step) for name, value in values.items()]
        for start in range(0, len(metrics), _MOST):
            self._client.log_batch(self._id, metrics=metrics[start : start + _MOST])
