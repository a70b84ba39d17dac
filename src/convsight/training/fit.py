"""The training loop. It has no branch on the task: it knows a learner, predictions and metrics."""

import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch
from convsight.augmentation.smaller import smaller_batch
from convsight.card import Card
from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine, load_tensors, save_network
from convsight.metrics import Measured, MetricName, named, whole_and_parts
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener, Status
from convsight.results import InvalidOutputError
from convsight.rng import RngKeys, step_seed
from convsight.run import Row, Run, settings_document
from convsight.runtime.judge import judge
from convsight.tasks import reader_of
from convsight.tasks.learner import Learner
from convsight.tasks.reader import Reader, calibrated_by
from convsight.training.callbacks import Callbacks
from convsight.training.checkpoint import load_checkpoint, save_checkpoint
from convsight.training.choices import PRECISIONS, Precision
from convsight.training.clock import Clock
from convsight.training.ema import Ema
from convsight.training.loader import LoadedBatch, Loader
from convsight.training.not_finite import IN_INPUTS, NoUpdate, first_not_finite, weights_not_finite
from convsight.training.plan import Plan
from convsight.training.plateau import Plateau
from convsight.training.transfer import Transfer
from convsight.training.update import NotFiniteError, OptimizerSteps

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
    clock: Clock
    transfer: Transfer | None = None  # None: all of the network learns alike
    plateau: Plateau | None = None  # what lowers the rate where epochs get no better, if the schedule does
    callbacks: Callbacks = field(default_factory=Callbacks)
    splits: str = ""  # the digest of the run's cut
    reasons: tuple[str, ...] = ()  # what was chosen for what is learnt, in words
    epoch: int = 0
    step: int = 0
    averaged: int = 0  # how often the averaged weights moved
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    budget_from: float = 0.0  # the seconds already spent when the present --minutes began
    saved_epoch: int = 0  # the epoch of the last checkpoint
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
    def waited_in_vain(self) -> bool:
        """Whether early stopping says stop."""
        patience = self.plan.settings.patience
        return bool(patience) and self.epoch - self.risen_epoch >= patience

    def summary(self, finished: bool) -> dict[str, Any]:
        """What the card tells about the training."""
        return {
            **self.plan.card.training,
            "epochs": self.epoch,
            "steps": self.step,
            "best_epoch": self.best_epoch,
            "seconds": round(self.seconds, 1),
            "finished": finished,
        }


def fit(t: Training, listener: Listener) -> None:
    """Train until the clock or early stopping says stop; the best network is in the run folder all along."""
    with listener.training() as show:
        while not t.clock.done and not t.waited_in_vain:
            epoch = _Epoch(began=time.monotonic(), headline=_headline(t))
            t.learner.train()
            for loaded in t.loader.epoch(t.epoch):
                torch.manual_seed(step_seed(t.plan.settings.seed, t.epoch, t.step))
                if t.transfer:
                    t.transfer.apply(t.learner, t.clock.progress)
                batch = prepared(t, loaded, t.plan.choices.first_side if t.clock.is_cheap else None)
                t.update.lr = t.rate
                try:
                    with autocast(t.device, t.plan.choices.precision):
                        losses = t.learner.step(batch, t.update)
                except NotFiniteError as error:
                    raise diverged(t, str(error), _first_place(t, batch)) from error
                epoch.take(losses, len(loaded.samples))
                _average(t)
                t.step += 1
                t.clock.advance()
                t.callbacks.step(t.epoch + 1, t.step, losses, t.update.lr, t.clock.progress, t.learner.network)
                show(_status(t, epoch))
                if t.clock.done:
                    break
            t.update.flush()
            _average(t)
            words = _finish_epoch(t, epoch)
            listener.epoch(t.epoch, words)
            t.callbacks.epoch(t.epoch, t.rows[-1], t.best_epoch == t.epoch, t.run.path, t.kept)


@dataclass
class _Epoch:
    """What one pass over the training examples adds up to."""

    began: float
    headline: str  # the last validation, in words
    seen: int = 0
    totals: dict[str, float] = field(default_factory=dict)

    def take(self, losses: Mapping[str, Tensor], examples: int) -> None:
        """Take in what a step over so many examples tells."""
        self.seen += examples
        for name, loss in losses.items():
            self.totals[name] = self.totals.get(name, 0.0) + float(loss.detach()) * examples

    @property
    def losses(self) -> dict[str, float]:
        """The mean of each loss an example."""
        return {name: total / self.seen for name, total in self.totals.items()}

    @property
    def loss(self) -> float:
        """The mean of their total."""
        return self.totals["total"] / self.seen

    @property
    def images_per_s(self) -> float:
        """Training examples a second, without validation."""
        return self.seen / (time.monotonic() - self.began)


