"""Putting together what the loop works on, and measuring it before the first step."""

import copy
import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from convsight.augmentation import Augmentation
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.export.parity_check import MIN_IMAGES
from convsight.export.torch_engine import TorchEngine
from convsight.inputs import ImageInput
from convsight.nets.depthwise import with_fast_depthwise
from convsight.nets.input_layers import InputLayer
from convsight.nets.memory_format import laid_out
from convsight.progress import Listener
from convsight.run import Run
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks.capabilities import augmentation_of, learner_of, mirrors, weights_of
from convsight.tasks.contract import Task
from convsight.tasks.learner import Learner
from convsight.training.callbacks import Callbacks
from convsight.training.choices import Choices
from convsight.training.clock import Clock
from convsight.training.data import Prepared
from convsight.training.ema import Ema
from convsight.training.features.frozen import ON_IMAGES, Frozen
from convsight.training.generations import Generations
from convsight.training.given import NOTHING, Given, called
from convsight.training.given_augmentation import GivenAugmentation
from convsight.training.given_optimizer import largest_rate, on_device
from convsight.training.judged import Judged
from convsight.training.loader import LoadedBatch, Loader
from convsight.training.optimizers import Parameters
from convsight.training.plan import Plan
from convsight.training.plateau import Plateau
from convsight.training.processes.processes import ALONE, Processes
from convsight.training.state import Training
from convsight.training.step import autocast, prepared
from convsight.training.step_cost import choose_precision, seconds_of_slow_step, seconds_of_step
from convsight.training.transfer import transfer_of
from convsight.training.update import GradientsAlone, OptimizerSteps, build_optimizers
from convsight.training.validation import validating
from convsight.words import counted

_REPORT_SECONDS = 0.5  # the page about the run: 0.1 s where images are small
_FILES_SECONDS = 3.0  # intervals, figures and files after the last prediction; kept free at the end of --minutes
# An export, measured on two cores: 8 s with the 18 layers of `small`, 20 to 27 with the 198 of EfficientNet-Lite0. Most
# of it is PyTorch's tracing, which goes by layers whatever their size.
_EXPORT_SECONDS, _EXPORT_SECONDS_A_LAYER = 6.0, 0.09
_ENGINES = 4  # ways to run an exported file, each proven on MIN_IMAGES images beside the network itself
_SEEN_AGAIN_SHARE, _LEAST_SEEN_AGAIN = 0.05, 50  # of --minutes; images
_RARELY, _OFTEN = 1.0, 1e6  # passes
_ACCORD = 2.0  # times; so near to the rule, what is measured changes nothing, or noise would turn a choice
# The share of a training that is spent on smaller images. Source: Howard, fastai's entry to DAWNBench, 2018
# (progressive resizing); Tan and Le, "EfficientNetV2", 2021, section 4.
_SMALL_UNTIL = 0.5
_SMALLEST_GROWN = 24  # px; of smaller images nothing is left to leave out
_FEW = 8  # images of a batch, which tell of a slow network how long a whole one takes
_TRIED = (4, 32, 256, 256, 256)  # images judged to learn how long judging takes, a try after the other
_LONGEST = 0.5  # seconds of tries after which a slow network is not tried again


