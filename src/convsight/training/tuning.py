"""`--tune`: what is fastest on this machine, measured before the training and kept as settings of the run."""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from convsight.nets.memory_format import LAYOUTS, laid_out
from convsight.progress import Listener
from convsight.settings import Layout, TrainSettings
from convsight.tasks.learner import Learner
from convsight.training.batch_memory import free_bytes, needed_bytes
from convsight.training.loader import Loader
from convsight.training.state import Training
from convsight.training.step import autocast, prepared
from convsight.training.step_cost import seconds_of_step
from convsight.training.update import GradientsAlone

_GAIN = 0.03  # of the time: less is noise, and what is usual stays
_BATCHES, _LONGEST = 20, 2.0  # loaded to learn how fast that is; seconds
_AHEAD = 0.5  # of a step's time: batches that load in that are never waited for
_WORKERS = (0, 1, 2, 4, 8)
_LARGEST_BATCH, _FEWEST_STEPS = 1024, 8  # images; steps in an epoch
_MEMORY = 0.8  # of what is free


class Tried(NamedTuple):
    """A value of a setting, what came of it in words, and how good that is: the most is best."""

    setting: str
    value: Any
    found: str
    speed: float


def tuned(t: Training, listener: Listener) -> TrainSettings:
    """The settings of `t` with what is fastest here, and without the wish to tune; a table says what was tried.

    Weights of `t` do not move. A batch is only looked for where that was asked: it changes how a network learns.
    """
    settings = t.plan.settings
    changes: dict[str, Any] = {"tune": False, "tune_batch": False}
    lines = []
    with listener.counting("tuning", None) as advance:
        for find in (_layout, _workers, *((_batch,) if settings.tune_batch else ())):
            tried, best = find(t, advance)
            changes[best.setting] = best.value
            lines += [_line(each, each == best) for each in tried]
    lines.append("  compiled: not tried; compiling takes longer than trainings of minutes gain by it")
    listener.say("\n".join(["tuned on this machine; a run's settings keep what is chosen:", *lines]))
    return settings.model_copy(update=changes)


def _line(tried: Tried, chosen: bool) -> str:
    return f"  {tried.setting:<8} {tried.value!s:<14} {tried.found}{'   chosen' if chosen else ''}"


def _layout(t: Training, advance: Callable[[int], object]) -> tuple[list[Tried], Tried]:
    """How images and weights lie in memory; what is usual stays unless another is clearly faster."""
    tried = []
    for layout in LAYOUTS:
        seconds = _step_seconds(t, t.plan.choices.batch, layout)
        tried.append(Tried("layout", layout, f"{1000 * seconds:,.1f} ms a step", 1 / seconds))
        advance(1)
    usual = next(each for each in tried if each.value == t.plan.settings.layout)
    best = max(tried, key=lambda each: each.speed)
    return tried, best if best.speed > (1 + _GAIN) * usual.speed else usual


def _workers(t: Training, advance: Callable[[int], object]) -> tuple[list[Tried], Tried]:
    """The fewest threads that load a batch in half of a step, or else the fastest."""
    step = _step_seconds(t, t.plan.choices.batch, t.plan.settings.layout)
    tried = []
    for workers in _WORKERS:
        seconds = _loading_seconds(t.loader.read_by(workers))
        beside = "" if workers else ", while the network waits"  # none are read ahead without threads
        tried.append(Tried("workers", workers, f"{1000 * seconds:,.1f} ms a batch{beside}", 1 / seconds))
        advance(1)
        if workers and seconds < _AHEAD * step:
            return tried, tried[-1]
    return tried, max(tried[1:], key=lambda each: each.speed)


def _batch(t: Training, advance: Callable[[int], object]) -> tuple[list[Tried], Tried]:
    """The largest batch that fits into memory and is not clearly slower an image than another."""
    available, images = _MEMORY * free_bytes(t.device), len(t.train)
    tried: list[Tried] = []
    for batch in _doubled(t.plan.choices.batch, min(_LARGEST_BATCH, images // _FEWEST_STEPS)):
        needed = needed_bytes(t, batch)
        if tried and needed is not None and needed > available:
            break
        seconds = _step_seconds(t, batch, t.plan.settings.layout)
        found = f"{batch / seconds:,.0f} images/s" + (f", {needed / 2**30:.2f} GiB" if needed else "")
        tried.append(Tried("batch", batch, found, batch / seconds))
        advance(1)
    fastest = max(each.speed for each in tried)
    return tried, [each for each in tried if each.speed > (1 - _GAIN) * fastest][-1]


def _doubled(first: int, last: int) -> Iterator[int]:
    yield first
    while (first := 2 * first) <= last:
        yield first


def _step_seconds(t: Training, batch: int, layout: Layout) -> float:
    """Seconds of a training step of so many images in that layout, the loading of the batch left out."""
    plan = replace(t.plan, settings=t.plan.settings.model_copy(update={"layout": layout}))
    laid = replace(t, plan=plan, learner=laid_out(copy.deepcopy(t.learner), layout))
    loaded = t.loader.take(next(iter(t.loader.of_batch(batch).draws(0))).samples)

    def step(scratch: Learner) -> None:
        images = prepared(laid, loaded)
        with autocast(t.device, t.plan.choices.precision):
            scratch.step(images, GradientsAlone(scratch, t.device))

    return seconds_of_step(laid.learner, step)


def _loading_seconds(loader: Loader) -> float:
    """Seconds until a batch is loaded, one after the other."""
    began = time.perf_counter()
    made = 0
    for _ in islice(loader.epoch(0), _BATCHES):
        made += 1
        if time.perf_counter() - began > _LONGEST:
            break
    return (time.perf_counter() - began) / max(1, made)
