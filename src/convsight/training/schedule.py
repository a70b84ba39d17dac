"""Learning-rate schedules: a factor of the peak rate as a function of progress in 0..1."""

import math
from collections.abc import Callable

Schedule = Callable[[float, float], float]

_START = 1 / 5  # of the peak rate


def onecycle(progress: float, warmup: float) -> float:
    """Rise linearly from 1/5 to 1 during `warmup`, then fall linearly to 0.

    Source: Smith and Topin, "Super-Convergence", 2018, without the momentum cycle.

    >>> [round(onecycle(p, 0.25), 2) for p in (0, 0.25, 0.625, 1)]
    [0.2, 1.0, 0.5, 0.0]
    """
    if progress < warmup:
        return _START + (1 - _START) * progress / warmup
    return (1 - progress) / (1 - warmup)


def cosine(progress: float, warmup: float) -> float:
    """Rise linearly from 1/5 to 1 during `warmup`, then fall to 0 as half a cosine.

    Source: Loshchilov and Hutter, "SGDR", 2017, without restarts.

    >>> [round(cosine(p, 0.1), 2) for p in (0, 0.1, 0.55, 1)]
    [0.2, 1.0, 0.5, 0.0]
    """
    if progress < warmup:
        return _START + (1 - _START) * progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


SCHEDULES: dict[str, Schedule] = {"onecycle": onecycle, "cosine": cosine}
