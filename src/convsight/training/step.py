"""One step of a training: its batch as the learner sees it, what is drawn in it, what became infinite in it."""

from contextlib import AbstractContextManager

import torch

from convsight.augmentation import Batch
from convsight.augmentation.smaller import smaller_batch
from convsight.nets.memory_format import memory_format
from convsight.rng import RngKeys, step_seed
from convsight.training.choices import PRECISIONS, Precision
from convsight.training.loader import LoadedBatch
from convsight.training.not_finite import IN_INPUTS, DivergedError, NoUpdate, first_not_finite
from convsight.training.processes.share import own_rows
from convsight.training.seeding import seed_generator
from convsight.training.state import Training


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


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Convolutions and matrix products in `precision`, the rest in float32."""
    return torch.autocast(device.type, PRECISIONS[precision], enabled=precision != "float32")


def seed_step(t: Training) -> None:
    """Begin what is drawn inside the networks anew: dropout is a function of the step."""
    seed_generator(t.processes.seed(step_seed(t.plan.settings.seed, t.epoch, t.step)), t.device)


def average_weights(t: Training) -> None:
    """Take the weights into their average where an optimizer moved some."""
    if t.update.moved() and t.ema:
        t.ema.update(t.learner.network, t.averaged)
        t.averaged += 1


def diverged(t: Training, what: str, where: str = "") -> DivergedError:
    """An error that says what became infinite, where it was first, what is kept, and what to try."""
    where = f", {where}" if where else ""
    kept = f"; the network after epoch {t.best_epoch} is kept: {t.run.model_file}" if t.rows else ""
    advice = f"the steps are too large; try --lr {t.plan.choices.lr / 10:g}, or find one by convsight lr-find"
    if where.endswith(IN_INPUTS):
        advice = "mend or leave out those that hold infinite numbers or none"
    return DivergedError(f"{what} in epoch {t.epoch + 1}{where}: {advice}{kept}")


def first_place(t: Training, batch: Batch) -> str:
    """Where the step on `batch`, done once more without moving a weight, is first not finite."""

    def again() -> None:
        seed_step(t)
        with autocast(t.device, t.plan.choices.precision):
            t.learner.step(batch, NoUpdate())

    return first_not_finite(t.learner, batch, again)
