"""Learning-rate schedules: a factor of the peak rate, as a function of how far the training is."""

import math
from collections.abc import Callable

from convsight.settings import TrainSettings

_START = 1 / 5  # of the peak rate, where warm-up begins
_STEP_FACTOR = 0.1
_STEPS = 3  # parts of a training that have a rate each, where nothing says after how many epochs it falls


def factor(settings: TrainSettings, progress: float, epochs: int) -> float:
    """What `settings.schedule` makes of the peak rate at `progress` in 0..1, after so many whole `epochs`.

    It rises linearly during `settings.warmup`, whatever comes then; progress follows the clock of trainings by the
    minute as it does the epochs of others.

    >>> settings = TrainSettings.of(data="photos", warmup=0.25)
    >>> [round(factor(settings, p, 0), 2) for p in (0, 0.25, 0.625, 1)]
    [0.2, 1.0, 0.5, 0.0]
    """
    if progress < settings.warmup:
        start = _START if settings.start_factor is None else settings.start_factor
        return start + (1 - start) * progress / settings.warmup
    return SCHEDULES[settings.schedule](settings, progress, epochs)


def onecycle(settings: TrainSettings, progress: float, epochs: int) -> float:
    """Fall linearly to the end.

    Source: Smith and Topin, "Super-Convergence", 2018, without the momentum cycle.

    >>> round(onecycle(TrainSettings.of(data="photos", warmup=0, end_factor=0.1), 0.5, 0), 2)
    0.55
    """
    return _down_to_end(settings, (1 - progress) / (1 - settings.warmup))


def cosine(settings: TrainSettings, progress: float, epochs: int) -> float:
    """Fall to the end as half a cosine.

    Source: Loshchilov and Hutter, "SGDR", 2017, without restarts.

    >>> [round(factor(TrainSettings.of(data="photos", schedule="cosine"), p, 0), 2) for p in (0, 0.1, 0.55, 1)]
    [0.2, 1.0, 0.5, 0.0]
    """
    return _down_to_end(settings, 0.5 * (1 + math.cos(math.pi * (progress - settings.warmup) / (1 - settings.warmup))))


def constant(settings: TrainSettings, progress: float, epochs: int) -> float:
    """Stay at the peak; `Plateau` lowers it from there."""
    return 1.0


def step(settings: TrainSettings, progress: float, epochs: int) -> float:
    """Fall at once to a tenth, or another share, after each third of the training or so many epochs.

    Source: He et al., "Deep Residual Learning", 2016, section 3.4.

    >>> settings = TrainSettings.of(data="photos", schedule="step", step_every=10, step_factor=0.5)
    >>> [step(settings, 0.5, epochs) for epochs in (9, 10, 20)]
    [1.0, 0.5, 0.25]
    """
    times = int(_STEPS * min(progress, 1 - 1e-9)) if settings.step_every is None else epochs // settings.step_every
    by: float = _STEP_FACTOR if settings.step_factor is None else settings.step_factor
    return float(by**times)


Schedule = Callable[[TrainSettings, float, int], float]

SCHEDULES: dict[str, Schedule] = {
    "onecycle": onecycle,
    "cosine": cosine,
    "constant": constant,
    "step": step,
    "plateau": constant,
}


def _down_to_end(settings: TrainSettings, share: float) -> float:
    """`share` of the way between the end and the peak."""
    end = settings.end_factor or 0.0
    return end + (1 - end) * share
