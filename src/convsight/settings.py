"""Every choice a user can make when training, whatever the task: typed, validated and explained in one place.

The command line's options, the keyword arguments of `convsight.train` and a run's `settings.toml` are all made from
`TrainSettings` and from the `TaskSettings` of the tasks; a field added there appears in all three.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from convsight.errors import UserError, unknown_name
from convsight.words import quoted

Layout = Literal["channels-last", "planes"]

FREEZES = ("none", "backbone")  # as `freeze`, beside a number of stages
LOGS = ("tensorboard", "mlflow")
FRESH = "none"  # as `weights`: those that a network is built with
IMAGENET = "imagenet"  # as `weights`: those that its library offers

# Parameters of what is chosen by name: the setting that chooses, and the choices that have the parameter.
PARAMETERS = {
    "momentum": ("optimizer", ("sgd", "muon", "rmsprop")),
    "nesterov": ("optimizer", ("sgd", "muon")),
    "beta1": ("optimizer", ("adamw", "adam", "muon")),
    "beta2": ("optimizer", ("adamw", "adam", "muon", "rmsprop")),
    "eps": ("optimizer", ("adamw", "adam", "muon", "rmsprop")),
    "muon_iterations": ("optimizer", ("muon",)),
    "end_factor": ("schedule", ("onecycle", "cosine", "plateau")),
    "step_every": ("schedule", ("step",)),
    "step_factor": ("schedule", ("step",)),
    "plateau_epochs": ("schedule", ("plateau",)),
    "plateau_factor": ("schedule", ("plateau",)),
}


class TrainSettings(BaseModel):
    """What to train on, which network, how long, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(description="A folder, a file, or the name of a known data set.")
    task: str | None = Field(None, description="The kind of question. [default: that of the data]")
    run: str | None = Field(None, description="Name of the run, or a path for its folder. [default: the data's name]")
    net: str | None = Field(None, description="Network, by its name in the catalogue. [default: from the task]")
    weights: str | None = Field(
        None, description="Weights to begin with: imagenet, a file, or none. [default: imagenet for photos, else none]"
    )
    download: bool = Field(False, description="Fetch weights that are not on this machine; nothing is fetched else.")
    freeze: str = Field(
        "none",
        description="Pretrained stages that stay as they are: none, backbone (all before the last layer), or the first "
        "N, which `convsight describe NET` lists; all-three: none, half of them and all in turn, compared.",
    )
    gradual: bool = Field(False, description="Begin with the last layer, then let one stage after another learn.")
    stage_lr: float = Field(
        1.0, gt=0, le=1, description="Learning rate of a pretrained stage, as a share of that of the one after it."
    )
    features: bool = Field(True, description="Compute what frozen stages tell of images once, and keep it on disk.")
    views: int | None = Field(
        None, ge=0, le=1000, description="Varied views of each image that are kept, beside the image. [default: 4]"
    )
    features_limit: float = Field(5.0, gt=0, description="GB that kept features may take on disk in all.")
    head_pool: int = Field(
        1, ge=1, le=16, description="Tell the last layer the means in N x N cells of the image: where things are."
    )
    size: int | None = Field(None, ge=1, le=4096, description="Image side in pixels. [default: from the data]")
    fit: Literal["crop", "squash", "pad"] | None = Field(
        None, description="What to do with another aspect ratio: crop, squash or pad. [default: from the task]"
    )
    colour: Literal["auto", "grey", "rgb", "bands"] = Field(
        "auto",
        description="auto: grey where all images are; bands: the samples of TIFF files as they are, see bands.md.",
    )
    epochs: int | None = Field(None, ge=1, description="Passes over the data. [default: from the data's size]")
    minutes: float | None = Field(None, gt=0, description="Instead of --epochs: end after so many minutes.")
    batch: int | None = Field(None, ge=2, description="Images a step. [default: from the data's size]")
    optimizer: Literal["muon", "adamw", "adam", "sgd", "rmsprop"] = Field(
        "muon", description="How gradients become steps."
    )
    momentum: float | None = Field(
        None, ge=0, lt=1, description="Share of the last step in the next one. [default: 0.9; rmsprop: 0]"
    )
    nesterov: bool | None = Field(None, description="Look ahead along the momentum. [default: nesterov]")
    beta1: float | None = Field(None, ge=0, lt=1, description="Decay of the mean of gradients. [default: 0.9]")
    beta2: float | None = Field(
        None, ge=0, lt=1, description="Decay of the mean of squared gradients. [default: 0.99; adam: 0.999]"
    )
    eps: float | None = Field(
        None, gt=0, le=1, description="Added to the root of squared gradients, which divides. [default: 1e-8]"
    )
    muon_iterations: int | None = Field(
        None, ge=1, le=12, description="Turns of Newton-Schulz that make Muon's steps orthogonal. [default: 4]"
    )
    lr: float | None = Field(None, gt=0, description="Peak learning rate. [default: from optimizer and batch]")
    schedule: Literal["onecycle", "cosine", "constant", "step", "plateau"] = Field(
        "onecycle", description="How the learning rate moves."
    )
    warmup: float = Field(0.1, ge=0, le=0.9, description="Share of the training in which the rate rises.")
    start_factor: float | None = Field(
        None, ge=0, le=1, description="Share of the peak rate that warm-up begins with. [default: 0.2]"
    )
    end_factor: float | None = Field(
        None, ge=0, lt=1, description="Share of the peak rate at the end, or the least of it. [default: 0]"
    )
    step_every: int | None = Field(
        None, ge=1, description="Epochs after which --schedule step lowers the rate. [default: a third of the training]"
    )
    step_factor: float | None = Field(None, gt=0, lt=1, description="What it multiplies the rate by. [default: 0.1]")
    plateau_epochs: int | None = Field(
        None, ge=1, description="Epochs without a better one after which --schedule plateau does. [default: 5]"
    )
    plateau_factor: float | None = Field(None, gt=0, lt=1, description="What it multiplies the rate by. [default: 0.1]")
    weight_decay: float | None = Field(None, ge=0, description="[default: from the optimizer]")
    clip_norm: float | None = Field(
        None, gt=0, description="Shorten gradients to this length where they are longer. [default: never]"
    )
    accumulate: int = Field(1, ge=1, le=1024, description="Batches whose gradients make one step together.")
    ema: float = Field(0.995, ge=0, lt=1, description="Decay of the averaged weights that are kept; 0 turns it off.")
    augment: Literal["auto", "none", "light", "strong"] = Field(
        "auto", description="How much training images vary; auto: strongly where they are few and seen often."
    )
    flip: Literal["auto", "none", "horizontal", "both"] = Field("auto", description="Mirror training images.")
    rand_augment: int | None = Field(
        None, ge=0, le=30, description="Magnitude of RandAugment's random operations; 9 is usual. [default: none]"
    )
    rand_augment_ops: int = Field(2, ge=1, le=8, description="Operations of RandAugment an image.")
    erase: float = Field(0.0, ge=0, le=1, description="Share of training images of which a rectangle is hidden.")
    grow: bool = Field(True, description="Begin with smaller images where the network can: more in the same time.")
    patience: int = Field(0, ge=0, description="Stop after so many epochs without a better one; 0: never.")
    val_fraction: float = Field(0.1, gt=0, lt=0.9, description="Share cut for validation where the data has none.")
    test_fraction: float = Field(
        0.2, ge=0, lt=0.9, description="Share cut for test where the data has none; 0: val serves as test."
    )
    group: str | None = Field(
        None,
        description="Cut no group into two splits: a column of the table, such as patient, or a pattern in file names, "
        r"such as '(p\d+)_'.",
    )
    group_lookalikes: bool = Field(False, description="Cut no images into two splits that look alike.")
    seed: int = Field(0, ge=0, lt=2**32, description="Same seed, --epochs and threads, same weights bit for bit.")
    workers: int = Field(
        default_factory=lambda: min(8, os.cpu_count() or 1), ge=0, le=64, description="Threads that read images."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="Number format of the training.")
    layout: Layout = Field("channels-last", description="How images and weights lie in memory.")
    tune: bool = Field(False, description="Measure first which --layout and --workers are fastest here, and keep them.")
    tune_batch: bool = Field(False, description="The same, and the largest --batch that fits and is not slower.")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps.")
    log: str | None = Field(
        None,
        description="Write metrics for tensorboard, mlflow or both (with a comma) too. [default: metrics.csv]",
    )
    export: bool = Field(True, description="Write model.onnx at the end, proven to answer the same.")
    report: bool = Field(True, description="Write report.html at the end: a page about all of it.")
    skip_unreadable: bool = Field(False, description="Leave unreadable images out instead of stopping.")
    max_megapixels: float = Field(100.0, gt=0, description="Refuse larger images.")
    given: list[str] = Field(default_factory=list, description="What a program gave beside its settings, in words.")
    own: dict[str, Any] = Field(
        default_factory=dict, description="Choices that only some tasks have; `TaskSettings` of the task checks them."
    )

    @field_validator("freeze", mode="before")
    @classmethod
    def _known_freeze(cls, given: Any) -> str:
        freeze = str(given)
        if freeze == "all-three":
            raise ValueError(
                "that is three trainings, compared: convsight train DATA --freeze all-three, or from Python "
                "convsight.train_several(data, freeze='all-three')"
            )
        if freeze not in FREEZES and not freeze.isdecimal():
            raise ValueError(f"give {', '.join(FREEZES)} or how many of the first stages")
        return freeze

    @field_validator("log")
    @classmethod
    def _known_logs(cls, log: str | None) -> str | None:
        names = [name.strip() for name in (log or "").split(",")]
        if log is not None and (not set(names) <= set(LOGS) or len(set(names)) < len(names)):
            raise ValueError(f"give {' or '.join(LOGS)}, or both with a comma between: {','.join(LOGS)}")
        return None if log is None else ",".join(names)

    @field_validator("device")
    @classmethod
    def _known_device(cls, device: str) -> str:
        if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device) is None:
            gpu = f"; the GPU of that number is cuda:{device}" if device.isdecimal() else ""
            raise ValueError(f"give auto, cpu, cuda, cuda:1 or mps{gpu}")
        return device

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.epochs is not None and self.minutes is not None:
            raise ValueError("--epochs and --minutes are two ways to say how long; give one")
        if self.val_fraction + self.test_fraction > 0.9:
            raise ValueError("val_fraction and test_fraction leave under a tenth of the images for training")
        return self

    @model_validator(mode="after")
    def _something_to_fetch(self) -> Self:
        if self.download and self.weights != IMAGENET:
            raise ValueError(f"--download fetches weights of a library, and none are asked for: --weights {IMAGENET}")
        return self

    @model_validator(mode="after")
    def _operations_of_something(self) -> Self:
        if self.rand_augment is None and self.rand_augment_ops != 2:
            raise ValueError("--rand-augment-ops does nothing without --rand-augment MAGNITUDE: give both, or neither")
        return self

    @model_validator(mode="after")
    def _parameters_do_something(self) -> Self:
        refuse_idle_parameters(self, PARAMETERS)
        if self.nesterov and self.momentum == 0:
            raise ValueError("--nesterov looks ahead along the momentum, which is 0: give one of them")
        if self.start_factor is not None and not self.warmup:
            raise ValueError("--start-factor is where warm-up begins, and --warmup 0 has none: leave it out")
        return self

    @property
    def logs(self) -> tuple[str, ...]:
        """The names in `log`.

        >>> TrainSettings.of(data="photos", log="mlflow, tensorboard").logs
        ('mlflow', 'tensorboard')
        """
        return tuple(self.log.split(",")) if self.log else ()

    @classmethod
    def of(cls, **choices: Any) -> "TrainSettings":
        """Settings from keyword arguments; a mistake is a `UserError` that names the setting.

        >>> TrainSettings.of(data="photos", epochs=0)
        Traceback (most recent call last):
            ...
        convsight.errors.UserError: epochs=0: Input should be greater than or equal to 1
        """
        for name in choices:
            if name not in cls.model_fields:
                raise unknown_name("setting", name, cls.model_fields)
        return checked(cls, choices)

    def changed(self) -> frozenset[str]:
        """The names of the settings that are not as they are by default, those of the task alone not among them.

        >>> sorted(TrainSettings.of(data="photos", seed=1).changed())
        ['data', 'seed']
        """
        return changed(self) - {"own"}


