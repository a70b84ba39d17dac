"""The training loop. It has no branch on the task: it knows a loss, answers and metrics."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from convsight.card import Card
from convsight.datasets import Examples
from convsight.errors import UserError
from convsight.export.torch_engine import TorchEngine, save_network
from convsight.nets.inputs import Normalise, planes
from convsight.progress import Listener, Status
from convsight.run import Row, Run
from convsight.runtime.judge import judge
from convsight.settings import TrainSettings
from convsight.tasks.contract import Batch, Task
from convsight.tasks.reader import Measured
from convsight.training.augment import Augmentation
from convsight.training.chances import step_seed
from convsight.training.checkpoint import load_checkpoint, save_checkpoint
from convsight.training.choices import PRECISIONS, Choices, Precision
from convsight.training.clock import Clock
from convsight.training.ema import Ema
from convsight.training.loader import Loader, RawBatch
from convsight.training.schedule import SCHEDULES


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
    normalise: Normalise
    train: Examples
    val: Examples
    run: Run
    clock: Clock
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    best_epoch: int = 0
    best_key: tuple[float, ...] = (-math.inf,)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return torch.device(self.choices.device)

    @property
    def kept(self) -> nn.Module:
        """The network that is validated and kept: the averaged one if there is one."""
        return self.ema.model if self.ema else self.model

    @property
    def waited_in_vain(self) -> bool:
        """Whether early stopping says stop."""
        patience = self.settings.patience
        return bool(patience) and self.epoch - self.best_epoch >= patience

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
            began = time.monotonic()
            loss = _train_epoch(t, show)
            trained = time.monotonic()
            t.epoch += 1
            metrics = validate(t)
            row = _row(t, loss, metrics, trained - began)
            t.rows.append(row)
            _keep_best(t, metrics)
            t.seconds += time.monotonic() - began
            _save(t)
            t.clock.finish_epoch(time.monotonic() - trained)
            line = _line(t, row)
            t.run.log(line)
            listener.say(line)


def _train_epoch(t: Training, show: Callable[[Status], None]) -> float:
    """One pass over the training pictures, or what is left of the clock; the mean loss a picture."""
    t.model.train()
    total, seen = 0.0, 0
    metric = _headline(t)
    for raw in t.loader.epoch(t.epoch):
        began = time.monotonic()
        torch.manual_seed(step_seed(t.settings.seed, t.epoch, t.step))
        _set_rate(t)
        loss = train_step(t, t.model, raw, t.choices.precision)
        t.optimizer.step()
        if t.ema:
            t.ema.update(t.model, t.step)
        if not math.isfinite(loss):
            smaller = t.choices.lr / 10
            raise UserError(f"the loss became {loss} in epoch {t.epoch + 1}: steps too large; try --lr {smaller:g}")
        t.step += 1
        t.clock.advance(time.monotonic() - began)
        total, seen = total + loss * len(raw.samples), seen + len(raw.samples)
        rate = len(raw.samples) / t.clock.step_seconds
        show(Status(t.epoch + 1, t.clock.progress, total / seen, rate, t.clock.seconds_left, metric))
        if t.clock.done:
            break
    return total / seen


def train_step(t: Training, model: nn.Module, raw: RawBatch, precision: Precision) -> float:
    """Gradients of the loss on one batch, left in `model`; returns the loss."""
    pictures = planes(raw.pictures.to(t.device), t.card.preprocessing.channels)
    targets = {name: values.to(t.device) for name, values in raw.targets.items()}
    pictures, moved = t.augmentation(pictures, targets, t.settings.seed, t.epoch, raw.samples)
    batch = Batch(t.normalise(pictures).contiguous(memory_format=torch.channels_last), moved)
    model.zero_grad(set_to_none=True)
    with autocast(t.device, precision):
        loss = t.task.loss(model, batch, t.settings)["total"]
    loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Convolutions and matrix products in `precision`, the rest in float32."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")


def validate(t: Training) -> dict[str, Measured]:
    """Metrics of the kept network on the validation split, without intervals."""
    engine = TorchEngine(t.task.graph(t.kept, t.card).to(t.device), t.device, PRECISIONS[t.choices.precision])
    return judge(engine, t.task.reader, t.val).compute(intervals=False)


def _set_rate(t: Training) -> None:
    factor = SCHEDULES[t.settings.schedule](t.clock.progress, t.settings.warmup)
    for group in t.optimizer.param_groups:
        group["lr"] = t.choices.lr * factor


def _keep_best(t: Training, metrics: dict[str, Measured]) -> None:
    """Write the model file where this epoch is the best so far."""
    key = tuple(selection.key(metrics) for selection in t.task.reader.metrics().selection)
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
        "rows": t.rows,
        "best_epoch": t.best_epoch,
        "best_key": t.best_key,
        "clock": t.clock.state(),
    }
    save_checkpoint(t.run.checkpoint_file, parts, t.optimizer, facts)


def restore(t: Training) -> dict[str, Any]:
    """Put `t` back to where its run's checkpoint was written, after its last whole epoch; returns the clock's state."""
    parts, facts = load_checkpoint(t.run.checkpoint_file, t.optimizer, ("model", "ema"))
    t.model.load_state_dict(parts["model"])
    if t.ema:
        t.ema.model.load_state_dict(parts["ema"])
    t.epoch, t.step, t.seconds = facts["epoch"], facts["step"], facts["seconds"]
    t.rows, t.best_epoch, t.best_key = facts["rows"], facts["best_epoch"], tuple(facts["best_key"])
    clock: dict[str, Any] = facts["clock"]
    return clock


def _row(t: Training, loss: float, metrics: dict[str, Measured], seconds: float) -> Row:
    scalars = {f"val/{name}": value.value for name, value in metrics.items() if "/" not in name}
    rate = min(t.loader.steps, t.step) * t.loader.batch / seconds
    return {"epoch": t.epoch, "step": t.step, "seconds": round(t.seconds + seconds, 3), "images_per_s": round(rate, 1),
            "lr": t.optimizer.param_groups[0]["lr"], "train/loss": loss, **scalars}  # fmt: skip


def _headline(t: Training) -> str:
    name = t.task.reader.metrics().selection[0].metric
    return f"val {name} {t.rows[-1][f'val/{name}']:.4f}" if t.rows else ""


def _line(t: Training, row: Row) -> str:
    planned = t.epoch + math.ceil(t.clock.epochs_left)
    star = " *" if t.best_epoch == t.epoch else ""
    return (
        f"epoch {t.epoch}/{planned}  loss {row['train/loss']:.4f}  {_headline(t)}  "
        f"{row['images_per_s']:,.0f} images/s  {t.seconds:.0f} s{star}"
    )
