"""Runs side by side: what they reach and cost, whether chance explains the difference, and where they disagree."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from convsight.datasets.stored_splits import pictures_in_splits_csv
from convsight.errors import UserError
from convsight.metrics import Measured, Metric
from convsight.metrics.paired import FIRST, SECOND, Comparison
from convsight.printing import metrics_json
from convsight.progress import Listener
from convsight.report.again import JudgedAgain, judged_again
from convsight.report.evidence import Evidence, evidence_of
from convsight.report.judgement import told_as
from convsight.report.parts.network import NetworkFound
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks import reader_of
from convsight.tasks.reader import compared

_MOST_PICTURES = 1_000
_NOT_CHOICES = frozenset({"run", "workers", "export", "report", "log", "tune", "tune_batch", "own", "given", "data"})
RIGHT = "right"


@dataclass(frozen=True)
class Side:
    """One of the runs: its name, what is known of it, and how many parameters its network has (None: not known)."""

    name: str
    evidence: Evidence
    parameters: int | None

    @property
    def seconds(self) -> float | None:
        """What its training took."""
        seconds = self.evidence.card.training.get("seconds")
        return None if seconds is None else float(seconds)


@dataclass(frozen=True)
class Tested:
    """A run beside the first one: by how much it is better, or `why` that cannot be told."""

    name: str
    first: str
    found: Comparison | None
    why: str = ""


@dataclass(frozen=True)
class Disputed:
    """An image that some get right and others do not: what each said, by run."""

    name: str
    said: dict[str, str]


@dataclass(frozen=True)
class SideBySide:
    """Runs beside one another; `disputed` are images of the `split` on which those that were tested differ."""

    sides: tuple[Side, ...]
    split: str
    tests: tuple[Tested, ...]
    disputed: tuple[Disputed, ...]
    disputes: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def metrics(self) -> list[Metric]:
        """What the first run was judged by, without parts."""
        described = reader_of(self.sides[0].evidence.card).metrics().described()
        return [metric for metric in described.values() if any(self.reached(metric))]

    def reached(self, metric: Metric) -> list[Measured | None]:
        """What each reached."""
        return [side.evidence.reached(metric) for side in self.sides]

    @property
    def settings(self) -> dict[str, list[str]]:
        """The choices in which they differ, by name, as text; empty where a run has no such."""
        each = [_choices(side.evidence) for side in self.sides]
        names = dict.fromkeys(name for choices in each for name in choices)
        told = {name: [choices.get(name, "") for choices in each] for name in names}
        return {name: values for name, values in told.items() if len(set(values)) > 1}

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "split": self.split,
            "runs": [
                {
                    "run": str(side.evidence.run.path),
                    "task": side.evidence.card.task,
                    "net": side.evidence.card.net,
                    "data": side.evidence.card.data.get("name"),
                    "parameters": side.parameters,
                    "seconds": side.seconds,
                    "metrics": metrics_json(
                        side.evidence.card.metrics, reader_of(side.evidence.card).metrics().described()
                    ),
                }
                for side in self.sides
            ],
            "tests": [_test_json(test) for test in self.tests],
            "settings": self.settings,
            "disputes": self.disputes,
            "pictures": [asdict(each) for each in self.disputed],
            "notes": list(self.notes),
        }


def compare_runs(paths: Sequence[str], listener: Listener) -> SideBySide:
    """The runs at `paths`; each after the first is tested beside it, on the same images.

    For that they are judged again. Where that cannot be, since images differ or have moved, the reason is said, and the
    rest stays. Raises `UserError` where fewer than two are given, one is no run, or their tasks differ.
    """
    if len(paths) < 2:
        raise UserError("give two runs or more to compare")
    runs = [Run.open(path) for path in paths]
    cards = [run.card for run in runs]
    for one, other in pairwise(zip(runs, cards, strict=True)):
        if one[1].task != other[1].task:
            raise UserError(
                f"{one[0].path} is a run of {one[1].task}, {other[0].path} of {other[1].task}: no number is of both"
            )
    names = _names(runs)
    sides = []
    for run, card, name in zip(runs, cards, names, strict=True):
        evidence = evidence_of(run, card)
        sides.append(Side(name, evidence, NetworkFound(evidence).parameters))
    return _tested(sides, listener)


def _tested(sides: Sequence[Side], listener: Listener) -> SideBySide:
    first = sides[0]
    split = first.evidence.split
    known: dict[str, JudgedAgain] = {}
    tests = []
    for side in sides[1:]:
        try:
            names = _same_images(first, side, split)
            for each in (first, side):
                if each.name not in known:
                    known[each.name] = judged_again(each.evidence.run, split, names, listener)
            found = compared(known[side.name].metrics, known[first.name].metrics)
            tests.append(Tested(side.name, first.name, found, "" if found else "the task has no test of a difference"))
        except UserError as error:
            tests.append(Tested(side.name, first.name, None, str(error)))
    disputed = _disputed(known)
    return SideBySide(tuple(sides), split, tuple(tests), tuple(disputed[:_MOST_PICTURES]), len(disputed))


def _same_images(first: Side, other: Side, split: str) -> tuple[str, ...]:
    """The names of the images that both were tested by; raises `UserError` where these are not the same."""
    cards = [side.evidence.card for side in (first, other)]
    if cards[0].target.unfitted() != cards[1].target.unfitted():
        raise UserError("they do not tell the same: no test")
    mine, its = (pictures_in_splits_csv(side.evidence.run.splits(), split) for side in (first, other))
    if split != other.evidence.split or mine != its:
        shared = sum(its.get(name) == pixels for name, pixels in mine.items())
        raise UserError(f"their {split} images differ: {shared:,} of {len(mine):,} are the same; no test")
    return tuple(mine)


def _disputed(known: dict[str, JudgedAgain]) -> list[Disputed]:
    """Images that some got right and others did not, those with the surest mistake first."""
    if len(known) < 2:
        return []
    names = next(iter(known.values())).names
    found = []
    for position, name in enumerate(names):
        mistakes = {run: judged.wrong.mistakes.get(position, []) for run, judged in known.items()}
        if 0 < sum(bool(each) for each in mistakes.values()) < len(mistakes):
            said = {run: _said(each) for run, each in mistakes.items()}
            severity = max(mistake.severity for each in mistakes.values() for mistake in each)
            found.append((severity, Disputed(name, said)))
    return [each for _, each in sorted(found, key=lambda pair: -pair[0])]


def _said(mistakes: Sequence[Any]) -> str:
    if not mistakes:
        return RIGHT
    worst = mistakes[0]
    more = f", and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
    return f"{told_as(worst.kind, worst.target, worst.prediction)}, {worst.severity:.2f}{more}"


def _names(runs: Sequence[Run]) -> list[str]:
    """What each is called: its folder's name where these differ, else its path; numbered where one is given twice."""
    short = [run.path.name for run in runs]
    names = short if len(set(short)) == len(short) else [str(run.path) for run in runs]
    return [name if names.index(name) == place else f"{name} ({place + 1})" for place, name in enumerate(names)]


