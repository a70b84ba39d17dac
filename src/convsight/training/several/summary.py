"""What several runs reached together: mean, spread and interval of each metric, as JSON, CSV and a picture."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from convsight.card import Card
from convsight.figures.spread_of_runs import Spread, spread_figure
from convsight.files import write_atomic, write_atomic_with
from convsight.metrics import Described, Measured, MetricName, metric_of
from convsight.metrics.intervals import student_975
from convsight.printing import csv_text, json_document
from convsight.tasks import reader_of
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.plan import Member, Several

OUT_OF_FOLD = "bootstrap over all images, each judged by the network that did not see it"
OF_MANY = "mean of such bootstrap intervals, one a seed: too wide rather than too narrow"
OVER_SEEDS = (
    "Student's t over the seeds, on the one test: what chance in the training does, not what other images would"
)
_FEWEST_SEEDS = 3  # of two, Student's t has ends 13 standard errors away, which tell nothing


@dataclass(frozen=True)
class Summary:
    """One metric: what each run reached, their mean and standard deviation, and the `value` with its interval.

    `value` is the mean over runs, or of folds what all images reach together.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float
    value: Measured


@dataclass(frozen=True)
class Summaries:
    """All metrics by name, such as `accuracy` or `recall/cat`, and in words what their intervals are."""

    several: Several
    members: tuple[Member, ...]
    interval: str
    metrics: Mapping[str, Summary]
    described: Described
    split: str

    @property
    def whole(self) -> dict[str, Summary]:
        """Those that are not of a class or another part."""
        return {name: each for name, each in self.metrics.items() if "/" not in name}


def summarise(
    runs: SeveralRuns, several: Several, members: Sequence[Member], pooled: Mapping[int, Mapping[str, Measured]]
) -> Summaries:
    """What finished runs reached; `pooled` are metrics over all folds by seed, empty where there are no folds."""
    cards = [runs.run(member).card for member in members]
    split = "test" if any(name.startswith("test/") for name in cards[0].metrics) else "val"
    reached = [_reached(card, split) for card in cards]
    together = {
        name: _summary([each[name].value for each in reached], [each[name] for each in pooled.values() if name in each])
        for name in reached[0]
        if all(name in each for each in reached)
    }
    words = (OF_MANY if len(pooled) > 1 else OUT_OF_FOLD) if pooled else OVER_SEEDS
    described = reader_of(cards[0]).metrics().described()
    return Summaries(several, tuple(members), words, together, described, split)


def _reached(card: Card, split: str) -> dict[str, Measured]:
    """The metrics of the network itself on `split`, by the name that tasks give them."""
    parsed = {text: MetricName.parse(text) for text in card.metrics}
    return {
        name.computed: card.metrics[text]
        for text, name in parsed.items()
        if name is not None and name.split == split and name.baseline is None
    }


def _summary(values: Sequence[float], pooled: Sequence[Measured]) -> Summary:
    """One metric of all runs; `pooled` is that of all folds together, one a seed."""
    mean = float(np.mean(values))
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    if pooled:
        value = Measured(*(float(np.mean(ends)) for ends in zip(*pooled, strict=True)))
    else:
        value = student_interval(values)
    return Summary(tuple(values), mean, deviation, value)


def student_interval(values: Sequence[float]) -> Measured:
    """The mean of independent `values` with its 95 % interval; none where they are under three.

    Source: Student, "The probable error of a mean", 1908.

    >>> str(student_interval([0.90, 0.92, 0.94]))
    '0.9200 [0.8703, 0.9697]'
    """
    mean = float(np.mean(values))
    if len(values) < _FEWEST_SEEDS:
        return Measured(mean, mean, mean)
    half = student_975(len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Measured(mean, mean - half, mean + half)


def write_summary(runs: SeveralRuns, found: Summaries, average: Mapping[str, Measured]) -> None:
    """Write `summary.json`, `summary.csv` and `summary.png`; `average` is what the mean of all networks reaches."""
    write_atomic(runs.summary_file, json_document(summary_json(runs, found, average)) + "\n")
    write_atomic(runs.path / "summary.csv", csv_text(_rows(found)))
    rows = {
        metric_of(found.described, name): Spread(each.values, each.value if each.value.low < each.value.high else None)
        for name, each in found.whole.items()
    }
    figure = spread_figure(rows, f"{runs.path.name}: {found.several.words}", found.interval)
    write_atomic_with(runs.path / "summary.png", partial(figure.savefig, dpi=120))


def summary_json(runs: SeveralRuns, found: Summaries, average: Mapping[str, Measured]) -> dict[str, Any]:
    """The content of `summary.json`."""
    return {
        "folder": str(runs.path),
        "folds": found.several.folds,
        "repeat": found.several.repeat,
        "interval": found.interval,
        "split": "out of fold" if found.several.folds else found.split,
        "metrics": {name: _json(name, each, found.described) for name, each in found.metrics.items()},
        "runs": [
            {"run": member.name, "seed": member.seed, "fold": None if member.fold is None else member.fold + 1}
            for member in found.members
        ],
        **({"average": {name: each.value for name, each in average.items()}} if average else {}),
    }


def _json(name: str, each: Summary, described: Described) -> dict[str, Any]:
    has_interval = each.value.low < each.value.high
    return {
        "value": each.value.value,
        "low": each.value.low if has_interval else None,
        "high": each.value.high if has_interval else None,
        "mean": each.mean,
        "deviation": each.deviation,
        "values": list(each.values),
        "unit": metric_of(described, name).unit,
    }


def _rows(found: Summaries) -> list[tuple[Any, ...]]:
    """A header, and one row a metric."""
    names = [member.name for member in found.members]
    header = ("metric", "value", "low", "high", "mean", "deviation", *names)
    rows = [(name, *each.value, each.mean, each.deviation, *each.values) for name, each in found.metrics.items()]
    return [header, *rows]
