"""The training loop. It has no branch on the task: it knows a loss, answers and metrics."""

import math
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsight.augmentation import Augmentation, Batch
from convsight.card import Card
from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine, load_tensors, save_network
from convsight.metrics import Measured
from convsight.nets.inputs import Normalise, planes
from convsight.progress import Listener, Status
from convsight.results import NoAnswerError
from convsight.rng import RngKeys, step_seed
from convsight.run import Row, Run
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks import reader_of
from convsight.tasks.contract import Task
from convsight.tasks.reader import Reader
from convsight.training.checkpoint import load_checkpoint, save_checkpoint
from convsight.training.choices import PRECISIONS, Choices, Precision
from convsight.training.clock import Clock
from convsight.training.ema import Ema
from convsight.training.loader import Loader, RawBatch
from convsight.training.schedule import SCHEDULES

# The share of a training that is spent on smaller pictures. Source: Howard, fastai's entry to DAWNBench, 2018
# (progressive resizing); Tan and Le, "EfficientNetV2", 2021, section 4.
SMALL_UNTIL = 0.5


@dataclass
class Training:
    """Everything the loop works on, and how far it is."""

    task: Task
    card: Card
    settings: TrainSettings
    choices: Choices
    model: nn.Module
    ema: Ema | None
    optimizer: torch.optim.Optimizer
    loader: Loader
    augmentation: Augmentation
    varies_most: bool  # whether pictures vary as much as --augment strong would have them
    normalise: Normalise
    train: Examples
    val: Examples
    run: Run
    clock: Clock
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    budget_from: float = 0.0  # the seconds already spent when the present --minutes began
    saved_epoch: int = 0  # the epoch of the last checkpoint
    best_epoch: int = 0
    risen_epoch: int = 0  # when the metric itself last rose, ties aside
    best_key: tuple[float, ...] = (-math.inf,)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return torch.device(self.choices.device)

    @property
    def reader(self) -> Reader:
        """What reads the answers of the network as its card is now."""
        return reader_of(self.card)

    @property
    def kept(self) -> nn.Module:
        """The network that is validated and kept: the averaged one if there is one."""
        return self.ema.model if self.ema else self.model

    @property
    def waited_in_vain(self) -> bool:
        """Whether early stopping says stop."""
        patience = self.settings.patience
        return bool(patience) and self.epoch - self.risen_epoch >= patience

    def summary(self, finished: bool) -> dict[str, Any]:
        """What the card tells about the training."""
        return {
            **self.card.training,
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
            t.model.train()
            for raw in t.loader.epoch(t.epoch):
                torch.manual_seed(step_seed(t.settings.seed, t.epoch, t.step))
                loss = gradients(
                    t, t.model, raw, t.choices.precision, t.choices.first_side if t.clock.is_cheap else None
                )
                _step(t, loss)
                epoch.take(loss, len(raw.samples))
                show(_status(t, epoch))
                if t.clock.done:
                    break
            listener.say(_finish_epoch(t, epoch))


@dataclass
class _Epoch:
    """What one pass over the training pictures adds up to."""

    began: float
    headline: str  # the last validation, in words
    seen: int = 0
    total: float = 0.0

    def take(self, loss: float, pictures: int) -> None:
        self.seen += pictures
        self.total += loss * pictures

    @property
    def loss(self) -> float:
        """The mean loss a picture."""
        return self.total / self.seen

    @property
    def images_per_s(self) -> float:
        """Training pictures a second, without validation."""
        return self.seen / (time.monotonic() - self.began)


def gradients(t: Training, model: nn.Module, raw: RawBatch, precision: Precision, side: int | None = None) -> float:
    """Gradients of the loss on one batch, reduced to `side` px if given, left in `model`; returns the loss."""
    pictures = planes(raw.pictures.to(t.device), t.card.preprocessing.channels)
    targets = {name: values.to(t.device) for name, values in raw.targets.items()}
    keys = RngKeys(t.settings.seed, t.epoch, raw.samples)
    moved = t.augmentation(Batch({"image": pictures}, targets), keys, t.clock.progress)
    pictures = moved.image
    if side is not None:
        pictures = F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True)
    batch = Batch({"image": t.normalise(pictures).contiguous(memory_format=torch.channels_last)}, moved.targets)
    model.zero_grad(set_to_none=True)
    with autocast(t.device, precision):
        loss = t.task.loss(model, batch, t.settings)["total"]
    loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def _step(t: Training, loss: float) -> None:
    """Move the weights along the gradients, and the clock on."""
    if not math.isfinite(loss):
        raise _diverged(t, f"the loss became {loss}")
    factor = SCHEDULES[t.settings.schedule](t.clock.progress, t.settings.warmup)
    for group in t.optimizer.param_groups:
        group["lr"] = t.choices.lr * factor
    t.optimizer.step()
    if t.ema:
        t.ema.update(t.model, t.step)
    t.step += 1
    t.clock.advance()


