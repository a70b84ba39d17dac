"""Functions of a program that a training calls after a step or an epoch, and that cannot change what it computes.

They are given plain numbers and, on request, a copy of the network. What they may move for all of the program is put
back: the states of the generators of PyTorch, NumPy and Python, and how PyTorch computes.
"""

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import nn


class StoppedByCallbackError(KeyboardInterrupt):
    """A callback raised `error`: the training ends as by Ctrl-C, and all is kept."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"a callback raised {type(error).__name__}: {error}")
        self.error = error


@dataclass(frozen=True)
class AfterStep:
    """What `on_step` is given: `epoch` and `step` counted from 1, the losses of the step by name, `total` among them.

    `lr` is the rate of the step, `progress` how far the training is, in 0..1. `network()` is a copy of the network as
    it is trained, in evaluation mode.
    """

    epoch: int
    step: int
    losses: Mapping[str, float]
    lr: float
    progress: float
    network: Callable[[], nn.Module]


@dataclass(frozen=True)
class AfterEpoch:
    """What `on_epoch` is given: `epoch` counted from 1, and `row`, which is that of `metrics.csv`.

    `best` says whether it is the best so far, `run` is the run's folder. `network()` is a copy of the network that was
    validated, in evaluation mode.
    """

    epoch: int
    row: Mapping[str, float]
    best: bool
    run: Path
    network: Callable[[], nn.Module]


@dataclass(frozen=True)
class Callbacks:
    """What is called, if anything."""

    on_epoch: Callable[[AfterEpoch], object] | None = None
    on_step: Callable[[AfterStep], object] | None = None

    def step(
        self, epoch: int, step: int, losses: Mapping[str, Any], lr: float, progress: float, network: nn.Module
    ) -> None:
        """Call `on_step`; `losses` are scalars by name."""
        if self.on_step is not None:
            numbers = MappingProxyType({name: float(loss.detach()) for name, loss in losses.items()})
            _call(self.on_step, AfterStep(epoch, step, numbers, lr, progress, lambda: _copy(network)))

    def epoch(self, epoch: int, row: Mapping[str, float], best: bool, run: Path, network: nn.Module) -> None:
        """Call `on_epoch`."""
        if self.on_epoch is not None:
            _call(self.on_epoch, AfterEpoch(epoch, MappingProxyType(dict(row)), best, run, lambda: _copy(network)))


def _call(function: Callable[[Any], object], told: AfterStep | AfterEpoch) -> None:
    with undisturbed():
        try:
            function(told)
        except Exception as error:
            raise StoppedByCallbackError(error) from error


def _copy(network: nn.Module) -> nn.Module:
    return copy.deepcopy(network).eval()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Whatever is drawn and set within, generators and PyTorch's ways are as before afterwards."""
    numbers, python = np.random.get_state(), random.getstate()
    cpu = torch.get_rng_state()
    gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    threads, kind, graded = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    deterministic, benchmark = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    try:
        yield
    finally:
        np.random.set_state(numbers)
        random.setstate(python)
        torch.set_rng_state(cpu)
        if gpus:
            torch.cuda.set_rng_state_all(gpus)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.set_default_dtype(kind)
        torch.set_grad_enabled(graded)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = deterministic, benchmark