def assemble(
    task: Task,
    card: Card,
    data: Prepared,
    settings: TrainSettings,
    choices: Choices,
    run: Run,
    network: nn.Module,
    given: Given = NOTHING,
    processes: Processes = ALONE,
    frozen: Frozen | None = None,
) -> Training:
    """Learner, optimizers and data of a training that begins with `network`, or with what follows its `frozen` part."""
    augmentation, strongest = (
        _augmentation(task, data.dataset, card, chosen, choices.passes, given)
        for chosen in (settings, settings.model_copy(update={"augment": "strong"}))
    )
    # Predictions are corrected by what the validation split says in the end, and not before.
    card = card.model_copy(update={"mirror": mirrors(task, augmentation, settings), "calibration": {}})
    taught = card if frozen is None else frozen.card
    learned = network if frozen is None else frozen.tail
    learner = learner_of(task, learned, taught, settings, on_device(given.loss, choices.device))
    plan = Plan(task, settings, choices, card)
    learner = with_fast_depthwise(laid_out(learner.to(plan.device), settings.layout))
    train = data.examples["train"]
    loader, why_weighted = loader_of(task, taught, train, settings, choices, processes, frozen)
    transfer = transfer_of(task, network, card, settings)
    if transfer:
        transfer.apply(learner, 1.0)  # every weight that learns at some time has its optimizer
    rates = transfer.rates(learner.network) if transfer else {}
    its = Parameters.of(settings, plan.device)
    optimizers = build_optimizers(
        learner, settings.optimizer, choices.lr, choices.weight_decay, its, rates, given.optimizer
    )
    if given.optimizer is not None and settings.lr is None:  # its rate is the largest of the schedule
        plan = replace(plan, choices=choices.model_copy(update={"lr": largest_rate(optimizers)}))
    return Training(
        plan=plan,
        learner=learner,
        ema=Ema(learner.network, settings.ema) if settings.ema else None,
        update=OptimizerSteps(optimizers, plan.device, settings.accumulate, settings.clip_norm, processes=processes),
        loader=loader,
        augmentation=augmentation,
        varies_most=augmentation.varies_like(strongest),
        inputs=InputLayer(taught.input).to(plan.device),
        train=train,
        val=data.examples["val"],
        run=run,
        checkpoints=Generations(run),
        transfer=transfer,
        frozen_part=frozen,
        clock=Clock.for_epochs(choices.epochs or 1, loader.steps),
        plateau=Plateau.of(settings),
        processes=processes,
        splits=processes.from_first(lambda: run.splits_digest),
        reasons=(*learner.reasons, *([why_weighted] if why_weighted else [])),
        callbacks=given.callbacks if processes.is_first else Callbacks(),
    )


def _augmentation(
    task: Task, dataset: Dataset, card: Card, settings: TrainSettings, passes: float, given: Given
) -> Augmentation:
    """How training examples vary: as the settings say, or by the program's own function."""
    ours = augmentation_of(task, dataset, card.input, settings, passes)
    if given.augmentation is None:
        return ours
    return GivenAugmentation(given.augmentation, called(given.augmentation), ours)


def loader_of(
    task: Task,
    card: Card,
    train: Examples,
    settings: TrainSettings,
    choices: Choices,
    processes: Processes = ALONE,
    frozen: Frozen | None = None,
) -> tuple[Loader, str]:
    """The training examples in batches, and why some are seen more often than others."""
    weights, why = weights_of(task, train, settings)
    loader = Loader(
        train.images,
        task.targets(train),
        kind=card.input.kind,
        batch=choices.batch,
        seed=settings.seed,
        workers=0 if frozen else settings.workers,  # rows of a file that is mapped need no threads
        weights=weights,
        processes=processes,
        seen=frozen.take if frozen else None,
    )
    return loader, why


def settle(t: Training, dataset: Dataset, deadline: float | None, listener: Listener) -> None:
    """Choose what depends on the network: number format, first side, variation; say what was chosen and why."""
    plan = t.plan
    channels, *sides = t.taught.input.planes_shape
    first_side = t.processes.from_first(lambda: _first_side(t))
    smallest = torch.zeros(1, channels, *([first_side] * 2 if first_side else sides), device=t.device)
    precision, why = t.processes.from_first(
        lambda: choose_precision(t.learner.network, plan.settings, t.device, smallest)
    )
    if t.frozen_part and plan.settings.precision == "auto":
        precision, why = "float32", "what learns is small"
    views = len(t.frozen_part.views) - 1 if t.frozen_part else ON_IMAGES
    choices = plan.choices.model_copy(update={"precision": precision, "first_side": first_side, "views": views})
    t.plan = replace(plan, choices=choices)
    if deadline is not None and not t.frozen_part:
        _vary_by_speed(t, dataset, deadline)
    _tell(t, listener, why)


