"""Measuring a training step before the training, to choose its number format and to plan its length."""

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

from convsight.settings import TrainSettings
from convsight.training.choices import PRECISIONS, Precision

_ATTEMPTS, _UNCOUNTED = 12, 2  # steps in each precision
_LONGEST = 3.0  # seconds after which a trial has seen enough of a slow network

# One training step on a network that may be thrown away, in a given precision.
Step = Callable[[nn.Module, Precision], object]


def measure_precisions(
    model: nn.Module, step: Step, settings: TrainSettings, device: torch.device
) -> Mapping[Precision, float]:
    """Seconds a step for every precision worth trying on this machine.

    Only one is tried where the user chose it, or where the device leaves no doubt.
    """
    return seconds_of_step(model, step, _candidates(settings, device))


def choose_precision(seconds: Mapping[Precision, float]) -> Precision:
    """bfloat16 unless float32 is clearly faster.

    Which one wins depends on the network (convolutions with many channels gain twice, depthwise ones
    lose half), so it is measured. The margin keeps noise from changing the choice, and with it the bits
    of the result, between two runs.

    >>> choose_precision({"float32": 1.0, "bfloat16": 1.1}), choose_precision({"float32": 1.0, "bfloat16": 1.9})
    ('bfloat16', 'float32')
    """
    if "bfloat16" not in seconds:
        return "float32"
    clearly_slower = "float32" in seconds and seconds["bfloat16"] > 1.3 * seconds["float32"]
    return "float32" if clearly_slower else "bfloat16"


def _candidates(settings: TrainSettings, device: torch.device) -> tuple[Precision, ...]:
    if settings.precision != "auto":
        return (settings.precision,)
    if device.type == "cuda":
        return ("bfloat16",) if torch.cuda.is_bf16_supported() else ("float32",)
    if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return tuple(PRECISIONS)
    return ("float32",)


def seconds_of_step(model: nn.Module, step: Step, precisions: Sequence[Precision]) -> dict[Precision, float]:
    """The fastest of a few steps in each precision; `model` itself is left as it is.

    The precisions take turns, so that a machine that is busy for a moment slows them all, and the first steps are
    not counted, since kernels are chosen and compiled then.
    """
    scratch = copy.deepcopy(model).train()
    fastest = dict.fromkeys(precisions, math.inf)
    started = time.perf_counter()
    for attempt in range(_ATTEMPTS):
        for precision in precisions:
            began = time.perf_counter()
            step(scratch, precision)
            taken = time.perf_counter() - began
            if attempt >= _UNCOUNTED:
                fastest[precision] = min(fastest[precision], taken)
        if attempt >= _UNCOUNTED and time.perf_counter() - started > _LONGEST:
            break
    return fastest