def _choices(evidence: Evidence) -> dict[str, str]:
    """What was set or chosen, by name, as text."""
    settings: TrainSettings = evidence.settings
    general = settings.model_dump(exclude=set(_NOT_CHOICES), exclude_none=True)
    own = {name: value for name, value in settings.own.items() if value is not None}
    known = {"net": evidence.card.net, "input": evidence.card.input.summary}
    return {name: _text(value) for name, value in {**general, **own, **evidence.chosen, **known}.items()}


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _test_json(test: Tested) -> dict[str, Any]:
    found: dict[str, Any] = {"run": test.name, "beside": test.first}
    if test.found is None:
        return found | {"why": test.why}
    comparison = test.found
    value, low, high = comparison.difference
    return found | {
        "metric": comparison.metric,
        "better_by": value,
        "low": low,
        "high": high,
        "p": comparison.p,
        "test": comparison.test,
        "rests_on": comparison.words.replace(FIRST, test.name).replace(SECOND, test.first),
        "differs": comparison.differs,
    }


def in_words(test: Tested) -> str:
    """A test as a sentence."""
    if test.found is None:
        return f"{test.name} beside {test.first}: {test.why}"
    found = test.found
    value = found.difference.value
    way = "better" if value > 0 else "worse" if value < 0 else "neither better nor worse"
    much = f" by {abs(value):.4f}" if value else ""
    ends = found.difference.interval(" to ")
    verdict = "more than chance explains" if found.differs else "chance alone explains it"
    rests = found.words.replace(FIRST, test.name).replace(SECOND, test.first)
    return (
        f"{test.name} is {way} than {test.first} in {found.metric.replace('_', ' ')}{much} (95 %: {ends or value}); "
        f"p = {found.p:.3g}, {found.test}: {verdict}; {rests}"
    )