class TaskSettings(BaseModel):
    """The choices of one kind of question that others do not have: `tasks/KIND/light/settings.py`.

    The options, the help and the refusals of `convsight train` come from it too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Those that say how training examples vary, or how often each is seen.
    varying: ClassVar[frozenset[str]] = frozenset()
    # Those that say what is minimised, which do nothing beside a loss of the user's own, and what they are then.
    of_loss: ClassVar[frozenset[str]] = frozenset()
    beside_own_loss: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def of(cls, settings: TrainSettings) -> Self:
        """The task's own choices among `settings`; raises `UserError` that names one that is wrong."""
        return checked(cls, settings.own)


Settings = TypeVar("Settings", bound=BaseModel)


def checked(kind: type[Settings], choices: Mapping[str, Any]) -> Settings:
    """`choices` as settings of that kind; a mistake is a `UserError` that names the setting and its value."""
    try:
        return kind(**choices)
    except ValidationError as error:
        raise UserError(_explain(error)) from None


def refuse_idle_parameters(settings: BaseModel, parameters: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """Raise ValueError for a parameter that was given and does nothing with what was chosen.

    `parameters` names, for each, the setting that chooses and the choices which have that parameter; they are None
    unless given.
    """
    for name, (chooser, having) in parameters.items():
        chosen = getattr(settings, chooser)
        if getattr(settings, name) is not None and chosen not in having:
            those = " or ".join(having)
            raise ValueError(
                f"--{_option(name)} goes with --{_option(chooser)} {those}, not with {chosen}: leave it out"
            )


def changed(settings: BaseModel) -> frozenset[str]:
    """The names of the settings that are not as they are by default."""
    fields = type(settings).model_fields
    default = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    return frozenset(name for name, value in default.items() if getattr(settings, name) != value)


def _option(name: str) -> str:
    return name.replace("_", "-")


def _explain(error: ValidationError) -> str:
    lines = []
    for mistake in error.errors():
        message = mistake["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in mistake["loc"])
        lines.append(f"{name}={quoted(mistake['input'])}: {message}" if name else message)
    return "; ".join(lines)