def _vary_by_speed(t: Training, dataset: Dataset, deadline: float) -> None:
    """Vary examples by how often they can be seen until `deadline` at the speed measured, where the rule is far off.

    The rule of `passes_within` knows one network; a step of another may take ten times as long.
    """
    plan = t.plan
    if isinstance(t.augmentation, GivenAugmentation):
        return

    def varied(passes: float) -> Augmentation:
        return augmentation_of(plan.task, dataset, plan.card.input, plan.settings, passes)

    if varied(_RARELY).varies_like(varied(_OFTEN)):
        return  # whatever the number
    a_pass = _step_seconds(t, None) * t.loader.steps
    passes = t.processes.from_first(lambda: max(0.0, deadline - time.monotonic()) / a_pass)
    if plan.choices.passes / _ACCORD < passes < plan.choices.passes * _ACCORD:
        return
    t.augmentation = varied(passes)
    t.varies_most = t.augmentation.varies_like(varied(_OFTEN))
    t.plan = replace(plan, choices=plan.choices.model_copy(update={"passes": passes}))


def _tell(t: Training, listener: Listener, precision: str) -> None:
    """Say what is trained how; `precision` is the reason for the number format."""
    card, settings, choices = t.plan.card, t.plan.settings, t.plan.choices
    network = t.deployed
    parameters = sum(p.numel() for p in network.parameters())
    listener.say(f"{card.net}: {parameters:,} parameters, {counted(card.input.channels, 'channel')}")
    of_transfer = t.transfer.reasons(network) if t.transfer else ()
    for reason in (*of_transfer, *t.augmentation.reasons, *t.reasons):
        listener.say(reason)
    if card.mirror:
        listener.say("predictions are averaged over an image and its mirror image; --no-mirror halves the work")
    if choices.first_side:
        listener.say(f"images of {choices.first_side} px at first: more of them in the same time; --no-grow if not")
    listener.say(f"{choices.precision} on {choices.device}: {precision}")
    named = dict(words.split(" ", 1) for words in settings.given)
    if "loss" in named:
        listener.say(f"loss: {named['loss']}, of the program")
    listener.say(
        f"{named.get('optimizer', settings.optimizer)}, lr {choices.lr:g}, batch {choices.batch}, {settings.schedule}"
    )


def clock_for(t: Training, deadline: float | None, test_images: int, resumed: dict[str, Any] | None = None) -> Clock:
    """The clock of a training: its epochs, or the time it has; gone on with from the state `resumed`."""
    clock = Clock.for_epochs(t.plan.choices.epochs or 1, t.loader.steps)
    if resumed is not None:
        clock.restore(resumed)
    if t.plan.choices.first_side:
        clock.cheap_until = _SMALL_UNTIL
    if deadline is None:
        return clock
    full = _step_seconds(t, None)
    if t.plan.choices.first_side:
        clock.cheap_cost = min(1.0, _step_seconds(t, t.plan.choices.first_side) / full)
    whole = an_image = _judging_seconds(t, t.plan.engine(t.deployed, t.plan.card), t.val)
    if t.frozen_part:
        judged = Judged.of(t, t.deployed, None)
        an_image = _judging_seconds(t, t.plan.engine(judged.network, judged.card), judged.val)
    t.seen_again = _seen_again(t, an_image)
    judging = an_image * (test_images + len(t.val) + min(len(t.train), t.seen_again))
    export = _export_seconds(t, whole) if t.plan.settings.export else 0.0
    report = _REPORT_SECONDS if t.plan.settings.report else 0.0
    end = deadline - _FILES_SECONDS - judging - export - report
    clock.end_at(end, full, _judging_seconds(t, validating(t), t.validated) * len(t.val))
    t.processes.follow(clock)
    return clock