def prepared(t: Training, loaded: LoadedBatch, side: int | None = None) -> Batch:
    """A batch as the learner sees it: on its device, varied, reduced to `side` px if given, and normalised."""
    kind = t.plan.card.input.kind
    floats = t.inputs.floats(loaded.batch.inputs[kind].to(t.device))
    targets = {name: values.to(t.device) for name, values in loaded.batch.targets.items()}
    keys = RngKeys(t.plan.settings.seed, t.epoch, loaded.numbers)
    varied = t.augmentation(Batch({kind: floats}, targets), keys, t.clock.progress)
    if side is not None:
        varied = smaller_batch(varied, side, t.augmentation)
    normalised = t.inputs.normalise(varied.inputs[kind])
    layout = torch.channels_last if normalised.ndim == 4 else torch.contiguous_format
    return Batch({kind: normalised.contiguous(memory_format=layout)}, varied.targets)


def _average(t: Training) -> None:
    """Take the weights into their average where an optimizer moved some."""
    if t.update.moved() and t.ema:
        t.ema.update(t.learner.network, t.averaged)
        t.averaged += 1


def diverged(t: Training, what: str, where: str = "") -> UserError:
    """An error that says what became infinite, where it was first, what is kept, and what to try."""
    where = f", {where}" if where else ""
    kept = f"; the network after epoch {t.best_epoch} is kept: {t.run.model_file}" if t.saved_epoch else ""
    advice = f"the steps are too large; try --lr {t.plan.choices.lr / 10:g}"
    if where.endswith(IN_INPUTS):
        advice = "mend or leave out those that hold infinite numbers or none"
    return UserError(f"{what} in epoch {t.epoch + 1}{where}: {advice}{kept}")


def _first_place(t: Training, batch: Batch) -> str:
    """Where the step on `batch`, done once more without moving a weight, is first not finite."""

    def again() -> None:
        torch.manual_seed(step_seed(t.plan.settings.seed, t.epoch, t.step))
        with autocast(t.device, t.plan.choices.precision):
            t.learner.step(batch, NoUpdate())

    return first_not_finite(t.learner, batch, again)


def _finish_epoch(t: Training, epoch: _Epoch) -> str:
    """Validate, keep the best, write the checkpoint; returns the epoch in one line of words."""
    trained = time.monotonic()
    if name := weights_not_finite(t.learner) or weights_not_finite(t.kept):
        raise diverged(t, "the weights became infinite", f"first those called {name}")
    try:
        metrics = validate(t)
    except InvalidOutputError as error:  # finite weights may still be too large to compute with
        raise diverged(t, "the network ceased to answer") from error
    t.epoch += 1
    lowered = t.plateau is not None and t.plateau.take(t.reader.metrics().selected_by[0].key(metrics))
    _record(t, metrics, epoch.losses, time.monotonic() - epoch.began, epoch.seen / (trained - epoch.began))
    t.clock.finish_epoch(time.monotonic() - trained)
    planned = t.epoch + math.ceil(t.clock.epochs_left)
    speed = t.rows[-1]["images_per_s"]
    return (
        f"epoch {t.epoch}/{planned}  loss {epoch.loss:.4f}  {_headline(t)}  {speed:,.0f} images/s  "
        f"{t.seconds:.0f} s{' *' if t.best_epoch == t.epoch else ''}"
        f"{f'  no better: the rate is now {t.rate:g}' if lowered else ''}"
    )


def keep_first(t: Training, loss: float) -> str:
    """Keep the network as it is before the first step, whose training loss is known; returns that in words."""
    began = time.monotonic()
    _record(t, validate(t), {"total": loss}, time.monotonic() - began, 0.0)
    return f"before the first epoch  loss {loss:.4f}  {_headline(t)}"


