"""`Choices`: what training settles on where the user left a setting open, each with its reason."""

from pathlib import Path
from typing import Any, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from convsight.errors import UserError
from convsight.settings import TrainSettings
from convsight.tasks.capabilities import pretrained
from convsight.tasks.contract import Task
from convsight.training.optimizers import default_lr, default_weight_decay
from convsight.training.processes.start import own_device

Precision = Literal["float32", "bfloat16"]
PRECISIONS: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}

SEEN_AGAIN = 2_000  # training images judged in the end without augmentation, to tell under- from overfitting

_STEPS = 6000  # steps after which a network from scratch has usually learnt what it can
_FEWEST_EPOCHS, _MAX_EPOCHS = 10, 60
# With a pretrained network that is where others stop too; what is left after it is little beside its cost.
_STEPS_PRETRAINED, _FEWEST_PRETRAINED, _MAX_PRETRAINED = 1500, 3, 12
# Of a small detector on two processor cores, measured; how much faster a GPU is, guessed.
_SECONDS_A_IMAGE, _SECONDS_A_PIXEL, _GPU = 7e-3, 3e-7, 20


class Choices(BaseModel):
    """Every open setting, settled; stored in the run so that resuming needs no measurement again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int | None
    batch: int
    lr: float
    weight_decay: float
    device: str
    precision: Precision
    first_side: int | None = None  # px to begin with, where the training begins with smaller images
    processes: int | None = None  # that share each batch; None: one
    threads: int | None = None  # that PyTorch computes in, of which the bits depend
    views: int | None = None  # varied ones of each image, of which features are kept; -1: none are
    passes: float = 1000.0  # about how often each image is seen, as it was planned first

    @classmethod
    def first(cls, settings: TrainSettings, train_images: int, pixels: int, task: Task) -> Self:
        """Everything but what is found out once the network stands: precision and first side.

        Each of the `train_images` has so many `pixels`.
        """
        batch = choose_batch(settings, train_images, task.batch_divisor)
        pace = pretrained(task, settings.weights).finetune_lr_scale if settings.weights else 1
        default = default_lr(settings.optimizer, batch) * pace
        decay = settings.weight_decay
        epochs = choose_epochs(settings, train_images, batch)
        device = choose_device(own_device(settings.device))
        return cls(
            epochs=epochs,
            batch=batch,
            lr=settings.lr or default,
            weight_decay=default_weight_decay(settings.optimizer) if decay is None else decay,
            device=str(device),
            threads=torch.get_num_threads(),
            precision="float32",
            passes=epochs or passes_within(settings.minutes or 0.0, train_images, pixels, device),
        )

    @classmethod
    def stored(cls, run: Path, chosen: dict[str, Any]) -> Self:
        """What a run's settings.toml holds; a `UserError` where that was changed by hand into nonsense."""
        try:
            return cls.model_validate(chosen)
        except ValidationError as error:
            mistake = error.errors()[0]
            raise UserError(f"{run / 'settings.toml'}: chosen.{mistake['loc'][0]}: {mistake['msg']}") from error


def choose_batch(settings: TrainSettings, train_images: int, batch_divisor: int) -> int:
    """Small batches for few images; `batch_divisor` times smaller ones for a task whose images teach more."""
    if settings.batch is not None:
        return min(settings.batch, train_images)
    default = 32 if train_images < 2_000 else 64 if train_images < 20_000 else 128
    return min(default // batch_divisor, train_images)


def choose_epochs(settings: TrainSettings, train_images: int, batch: int) -> int | None:
    """Enough epochs for about 6,000 steps, 1,500 with pretrained weights, where the user said nothing of how long."""
    if settings.epochs is not None or settings.minutes is not None:
        return settings.epochs
    steps_per_epoch = -(-train_images // batch)
    if settings.weights is not None:
        return min(_MAX_PRETRAINED, max(_FEWEST_PRETRAINED, _STEPS_PRETRAINED // steps_per_epoch))
    return min(_MAX_EPOCHS, max(_FEWEST_EPOCHS, _STEPS // steps_per_epoch))


def passes_within(minutes: float, images: int, pixels: int, device: torch.device) -> float:
    """About how often `images` of so many pixels are seen: a rule, so that the same call makes the same choices.

    >>> round(passes_within(2, 400, 96 * 96, torch.device("cpu")))
    31
    >>> round(passes_within(6, 205, 240 * 320, torch.device("cpu")))
    58
    """
    seconds = _SECONDS_A_IMAGE + _SECONDS_A_PIXEL * pixels
    return minutes * 60 / (images * seconds) * (1 if device.type == "cpu" else _GPU)


def choose_device(asked: str) -> torch.device:
    """The device to train on: a GPU if there is one, unless the user says otherwise."""
    if asked != "auto":
        _check_device(asked)
        return torch.device(asked)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _check_device(asked: str) -> None:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    kind, _, number = asked.partition(":")
    there = {"cpu": True, "mps": torch.backends.mps.is_available(), "cuda": int(number or 0) < count}[kind]
    if not there:
        here = ["cpu", *(f"cuda:{index}" for index in range(count)), *["mps"] * torch.backends.mps.is_available()]
        raise UserError(f"--device {asked}: there is no such device; there is {', '.join(here)}")
