"""`advise`: whether a run under- or overfits, and what to try next, in one paragraph."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from convsight.metrics import Measured, Metric, MetricName
from convsight.settings import TrainSettings

Verdict = Literal["no better than the baseline", "cut short", "overfits", "underfits", "fits"]

# As shares of the room between the baseline and a perfect score.
_SMALL_GAP = 0.03  # between training and validation: smaller ones are not worth mending
_LITTLE_LEFT = 0.02  # of the validation score: nothing left to gain
_WELL_FITTED = 0.15  # of the training score: more left than this is underfitting
# As a share of what is left to gain: a larger step in the last tenth of the epochs means that the curve still rises.
_STILL_RISING = 0.05
_DIGITS = 3  # of numbers in sentences
_PATIENCE = 5  # epochs, at least


class Advice(NamedTuple):
    """A verdict on a run, and the paragraph that explains it and says what to try."""

    verdict: Verdict
    text: str


@dataclass(frozen=True)
class Untried:
    """What a training left unused that may help.

    `varies` says whether images could vary more, `weights` is the option that begins pretrained (empty: none), `side` a
    larger side in px that the data has (None: it has no more detail), `augments` whether --augment does anything.
    """

    varies: bool = True
    weights: str = ""
    side: int | None = None
    augments: bool = True


_ONLY_VARIATION = Untried()


@dataclass(frozen=True)
class _Evidence:
    """What the verdict rests on; every difference is positive where the first is better."""

    train: Measured
    val: Measured
    baseline: float
    epochs: int
    best_epoch: int
    gap: float  # training minus validation score
    gap_noise: float  # half width of the 95 % interval of the gap
    gain: float  # of the last tenth of the epochs over all before
    fall: float  # from the best epoch to the last, where the training loss did not rise meanwhile
    noise: float  # half width of the validation score's interval
    room: float  # from the baseline to a perfect score; the metric's span where there is none
    train_left: float  # from the training score to a perfect one; infinite where there is none
    val_left: float
    beats_baseline: bool

    @property
    def has_gap(self) -> bool:
        """Whether training images are predicted better by more than noise, and by enough to matter."""
        return self.gap > self.gap_noise and self.gap > _SMALL_GAP * self.room

    @property
    def still_rises(self) -> bool:
        """Whether the end of the curve still rises; both ends share their images, hence half the noise."""
        left = self.val_left if math.isfinite(self.val_left) else self.room
        return self.gain > max(self.noise / 2, _STILL_RISING * left)

    @property
    def falls(self) -> bool:
        """Whether the last epoch is worse than the best by more than noise."""
        return self.fall > self.noise and self.fall > _SMALL_GAP * self.room

    @property
    def stands_still(self) -> bool:
        """Whether the second half of the epochs brought nothing."""
        return self.best_epoch <= self.epochs / 2


def advise(
    rows: Sequence[Mapping[str, float]],
    metric: Metric,
    best_epoch: int,
    *,
    train_score: Measured,
    val_score: Measured,
    baseline: float,
    settings: TrainSettings,
    untried: Untried = _ONLY_VARIATION,
) -> Advice:
    """Judge a run by its curves and by the gap between its training and validation score.

    `rows` holds one mapping an epoch with `epoch`, `train/loss` and the `metric` on the validation split. The scores
    are those of the kept network on unaugmented images, and `baseline` is the same metric of a method that learns
    nothing: what lies between it and a perfect score, or the metric's span where there is none, is what differences are
    shares of. Those within the 95 % intervals of the scores count as noise.

    Raises ValueError where there are no rows, or none of the best epoch.

    >>> rows = [{"epoch": e, "train/loss": 1 / e, "val/accuracy": 0.8} for e in range(1, 11)]
    >>> advice = advise(rows, Metric("accuracy"), 1, train_score=Measured(0.99, 0.98, 1.0),
    ...                 val_score=Measured(0.8, 0.78, 0.82), baseline=0.1, settings=TrainSettings(data="photos"))
    >>> advice.verdict, advice.text[:61]
    ('overfits', 'The network overfits: accuracy is 0.990 on training images bu')
    """
    if not rows:
        raise ValueError("no epoch has ended, so there is nothing to judge")
    evidence = _weigh(rows, metric, best_epoch, train_score, val_score, baseline=baseline)
    verdict = _verdict(evidence)
    parts = [
        _finding(verdict, evidence, metric),
        _remark(evidence, metric),
        _suggestion(verdict, evidence, settings, untried),
    ]
    return Advice(verdict, " ".join(part for part in parts if part))


def _weigh(
    rows: Sequence[Mapping[str, float]],
    metric: Metric,
    best_epoch: int,
    train: Measured,
    val: Measured,
    *,
    baseline: float,
) -> _Evidence:
    column, loss = str(MetricName("val", metric.name)), str(MetricName("train", "loss"))
    curve = [metric.signed(row[column]) for row in rows]
    losses = [row[loss] for row in rows]
    last = max(1, round(len(curve) / 10))
    best = [row["epoch"] for row in rows].index(best_epoch)
    worse_end = val.low if metric.better == "higher" else val.high
    room = metric.left(baseline) if math.isfinite(metric.perfect) else metric.span
    return _Evidence(
        train=train,
        val=val,
        baseline=baseline,
        epochs=int(rows[-1]["epoch"]),
        best_epoch=best_epoch,
        gap=metric.signed(train.value) - metric.signed(val.value),
        gap_noise=math.hypot(_half_width(train), _half_width(val)),
        gain=max(curve[-last:]) - max(curve[:-last], default=math.inf),
        # A training loss that rose as well means that training went astray, not that it learned by heart.
        fall=curve[best] - curve[-1] if losses[-1] <= losses[best] else 0.0,
        noise=_half_width(val),
        room=room,
        train_left=metric.left(train.value),
        val_left=metric.left(val.value),
        beats_baseline=metric.beats(worse_end, baseline),
    )


def _half_width(score: Measured) -> float:
    return (score.high - score.low) / 2


def _verdict(evidence: _Evidence) -> Verdict:
    if not evidence.beats_baseline:
        return "no better than the baseline"
    if evidence.epochs == 1 or evidence.still_rises:
        return "cut short"
    if evidence.has_gap or evidence.falls:
        return "overfits"
    if _WELL_FITTED * evidence.room < evidence.train_left < math.inf:
        return "underfits"
    return "fits"


def _finding(verdict: Verdict, evidence: _Evidence, metric: Metric) -> str:
    """The verdict with the numbers it rests on."""
    train, val, name = evidence.train, evidence.val, metric.words
    as_text = partial(metric.text, digits=_DIGITS)
    seen, unseen = f"{as_text(train.value)} on training images", f"{as_text(val.value)} on validation images"
    shown = evidence.gap_noise >= 0.5 * 10 ** -metric.decimals(_DIGITS)
    noise = f" (noise alone makes gaps up to {as_text(evidence.gap_noise)})" if shown else ""
    match verdict:
        case "no better than the baseline":
            unsure = f"{seen} and {unseen}, which may be {as_text(val.low)} as well as {as_text(val.high)}"
            baseline = as_text(evidence.baseline)
            return f"The network is not shown to be better than the baseline of {baseline}: {name} is {unsure}."
        case "cut short":
            return f"The training was cut short: {name} is {seen} and {unseen}."
        case "overfits" if evidence.has_gap:
            return f"The network overfits: {name} is {seen} but {unseen}{noise}."
        case "overfits":
            return f"The training overfits towards its end, its best epoch does not: {name} is {seen} and {unseen}."
        case "underfits":
            return f"The network underfits: {name} is {seen} and {unseen}, so it does not even fit what it has seen."
        case "fits":
            return f"The network neither under- nor overfits: {name} is {seen} and {unseen}{noise}."


def _remark(evidence: _Evidence, metric: Metric) -> str:
    """What the curve adds."""
    best, epochs = evidence.best_epoch, evidence.epochs
    if best == 0:
        return "Training on added nothing to the last layer that was fitted before the first epoch; that one is kept."
    patience = f"; --patience {max(_PATIENCE, epochs // 10)} ends such a training sooner"
    sooner = patience if evidence.stands_still and epochs >= 4 * _PATIENCE else ""
    if epochs == 1:
        return "One epoch makes no curve to judge by."
    if evidence.still_rises:
        gain = metric.text(evidence.gain, _DIGITS)
        return f"On validation images it still improved by {gain} in the last tenth of the epochs."
    if evidence.falls:
        fall = metric.text(evidence.fall, _DIGITS)
        return (
            f"After epoch {best} of {epochs}, {metric.words} on validation images became worse by {fall} "
            f"while the training loss did not rise; the network of epoch {best} is kept{sooner}."
        )
    if evidence.stands_still:
        return f"Nothing improved after epoch {best} of {epochs}{sooner}."
    return ""


def _suggestion(verdict: Verdict, evidence: _Evidence, settings: TrainSettings, untried: Untried) -> str:
    """What to try, what helps most first, by the options of `convsight train` that are not used yet."""
    times = 2 if evidence.epochs >= 5 else 5
    more = f"--minutes {times * settings.minutes:g}" if settings.minutes else f"--epochs {times * evidence.epochs}"
    longer = [] if evidence.stands_still else [more]
    first = [option for option in (untried.weights, f"--size {untried.side}" * (untried.side is not None)) if option]
    stronger = ["--augment strong"] if untried.augments and untried.varies else []
    weaker = ["a weaker --augment"] if untried.augments and settings.augment != "none" else []
    generalise = [*first, "more images", *stronger, "a larger --weight-decay", "a smaller --net"]
    lead = "Try"
    match verdict:
        case "no better than the baseline" if evidence.has_gap:
            lead, choices = "It has learned its training images by heart: check the labels, then try", generalise
        case "no better than the baseline":
            lead, choices = "Check the labels, then try", [*first, *longer, "another --lr", "more images"]
        case "cut short":
            choices = [more]
        case "overfits":
            choices = generalise
        case "underfits":
            choices = [*first, "a larger --net", *longer, *weaker, "a smaller --weight-decay"]
        case "fits":
            if evidence.val_left <= _LITTLE_LEFT * evidence.room:
                return "There is little left to gain."
            lead, choices = "To gain more, try", [*first, "more images", "a larger --net", *longer]
    return f"{lead} {_either(choices)}."


def _either(choices: Sequence[str]) -> str:
    return " or ".join(part for part in (", ".join(choices[:-1]), choices[-1]) if part)