def _seen_again(t: Training, an_image: float) -> int:
    """How many training images may be judged again: fewer than usual where that would take much of the minutes."""
    minutes = t.plan.settings.minutes
    if minutes is None:
        return t.seen_again
    affordable = int(_SEEN_AGAIN_SHARE * 60 * minutes / an_image)
    return min(t.seen_again, max(_LEAST_SEEN_AGAIN, affordable))


def _export_seconds(t: Training, an_image: float) -> float:
    """Seconds that exporting takes, and proving what was exported; `an_image` is what judging one image takes."""
    layers = sum(1 for layer in t.deployed.modules() if next(layer.children(), None) is None)
    proving = an_image * MIN_IMAGES * (1 + _ENGINES) / (2 if t.plan.card.mirror else 1)
    return _EXPORT_SECONDS + _EXPORT_SECONDS_A_LAYER * layers + proving


def _step_seconds(t: Training, side: int | None) -> float:
    """Seconds of a training step on images of `side` px, or of their own size: of a slow network on a few of them."""
    first = _first_batch(t)
    return t.processes.from_first(lambda: _measured_step(t, first, side))


def _measured_step(t: Training, first: LoadedBatch, side: int | None) -> float:
    few = t.loader.take(first.samples[:_FEW], first.numbers[:_FEW])
    slow = seconds_of_slow_step(t.learner, lambda scratch: _gradients(t, scratch, few, side))
    if slow is not None:
        return slow * len(first.samples) / len(few.samples)
    return seconds_of_step(t.learner, lambda scratch: _gradients(t, scratch, first, side))


def _first_batch(t: Training) -> LoadedBatch:
    return next(iter(t.loader.epoch(0, whole=t.augmentation.together)))


def _gradients(t: Training, scratch: Learner, loaded: LoadedBatch, side: int | None) -> None:
    """A step of `scratch` on images of `side` px, or of their own size, that moves no weight."""
    batch = prepared(t, loaded, side)
    with autocast(t.device, t.plan.choices.precision):
        scratch.step(batch, GradientsAlone(scratch, t.device))


def _first_side(t: Training) -> int | None:
    """The side in px to begin with: about 0.7 of the images', if they are not small and all networks take it.

    None where batches have sizes of their own, and where the augmentation knows of no images.
    """
    spec = t.taught.input
    if not isinstance(spec, ImageInput) or not t.augmentation.images:
        return None
    if not t.plan.settings.grow or t.augmentation.resizes or spec.is_tiled:  # whose scale is that of the pictures
        return None
    if spec.height != spec.width or spec.height < _SMALLEST_GROWN:
        return None
    side = 4 * round(0.7 * spec.height / 4)
    try:
        with torch.no_grad():
            t.learner.network.eval()(torch.zeros(2, spec.channels, side, side, device=t.device))
        if len(list(t.learner.parameters())) > len(list(t.learner.network.parameters())):  # others may be made for one
            _gradients(t, copy.deepcopy(t.learner).train(), _first_batch(t), side)
    except (RuntimeError, ValueError, AssertionError):  # what layers made for one size raise at another
        return None
    return side


def _judging_seconds(t: Training, engine: TorchEngine, examples: Examples) -> float:
    """Seconds to judge one of the `examples` by `engine`, as the first process measures them."""
    return t.processes.from_first(lambda: _measured_judging(t, engine, examples))


def _measured_judging(t: Training, engine: TorchEngine, examples: Examples) -> float:
    """The fastest of a few tries, since the first ones are slower."""
    fastest = math.inf
    started = time.perf_counter()
    for tried in _TRIED:
        some = examples.select(np.arange(min(tried, len(examples))))
        began = time.perf_counter()
        judge(engine, t.reader, some)
        fastest = min(fastest, (time.perf_counter() - began) / len(some))
        if time.perf_counter() - started > _LONGEST:
            break
    return fastest
