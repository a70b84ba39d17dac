"""What is known of a run, as its report needs it: from its folder, and from its data where they still are."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from convsight.card import Card
from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.metrics import Measured, Metric, MetricName
from convsight.report.judgement import Judgement, read_judgement
from convsight.run import Run
from convsight.runtime.evaluate import own_data
from convsight.settings import TrainSettings
from convsight.tasks import reader_of
from convsight.words import visible


@dataclass(frozen=True)
class Evidence:
    """A run, what it stored, and its `dataset` as it was cut (None: it cannot be read here).

    `left_out` says what a report has to do without, and why; sections add to it. `said` are the lines of its log.
    """

    run: Run
    card: Card
    settings: TrainSettings
    chosen: Mapping[str, Any]
    rows: list[dict[str, float]]
    judgement: Judgement | None
    dataset: Dataset | None
    said: list[str]
    left_out: list[str] = field(default_factory=list)

    @property
    def called(self) -> str:
        """The run in a command; a page that is passed on tells no folder of this machine."""
        path = self.run.path
        return path.name if path.is_absolute() else str(path)

    @cached_property
    def split(self) -> str:
        """The split that the metrics on the card are of."""
        splits = {name.split for name in map(MetricName.parse, self.card.metrics) if name}
        return "test" if "test" in splits else "val"

    @property
    def selection(self) -> Metric:
        """The metric that chose the best epoch."""
        return reader_of(self.card).metrics().selected_by[0]

    @property
    def drawn(self) -> list[Metric]:
        """The metrics that are drawn over the epochs."""
        metrics = reader_of(self.card).metrics()
        described = metrics.described()
        return [described[name] for name in metrics.drawn]

    def reached(self, metric: Metric, baseline: str | None = None) -> Measured | None:
        """What the network, or a baseline, reached in `metric` where it was judged."""
        return self.card.metrics.get(str(MetricName(self.split, metric.name, baseline=baseline)))

    @cached_property
    def baselines(self) -> list[str]:
        """The methods beside which the network was judged."""
        names = (MetricName.parse(text) for text in self.card.metrics)
        return list(
            dict.fromkeys(name.baseline for name in names if name and name.baseline and name.split == self.split)
        )

    @property
    def is_finished(self) -> bool:
        """Whether the training came to its end, and its network was judged."""
        return bool(self.card.training.get("finished")) or self.judgement is not None

    @property
    def parts(self) -> Mapping[str, int]:
        """How many images each split has."""
        known = self.card.data.get("pictures")
        return known if isinstance(known, dict) else {}


def evidence_of(run: Run, card: Card, dataset: Dataset | None = None) -> Evidence:
    """What is known of `run`, whose network `card` describes, and whose data are `dataset` if they are at hand.

    Raises `UserError` where its settings are damaged; what else is missing is said in `left_out`.
    """
    settings, chosen = run.settings()
    left_out: list[str] = []
    judgement = None
    try:
        judgement = read_judgement(run)
    except UserError as error:
        left_out.append(f"mistakes, and what was taken for what: {error}")
    if judgement is None and not left_out:
        left_out.append("mistakes, and what was taken for what: no judgement of this run was kept (judged.json)")
    if dataset is None:
        try:
            dataset, _ = own_data(run.path, card)
        except UserError as error:
            left_out.append(f"pictures of the data: {error}")
    return Evidence(run, card, settings, chosen, read_rows(run), judgement, dataset, _said(run), left_out)


def read_rows(run: Run) -> list[dict[str, float]]:
    """The epochs of `metrics.csv`; none where there is no such file. What is no number is left out."""
    try:
        text = (run.path / "metrics.csv").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for row in csv.DictReader(text.splitlines()):
        numbers = {name: _number(value) for name, value in row.items() if isinstance(name, str)}
        known = {name: number for name, number in numbers.items() if number is not None}
        if "epoch" in known:
            found.append(known)
    return found


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


def _said(run: Run) -> list[str]:
    try:
        lines = (run.path / "log.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [visible(line) for line in lines]