def _record(
    t: Training, metrics: dict[str, Measured], losses: Mapping[str, float], seconds: float, images_per_s: float
) -> None:
    """Add the row of an epoch that took so many seconds; keep the best network, write the checkpoint."""
    row = {
        "epoch": t.epoch,
        "step": t.step,
        "seconds": round(t.seconds + seconds, 3),
        "images_per_s": round(images_per_s, 1),
        "lr": t.update.lr,
        **_loss_columns(losses),
        **{name: measured.value for name, measured in whole_and_parts(named("val", metrics))[0].items()},
    }
    t.rows.append(row)
    t.seconds = row["seconds"]
    _keep_best(t, metrics)
    _save(t)


def _loss_columns(losses: Mapping[str, float]) -> dict[str, float]:
    """Columns of a row for the loss and its named parts."""
    parts = {str(MetricName("train", "loss", of=name)): value for name, value in losses.items() if name != "total"}
    return {str(MetricName("train", "loss")): losses["total"], **parts}


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Convolutions and matrix products in `precision`, the rest in float32."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")


def validate(t: Training) -> dict[str, Measured]:
    """Metrics of the kept network on the validation split, calibrated as it will be, without intervals."""
    found, _ = calibrated_by(judge(validating(t), t.reader, t.val))
    return found.compute(intervals=False)


def validating(t: Training) -> TorchEngine:
    """The kept network as it is validated: in the training's number format, without the mirror image.

    That adds about as much to every epoch, and the time is better spent on training.
    """
    card = t.plan.card.model_copy(update={"mirror": False})
    return t.plan.engine(t.kept, card, PRECISIONS[t.plan.choices.precision])


def _keep_best(t: Training, metrics: dict[str, Measured]) -> None:
    """Write the model file where this epoch is the best so far."""
    key = tuple(metric.key(metrics) for metric in t.reader.metrics().selected_by)
    if key[0] > t.best_key[0]:
        t.risen_epoch = t.epoch
    if key > t.best_key:
        t.best_key, t.best_epoch = key, t.epoch
        save_network(t.run.model_file, t.kept, unfinished_card(t, metrics))


def unfinished_card(t: Training, metrics: Mapping[str, Measured]) -> Card:
    """The card of the best network while the training goes on."""
    return t.plan.card.model_copy(update={"metrics": named("val", metrics), "training": t.summary(finished=False)})


def _save(t: Training) -> None:
    t.run.save_rows(t.rows)
    parts = {"learner": t.learner.state_dict()} | ({"ema": t.ema.model.state_dict()} if t.ema else {})
    facts = {
        "epoch": t.epoch,
        "step": t.step,
        "averaged": t.averaged,
        "seconds": t.seconds,
        "budget_from": t.budget_from,
        "rows": t.rows,
        "best_epoch": t.best_epoch,
        "risen_epoch": t.risen_epoch,
        "best_key": t.best_key,
        "frozen": t.frozen,
        "clock": t.clock.state(),
        **({"plateau": t.plateau.state()} if t.plateau else {}),
        "splits": t.splits,
        "settings": settings_document(t.plan.settings, t.plan.choices.model_dump()),
    }
    save_checkpoint(t.run.checkpoint_file, parts, t.update.states(), facts)
    t.saved_epoch = t.epoch


def restore(t: Training) -> dict[str, Any]:
    """Put `t` back to where its run's checkpoint was written, after its last whole epoch; returns its facts."""
    parts, facts = load_checkpoint(t.run.checkpoint_file, t.update.states(), ("learner", "ema"))
    load_tensors(t.learner, parts["learner"])
    if t.ema:
        load_tensors(t.ema.model, parts["ema"])
    t.epoch, t.step, t.seconds = facts["epoch"], facts["step"], facts["seconds"]
    t.averaged = facts.get("averaged", t.step)  # once a batch, in checkpoints that do not tell
    t.saved_epoch, t.budget_from, t.risen_epoch = t.epoch, facts["budget_from"], facts["risen_epoch"]
    if t.plateau:
        t.plateau.restore(facts["plateau"])
    t.rows, t.best_epoch, t.best_key = facts["rows"], facts["best_epoch"], tuple(facts["best_key"])
    t.frozen = {name: Measured(*values) for name, values in facts.get("frozen", {}).items()}
    return facts


def _status(t: Training, epoch: _Epoch) -> Status:
    rate = epoch.images_per_s
    return Status(t.epoch + 1, t.clock.progress, epoch.loss, rate, t.clock.seconds_left, epoch.headline)


def _headline(t: Training) -> str:
    metric = t.reader.metrics().selected_by[0]
    column = str(MetricName("val", metric.name))
    return f"val {metric.name} {metric.text(t.rows[-1][column])}" if t.rows else ""