def _diverged(t: Training, what: str) -> UserError:
    return UserError(f"{what} in epoch {t.epoch + 1}: the steps are too large; try --lr {t.choices.lr / 10:g}")


def _finish_epoch(t: Training, epoch: _Epoch) -> str:
    """Validate, keep the best, write the checkpoint; returns the epoch in one line of words."""
    trained = time.monotonic()
    if not all(bool(weight.isfinite().all()) for weight in t.kept.state_dict().values()):
        raise _diverged(t, "the weights became infinite")
    try:
        metrics = validate(t)
    except NoAnswerError as error:  # finite weights may still be too large to compute with
        raise _diverged(t, "the network ceased to answer") from error
    t.epoch += 1
    row = {
        "epoch": t.epoch,
        "step": t.step,
        "seconds": round(t.seconds + time.monotonic() - epoch.began, 3),
        "images_per_s": round(epoch.seen / (trained - epoch.began), 1),
        "lr": t.optimizer.param_groups[0]["lr"],
        "train/loss": epoch.loss,
        **{f"val/{name}": value.value for name, value in metrics.items() if "/" not in name},
    }
    t.rows.append(row)
    t.seconds = row["seconds"]
    _keep_best(t, metrics)
    _save(t)
    t.clock.finish_epoch(time.monotonic() - trained)
    planned = t.epoch + math.ceil(t.clock.epochs_left)
    return (
        f"epoch {t.epoch}/{planned}  loss {epoch.loss:.4f}  {_headline(t)}  {row['images_per_s']:,.0f} images/s  "
        f"{t.seconds:.0f} s{' *' if t.best_epoch == t.epoch else ''}"
    )


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Convolutions and matrix products in `precision`, the rest in float32."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")


def validate(t: Training) -> dict[str, Measured]:
    """Metrics of the kept network on the validation split, calibrated as it will be, without intervals."""
    found = judge(validating(t), t.reader, t.val)
    return found.calibrated(found.calibration()).compute(intervals=False)


def validating(t: Training) -> TorchEngine:
    """The kept network as it is validated: in the training's number format, without the mirror image.

    That adds about as much to every epoch, and the time is better spent on training.
    """
    card = t.card.model_copy(update={"mirror": False})
    return TorchEngine(t.task.graph(t.kept, card).to(t.device), t.device, PRECISIONS[t.choices.precision])


def _keep_best(t: Training, metrics: dict[str, Measured]) -> None:
    """Write the model file where this epoch is the best so far."""
    key = tuple(selection.key(metrics) for selection in t.reader.metrics().selection)
    if key[0] > t.best_key[0]:
        t.risen_epoch = t.epoch
    if key > t.best_key:
        t.best_key, t.best_epoch = key, t.epoch
        found = {f"val/{name}": value for name, value in metrics.items()}
        card = t.card.model_copy(update={"metrics": found, "training": t.summary(finished=False)})
        save_network(t.run.model_file, t.kept, card)


def _save(t: Training) -> None:
    t.run.save_rows(t.rows)
    parts = {"model": t.model.state_dict()} | ({"ema": t.ema.model.state_dict()} if t.ema else {})
    facts = {
        "epoch": t.epoch,
        "step": t.step,
        "seconds": t.seconds,
        "budget_from": t.budget_from,
        "rows": t.rows,
        "best_epoch": t.best_epoch,
        "risen_epoch": t.risen_epoch,
        "best_key": t.best_key,
        "clock": t.clock.state(),
    }
    save_checkpoint(t.run.checkpoint_file, parts, t.optimizer, facts)
    t.saved_epoch = t.epoch


def restore(t: Training) -> dict[str, Any]:
    """Put `t` back to where its run's checkpoint was written, after its last whole epoch; returns the clock's state."""
    parts, facts = load_checkpoint(t.run.checkpoint_file, t.optimizer, ("model", "ema"))
    load_tensors(t.model, parts["model"])
    if t.ema:
        load_tensors(t.ema.model, parts["ema"])
    t.epoch, t.step, t.seconds = facts["epoch"], facts["step"], facts["seconds"]
    t.saved_epoch, t.budget_from, t.risen_epoch = t.epoch, facts["budget_from"], facts["risen_epoch"]
    t.rows, t.best_epoch, t.best_key = facts["rows"], facts["best_epoch"], tuple(facts["best_key"])
    clock: dict[str, Any] = facts["clock"]
    return clock


def _status(t: Training, epoch: _Epoch) -> Status:
    rate = epoch.images_per_s
    return Status(t.epoch + 1, t.clock.progress, epoch.loss, rate, t.clock.seconds_left, epoch.headline)


def _headline(t: Training) -> str:
    name = t.reader.metrics().selection[0].metric
    return f"val {name} {t.rows[-1][f'val/{name}']:.4f}" if t.rows else ""
