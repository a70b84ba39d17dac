"""The number format of a training, and what one of its steps costs."""

import copy
import math
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from convsight.nets.depthwise import slow_in_bfloat16
from convsight.nets.stride_check import SAFE_SIDE, strides_exceed_maps
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner
from convsight.training.bfloat16 import multiplies_bfloat16
from convsight.training.choices import Precision

_ATTEMPTS, _UNCOUNTED = 12, 2  # steps
_LONGEST = 1.0  # seconds after which a trial has seen enough of a slow network
_SLOW = 0.5  # seconds: what is chosen and compiled in a first step is little beside one that takes longer


def choose_precision(
    model: nn.Module, settings: TrainSettings, device: torch.device, smallest: Tensor
) -> tuple[Precision, str]:
    """The number format, and why: bfloat16 where the hardware multiplies it and the network gains.

    `smallest` is one image (1, channels, height, width) of the size that the training begins with. On processors,
    oneDNN (of PyTorch 2.15) leaves the bfloat16 gradient of a strided convolution's weights unwritten where a map has
    fewer rows than the stride, so that steps become infinite.

    A rule, not a measurement: a choice that noise can turn would change the bits of the result from run to run. On two
    Zen 4 cores convolutions over all channels train 1.8 times as fast in bfloat16; see `nets/depthwise.py` for others.
    """
    if settings.precision != "auto":
        return settings.precision, f"--precision {settings.precision}"
    if not multiplies_bfloat16(device):
        return "float32", f"{'the processor' if device.type == 'cpu' else 'the device'} has no bfloat16 arithmetic"
    if device.type == "cpu" and slow_in_bfloat16(model):
        return "float32", "its depthwise convolutions are slow in bfloat16 on a processor"
    if device.type == "cpu" and min(smallest.shape[2:]) < SAFE_SIDE and strides_exceed_maps(model, smallest):
        return "float32", "such small images leave maps of fewer rows than a stride, which bfloat16 gets wrong"
    return "bfloat16", "the hardware multiplies it faster than float32"


def seconds_of_slow_step(learner: Learner, step: Callable[[Learner], object]) -> float | None:
    """The time of the first step, where it is long, so that its first use of the kernels is little of it; else None."""
    scratch = copy.deepcopy(learner).train()
    began = time.perf_counter()
    step(scratch)
    took = time.perf_counter() - began
    return took if took > _SLOW else None


def seconds_of_step(learner: Learner, step: Callable[[Learner], object]) -> float:
    """The fastest of a few training steps; `learner` itself is left as it is.

    The first steps are not counted, since kernels are chosen and compiled then, unless a network is slow.
    """
    scratch = copy.deepcopy(learner).train()
    fastest = math.inf
    started = time.perf_counter()
    for attempt in range(_ATTEMPTS):
        began = time.perf_counter()
        step(scratch)
        took = time.perf_counter() - began
        if attempt >= _UNCOUNTED or took > _SLOW:
            fastest = min(fastest, took)
        if fastest < math.inf and time.perf_counter() - started > _LONGEST:
            break
    return fastest
