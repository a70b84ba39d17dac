"""The training loop. It has no branch on the task: it knows a learner, predictions and metrics."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from convsight.augmentation import Augmentation, Batch
from convsight.augmentation.smaller import smaller_batch
from convsight.card import Card
from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine, load_tensors, save_network
from convsight.metrics import Measured, MetricName, named, whole_and_parts
from convsight.nets.input_layers import InputLayer
from convsight.nets.memory_format import memory_format
from convsight.progress import Listener, Status
from convsight.results import InvalidOutputError
from convsight.rng import RngKeys, step_seed
from convsight.run import Row, Run, settings_document
from convsight.runtime.judge import judge
from convsight.tasks import reader_of
from convsight.tasks.learner import Learner
from convsight.tasks.reader import Reader, calibrated_by
from convsight.training.callbacks import Callbacks
from convsight.training.checkpoint import Checkpoint
from convsight.training.choices import PRECISIONS, Precision
from convsight.training.clock import Clock
from convsight.training.ema import Ema
from convsight.training.epoch_state import EpochState
from convsight.training.features.frozen import Frozen
from convsight.training.generations import Generations
from convsight.training.held_stop import HeldStop, held_stops
from convsight.training.loader import LoadedBatch, Loader
from convsight.training.log.trackers import Trackers
from convsight.training.not_finite import IN_INPUTS, DivergedError, NoUpdate, first_not_finite, weights_not_finite
from convsight.training.plan import Plan
from convsight.training.plateau import Plateau
from convsight.training.processes.processes import ALONE, Processes
from convsight.training.processes.share import own_rows
from convsight.training.seeding import seed_generator
from convsight.training.transfer import Transfer
from convsight.training.update import NotFiniteError, OptimizerSteps
from convsight.training.waiting import COLUMN, advice_on_waiting, waited_share

# The share of a training that is spent on smaller images. Source: Howard, fastai's entry to DAWNBench, 2018
# (progressive resizing); Tan and Le, "EfficientNetV2", 2021, section 4.
SMALL_UNTIL = 0.5


@dataclass
class Training:
    """Everything the loop works on, and how far it is; `plan` is what it shall be, and does not change."""

    plan: Plan
    learner: Learner
    ema: Ema | None
    update: OptimizerSteps
    loader: Loader
    augmentation: Augmentation
    varies_most: bool  # whether inputs vary as much as --augment strong would have them
    inputs: InputLayer
    train: Examples
    val: Examples
    run: Run
    checkpoints: Generations
    clock: Clock
    transfer: Transfer | None = None  # None: all of the network learns alike
    processes: Processes = ALONE  # that train together, of which this is one
    frozen_part: Frozen | None = None  # its features, where they stand for the images
    plateau: Plateau | None = None  # what lowers the rate where epochs get no better, if the schedule does
    callbacks: Callbacks = field(default_factory=Callbacks)
    log: Trackers = field(default_factory=Trackers)
    splits: str = ""  # the digest of the run's cut
    reasons: tuple[str, ...] = ()  # what was chosen for what is learnt, in words
    epoch: int = 0
    step: int = 0
    averaged: int = 0  # how often the averaged weights moved
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    budget_from: float = 0.0  # the seconds already spent when the present --minutes began
    part: EpochState | None = None  # of the epoch that is not whole yet; None between two
    saved_step: int | None = None  # that of the last checkpoint
    is_unsaved: bool = False  # whether the last one could not be written
    best_epoch: int = 0
    risen_epoch: int = 0  # when the metric itself last rose, ties aside
    best_key: tuple[float, ...] = (-math.inf,)
    # On the test split, before the first step; see beginning.py.
    frozen: dict[str, Measured] = field(default_factory=dict)
    # Training images judged in the end without augmentation, to tell under- from overfitting.
    seen_again: int = 2_000

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.plan.device

    @property
    def reader(self) -> Reader:
        """What reads the predictions of the network, uncalibrated."""
        return reader_of(self.plan.card)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.plan.rate(self.clock.progress, self.epoch) * (self.plateau.share if self.plateau else 1)

    @property
    def kept(self) -> nn.Module:
        """The network that is validated and kept: the averaged one if there is one."""
        return self.ema.model if self.ema else self.learner.network

    @property
    def taught(self) -> Card:
        """The card of what learns: of the network, or of the layers that follow its frozen part."""
        return self.frozen_part.card if self.frozen_part else self.plan.card

    @property
    def deployed(self) -> nn.Module:
        """The whole of the kept network."""
        return self.frozen_part.whole_with(self.kept) if self.frozen_part else self.kept

    @property
    def validated(self) -> Examples:
        """The validation split as what learns is given it."""
        return self.frozen_part.examples["val"] if self.frozen_part else self.val

    @property
    def waited_in_vain(self) -> bool:
        """Whether early stopping says stop."""
        patience = self.plan.settings.patience
        return bool(patience) and self.epoch - self.risen_epoch >= patience

    @property
    def is_over(self) -> bool:
        """Whether no step is left to make, and no epoch to end."""
        return self.part is None and (self.clock.done or self.waited_in_vain)

    @property
    def spent(self) -> float:
        """The seconds that all calls so far trained, those of the epoch that is not whole included."""
        return self.seconds + (self.part.seconds if self.part else 0.0)

    def summary(self, finished: bool) -> dict[str, Any]:
        """What the card tells about the training."""
        return {
            **self.plan.card.training,
            "epochs": self.epoch,
            "steps": self.step,
            "best_epoch": self.best_epoch,
            "seconds": round(self.seconds, 1),
            **({} if (share := waited_share(self.rows)) is None else {"waited_share": share}),
            "finished": finished,
        }


def fit(t: Training, listener: Listener) -> None:
    """Train until the clock or early stopping says stop; the best network is in the run folder all along.

    So is the state of the training, every now and then and when the user stops it.
    """
    t.checkpoints.begin()
    with listener.training() as show, held_stops() as held, _kept_if_stopped(t, held, listener):
        while not t.is_over:
            part, headline = _opened(t), _headline(t)
            for loaded in part.waiting.over(_until_validation(t, part, held)):
                with held:
                    _seed(t)
                    if t.transfer:
                        t.transfer.apply(t.learner, t.clock.progress)
                    batch = prepared(t, loaded, t.plan.choices.first_side if t.clock.is_cheap else None)
                    t.update.lr = t.rate
                    try:
                        with t.processes.step(loaded.share), autocast(t.device, t.plan.choices.precision):
                            losses = t.processes.of_all(t.learner.step(batch, t.update))
                    except NotFiniteError as error:
                        raise diverged(t, str(error), t.processes.first_words(_first_place(t, batch))) from error
                    part.take(losses, loaded.share.whole)
                    _average(t)
                    t.step += 1
                    t.clock.advance()
                    t.processes.follow(t.clock)
                t.callbacks.step(t.epoch + 1, t.step, losses, t.update.lr, t.clock.progress, t.learner.network)
                show(_status(t, part, headline))
                if t.clock.done:
                    break
                if t.checkpoints.is_due:
                    keep_state(t, listener)
            with held:
                t.update.flush()
                _average(t)
            t.processes.check_alike(t.learner)
            _finish_epoch(t, part, held, listener)
            t.processes.follow(t.clock)
            t.callbacks.epoch(t.epoch, t.rows[-1], t.best_epoch == t.epoch, t.run.path, t.deployed)
    if advice := advice_on_waiting(t.rows, t.train.images.kept, t.plan.settings.workers):
        listener.say(advice)


def _until_validation(t: Training, part: EpochState, held: HeldStop) -> Iterator[LoadedBatch]:
    """What is left of an epoch, and whole ones after it where validating after each would take much of --minutes."""
    last = int(t.rows[-1]["epoch"]) if t.rows else 0
    waits_for_each = t.plateau is not None or bool(t.plan.settings.patience)
    while not t.clock.done:
        yield from t.loader.epoch(t.epoch, part.batches, t.augmentation.together)
        if waits_for_each or t.epoch + 1 - last >= t.clock.epochs_a_validation:
            return
        with held:
            t.epoch, part.batches = t.epoch + 1, 0


def _opened(t: Training) -> EpochState:
    """A new epoch, or the one that was stopped, with everything as its next step needs it."""
    t.part = t.part or EpochState()
    t.part.began = time.monotonic()
    t.learner.train()
    return t.part


@contextmanager
def _kept_if_stopped(t: Training, held: HeldStop, listener: Listener) -> Iterator[None]:
    """Write a checkpoint where the user stops the training between two steps."""
    try:
        yield
    except KeyboardInterrupt:
        if held.is_whole and t.part is not None and t.part.seen:
            keep_state(t, listener)
        raise


def prepared(t: Training, loaded: LoadedBatch, side: int | None = None) -> Batch:
    """A batch as the learner sees it: on its device, varied, reduced to `side` px if given, and normalised."""
    kind = t.taught.input.kind
    floats = t.inputs.floats(loaded.batch.inputs[kind].to(t.device))
    targets = {name: values.to(t.device) for name, values in loaded.batch.targets.items()}
    keys = RngKeys(t.plan.settings.seed, t.epoch, loaded.numbers)
    varied = Batch({kind: floats}, targets)
    if not t.frozen_part:  # whose features are of varied images
        varied = t.augmentation(varied, keys, t.clock.progress)
        if t.augmentation.together:
            varied = own_rows(varied, loaded.share)
    if side is not None:
        varied = smaller_batch(varied, side, t.augmentation)
    normalised = t.inputs.normalise(varied.inputs[kind])
    layout = memory_format(t.plan.settings.layout, normalised.ndim)
    return Batch({kind: normalised.contiguous(memory_format=layout)}, varied.targets)


def _seed(t: Training) -> None:
    """Begin what is drawn inside the networks anew: dropout is a function of the step."""
    seed_generator(t.processes.seed(step_seed(t.plan.settings.seed, t.epoch, t.step)), t.device)


def _average(t: Training) -> None:
    """Take the weights into their average where an optimizer moved some."""
    if t.update.moved() and t.ema:
        t.ema.update(t.learner.network, t.averaged)
        t.averaged += 1


def diverged(t: Training, what: str, where: str = "") -> DivergedError:
    """An error that says what became infinite, where it was first, what is kept, and what to try."""
    where = f", {where}" if where else ""
    kept = f"; the network after epoch {t.best_epoch} is kept: {t.run.model_file}" if t.rows else ""
    advice = f"the steps are too large; try --lr {t.plan.choices.lr / 10:g}"
    if where.endswith(IN_INPUTS):
        advice = "mend or leave out those that hold infinite numbers or none"
    return DivergedError(f"{what} in epoch {t.epoch + 1}{where}: {advice}{kept}")


def _first_place(t: Training, batch: Batch) -> str:
    """Where the step on `batch`, done once more without moving a weight, is first not finite."""

    def again() -> None:
        _seed(t)
        with autocast(t.device, t.plan.choices.precision):
            t.learner.step(batch, NoUpdate())

    return first_not_finite(t.learner, batch, again)


def _finish_epoch(t: Training, epoch: EpochState, held: HeldStop, listener: Listener) -> None:
    """Validate, keep the best, write the checkpoint, and tell the epoch in one line of words."""
    trained, images_per_s, waited = time.monotonic(), epoch.images_per_s, epoch.waited_share
    if name := weights_not_finite(t.learner) or weights_not_finite(t.kept):
        raise diverged(t, "the weights became infinite", f"first those called {name}")
    try:
        metrics = validate(t)
    except InvalidOutputError as error:  # finite weights may still be too large to compute with
        raise diverged(t, "the network ceased to answer") from error
    with held:
        t.epoch += 1
        t.part = None
        lowered = t.plateau is not None and t.plateau.take(t.reader.metrics().selected_by[0].key(metrics))
        _record(t, metrics, epoch.losses, epoch.seconds, images_per_s, listener, waited)
        t.clock.finish_epoch(time.monotonic() - trained)
        listener.epoch(t.epoch, _words(t, epoch, lowered))


def _words(t: Training, epoch: EpochState, lowered: bool) -> str:
    """The epoch that just ended, in one line."""
    planned = t.epoch + math.ceil(t.clock.epochs_left)
    speed = t.rows[-1]["images_per_s"]
    return (
        f"epoch {t.epoch}/{planned}  loss {epoch.loss:.4f}  {_headline(t)}  {speed:,.0f} images/s  "
        f"{t.seconds:.0f} s{' *' if t.best_epoch == t.epoch else ''}"
        f"{f'  no better: the rate is now {t.rate:g}' if lowered else ''}"
    )


def keep_first(t: Training, loss: float, listener: Listener) -> str:
    """Keep the network as it is before the first step, whose training loss is known; returns that in words."""
    began = time.monotonic()
    _record(t, validate(t), {"total": loss}, time.monotonic() - began, 0.0, listener)
    return f"before the first epoch  loss {loss:.4f}  {_headline(t)}"


def _record(
    t: Training,
    metrics: dict[str, Measured],
    losses: Mapping[str, float],
    seconds: float,
    images_per_s: float,
    listener: Listener,
    waited: float = 0.0,
) -> None:
    """Add the row of an epoch that took so many seconds; keep the best network, write the checkpoint.

    `waited` is the share of the time of its steps that they waited for batches.
    """
    row = {
        "epoch": t.epoch,
        "step": t.step,
        "seconds": round(t.seconds + seconds, 3),
        "images_per_s": round(images_per_s, 1),
        COLUMN: round(waited, 4),
        "lr": t.update.lr,
        **_loss_columns(losses),
        **{name: measured.value for name, measured in whole_and_parts(named("val", metrics))[0].items()},
    }
    t.rows.append(row)
    t.seconds = row["seconds"]
    _keep_best(t, metrics)
    keep_state(t, listener)
    t.log.rows(t.rows)


def _loss_columns(losses: Mapping[str, float]) -> dict[str, float]:
    """Columns of a row for the loss and its named parts."""
    parts = {str(MetricName("train", "loss", of=name)): value for name, value in losses.items() if name != "total"}
    return {str(MetricName("train", "loss")): losses["total"], **parts}


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Convolutions and matrix products in `precision`, the rest in float32."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")


def validate(t: Training) -> dict[str, Measured]:
    """Metrics of the kept network on the validation split, calibrated as it will be, without intervals."""
    found, _ = calibrated_by(judge(t.processes.shared(validating(t)), t.reader, t.validated))
    return found.compute(intervals=False)


def validating(t: Training) -> TorchEngine:
    """The kept network as it is validated: in the training's number format, without the mirror image.

    That adds about as much to every epoch, and the time is better spent on training.
    """
    card = t.taught.model_copy(update={"mirror": False})
    return t.plan.engine(t.kept, card, PRECISIONS[t.plan.choices.precision])


def _keep_best(t: Training, metrics: dict[str, Measured]) -> None:
    """Write the model file where this epoch is the best so far."""
    key = tuple(metric.key(metrics) for metric in t.reader.metrics().selected_by)
    if key[0] > t.best_key[0]:
        t.risen_epoch = t.epoch
    if key > t.best_key:
        t.best_key, t.best_epoch = key, t.epoch
        if t.processes.is_first:
            save_network(t.run.model_file, t.deployed, unfinished_card(t, metrics))


def unfinished_card(t: Training, metrics: Mapping[str, Measured]) -> Card:
    """The card of the best network while the training goes on."""
    return t.plan.card.model_copy(update={"metrics": named("val", metrics), "training": t.summary(finished=False)})


def keep_state(t: Training, listener: Listener) -> None:
    """Write a checkpoint, or say once why that cannot be done: the training is worth more than its copy.

    `t` must stand between two steps. Where weights are infinite, the last one is better, and the next step tells.
    Gradients that wait in several processes are parts, which no checkpoint knows: a later step is kept instead.
    """
    if not t.processes.is_first or (t.processes.count > 1 and t.update.waiting()[1]):
        return
    if weights_not_finite(t.learner):
        return
    try:
        _save(t)
    except UserError as error:
        kept = "no state is kept so far" if t.saved_step is None else f"the state after step {t.saved_step:,} is kept"
        if not t.is_unsaved:
            listener.say(f"note: {error}; the training goes on, and {kept}")
        t.is_unsaved = True
    else:
        if t.is_unsaved:
            listener.say(f"checkpoints can be written again: the state after step {t.step:,} is kept")
        t.is_unsaved = False


def _save(t: Training) -> None:
    if t.part is None:
        t.run.save_rows(t.rows)
    gradients, waiting = t.update.waiting()
    averaged = {"ema": t.ema.model.state_dict()} if t.ema else {}
    parts = {"learner": t.learner.state_dict(), **averaged, "waiting": gradients}
    facts = {
        "epoch": t.epoch,
        "step": t.step,
        "averaged": t.averaged,
        "seconds": t.seconds,
        "lr": t.update.lr,
        "budget_from": t.budget_from,
        "rows": t.rows,
        "best_epoch": t.best_epoch,
        "risen_epoch": t.risen_epoch,
        "best_key": t.best_key,
        "frozen": t.frozen,
        "clock": t.clock.state(),
        **({"plateau": t.plateau.state()} if t.plateau else {}),
        **({"part": t.part.state()} if t.part else {}),
        "waiting": waiting,
        "splits": t.splits,
        "settings": settings_document(t.plan.settings, t.plan.choices.model_dump()),
        "card": json.loads(t.plan.card.model_dump_json()),
    }
    t.checkpoints.save(parts, t.update.states(), facts)
    t.saved_step = t.step


def restore(t: Training, kept: Checkpoint) -> None:
    """Put `t` back to where `kept` was written."""
    facts = kept.facts
    load_tensors(t.learner, kept.part("learner"))
    if t.ema:
        load_tensors(t.ema.model, kept.part("ema"))
    kept.put_into(t.update.states())
    # Of several processes one has them, or their sum would be so many times as large.
    t.update.wait_again(kept.part("waiting") if t.processes.is_first else {}, facts.get("waiting", {}))
    t.epoch, t.step, t.seconds = facts["epoch"], facts["step"], facts["seconds"]
    t.averaged = facts.get("averaged", t.step)  # once a batch, in checkpoints that do not tell
    t.update.lr = facts.get("lr", 0.0)
    t.part = EpochState.restored(facts["part"]) if "part" in facts else None
    t.saved_step, t.budget_from, t.risen_epoch = t.step, facts["budget_from"], facts["risen_epoch"]
    if t.plateau:
        t.plateau.restore(facts["plateau"])
    t.rows, t.best_epoch, t.best_key = list(facts["rows"]), facts["best_epoch"], tuple(facts["best_key"])
    t.frozen = {name: Measured(*values) for name, values in facts.get("frozen", {}).items()}


def _status(t: Training, part: EpochState, headline: str) -> Status:
    return Status(t.epoch + 1, t.clock.progress, part.loss, part.images_per_s, t.clock.seconds_left, headline)


def _headline(t: Training) -> str:
    metric = t.reader.metrics().selected_by[0]
    column = str(MetricName("val", metric.name))
    return f"val {metric.name} {metric.text(t.rows[-1][column])}" if t.rows else ""
