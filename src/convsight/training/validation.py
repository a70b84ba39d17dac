"""What is known of an epoch: the metrics of its network on the validation split, its row, and the best network kept."""

import time
from collections.abc import Mapping

from convsight.card import Card
from convsight.export.torch_engine import TorchEngine, save_network
from convsight.metrics import Measured, MetricName, named, whole_and_parts
from convsight.progress import Listener
from convsight.runtime.judge import judge
from convsight.tasks.reader import calibrated_by
from convsight.training.choices import PRECISIONS
from convsight.training.saving import keep_state
from convsight.training.state import Training
from convsight.training.waiting import COLUMN


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


def keep_first(t: Training, loss: float, listener: Listener) -> str:
    """Keep the network as it is before the first step, whose training loss is known; returns that in words."""
    began = time.monotonic()
    record(t, validate(t), {"total": loss}, time.monotonic() - began, 0.0, listener)
    return f"before the first epoch  loss {loss:.4f}  {headline(t)}"


def record(
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


def headline(t: Training) -> str:
    """The metric that chooses the best epoch, as it was last; empty where none was validated."""
    metric = t.reader.metrics().selected_by[0]
    column = str(MetricName("val", metric.name))
    return f"val {metric.name} {metric.text(t.rows[-1][column])}" if t.rows else ""
