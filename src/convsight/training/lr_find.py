"""A learning rate found by trying: the rate rises from step to step, and where the loss falls, it is right.

Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3 (the range test); the smoothing
and the suggestion are those of Howard and Gugger, "fastai", 2020: a tenth of the rate at which the loss is least.
"""

import itertools
import math
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.rng import step_seed
from convsight.settings import TrainSettings
from convsight.training.seeding import seed_generator
from convsight.training.state import Training
from convsight.training.step import autocast, prepared
from convsight.training.train import train
from convsight.training.update import NotFiniteError

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100
_REMEMBERED = 0.1  # share of all rates that the smoothed loss reaches back over, about
_DIVERGED = 4.0  # times the least loss, from which on larger rates are not tried
_SHARE_OF_LEAST = 0.1
_RISES = 0.25  # of its fall, by which the loss rises where rates begin to be too large
_FALLS = 0.02  # of the first loss, which the least must lie below: otherwise nothing was learnt at any rate


@dataclass(frozen=True)
class RateSearch:
    """Rates that were tried and their losses, as they were and smoothed (steps,); what follows from them.

    `suggested` is None where no rate lowered the loss; `steepest` is where it falls most for a tenfold rate.
    """

    optimizer: str
    batch: int
    default: float
    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    suggested: float | None
    steepest: float | None
    ended: str

    def to_json(self) -> dict[str, Any]:
        """Every field by its name."""
        return asdict(self)


def find_rate(
    settings: TrainSettings,
    listener: Listener,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
    held: Dataset | None = None,
) -> RateSearch:
    """Try rates from `lowest` to `highest` in so many steps on a network that is forgotten afterwards.

    Everything is as a training with these settings begins. Raises `UserError` for what one would refuse, and where the
    rates are none.
    """
    if not 0 < lowest < highest or steps < 10:
        raise UserError(
            f"--lowest {lowest:g} must lie below --highest {highest:g}, both above 0, and --steps be 10 or more"
        )
    found: list[RateSearch] = []

    def search(t: Training) -> None:
        rates = [lowest * (highest / lowest) ** (step / (steps - 1)) for step in range(steps)]
        with listener.counting("rates", steps) as advance:
            tried, ended = _range_test(t, rates, advance)
        found.append(_concluded(t, rates, tried, ended))

    with tempfile.TemporaryDirectory() as folder:
        train(settings.model_copy(update={"run": f"{folder}/run"}), listener, held, instead=search)
    return found[0]


def _range_test(t: Training, rates: list[float], advance: Any) -> tuple[list[float], str]:
    """The loss of a step at each rate, and why there are no more of them."""
    losses: list[float] = []
    batches = _batches(t)
    t.learner.train()
    for step, rate in enumerate(rates):
        t.update.lr = rate
        try:
            losses.append(sum(_loss(t, batches, step) for _ in range(t.update.accumulate)) / t.update.accumulate)
        except NotFiniteError as error:
            return losses, f"{error} at a rate of {rate:.2g}"
        advance(1)
        smooth = smoothed(losses, len(rates))
        if smooth[-1] > _DIVERGED * min(smooth) > 0:
            return losses, f"the loss rose to {_DIVERGED:g} times its least at a rate of {rate:.2g}"
    return losses, f"{rates[-1]:g} was the last rate to try"


def _loss(t: Training, batches: Iterator[Any], step: int) -> float:
    seed_generator(step_seed(t.plan.settings.seed, t.epoch, step), t.device)
    with autocast(t.device, t.plan.choices.precision):
        return float(t.learner.step(prepared(t, next(batches), t.plan.choices.first_side), t.update)["total"].detach())


def _batches(t: Training) -> Iterator[Any]:
    """Those of one epoch after the other, without an end."""
    for epoch in itertools.count():
        t.epoch = epoch
        yield from t.loader.epoch(epoch)


def _concluded(t: Training, rates: list[float], losses: list[float], ended: str) -> RateSearch:
    tried, smooth = rates[: len(losses)], smoothed(losses, len(rates))
    suggested, steepest = suggestion(tried, smooth)
    plan = t.plan
    return RateSearch(
        plan.settings.optimizer, plan.choices.batch, plan.choices.lr, tried, losses, smooth, suggested, steepest, ended
    )


def smoothed(losses: list[float], steps: int) -> list[float]:
    """Exponential means, without the pull of a start at 0 (as Kingma and Ba, 2015, correct theirs).

    They reach back over the same share of the axis, however many `steps` there are in all.

    >>> smoothed([2.0, 2.0, 2.0], 100)
    [2.0, 2.0, 2.0]
    """
    memory = 1 - 1 / (_REMEMBERED * steps)
    mean, found = 0.0, []
    for step, loss in enumerate(losses, 1):
        mean = memory * mean + (1 - memory) * loss
        found.append(round(mean / (1 - memory**step), 12))
    return found


def suggestion(rates: list[float], smooth: list[float]) -> tuple[float | None, float | None]:
    """A tenth of the rate at which the smoothed loss is least, and the rate before it at which it falls fastest.

    None where it is nowhere clearly below the first loss. See `least_before_rise`.

    >>> suggestion([1e-3, 1e-2, 1e-1, 1.0], [2.0, 1.9, 1.0, 9.0])
    (0.01, 0.01)
    >>> suggestion([1e-3, 1e-2], [2.0, 2.0])
    (None, None)
    """
    if not smooth:
        return None, None
    least = least_before_rise(smooth)
    if not _has_fallen(smooth, least):
        return None, None
    falls = [(smooth[step] - smooth[step + 1]) / math.log(rates[step + 1] / rates[step]) for step in range(least)]
    return _rounded(_SHARE_OF_LEAST * rates[least]), _rounded(rates[falls.index(max(falls))])


def least_before_rise(smooth: list[float]) -> int:
    """Where the smoothed loss is least before it rises again by a quarter of what it had fallen.

    At rates that are too large it may fall once more, by chance, and lower.

    >>> least_before_rise([2.0, 1.0, 1.6, 0.9, 5.0]), least_before_rise([2.0, 1.0, 1.1, 0.9, 5.0])
    (1, 3)
    """
    least = 0
    for step, loss in enumerate(smooth):
        if loss < smooth[least]:
            least = step
        elif _has_fallen(smooth, least) and loss - smooth[least] > _RISES * (at_first(smooth) - smooth[least]):
            break
    return least


def at_first(smooth: list[float]) -> float:
    """The smoothed loss at the first tenth of the rates, at which nothing moves yet; one batch alone is too noisy.

    >>> at_first([2.0, 1.0, 1.6])
    2.0
    """
    few = smooth[: max(1, len(smooth) // 10)]
    return sum(few) / len(few)


def _has_fallen(smooth: list[float], least: int) -> bool:
    """Whether the loss lies clearly below the first: by more than it wanders while nothing moves yet."""
    still = smooth[: max(1, len(smooth) // 5)]
    wanders = max(still) - min(still)
    return smooth[least] < at_first(smooth) - max(wanders, _FALLS * abs(at_first(smooth)))


def _rounded(rate: float) -> float:
    """To two figures: more would pretend."""
    return float(f"{rate:.2g}")
