"""Every choice a user can make when training: typed, validated and explained in one place.

The command line's options, the keyword arguments of `convsight.train` and a run's `settings.toml`
are all made from `TrainSettings`; a field added here appears in all three.
"""

import os
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from convsight.errors import UserError, unknown_name


class TrainSettings(BaseModel):
    """What to train on, which network, how long, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(description="A folder, a file, or the name of a known data set.")
    task: str | None = Field(None, description="The kind of question. [default: that of the data]")
    run: str | None = Field(None, description="Name of the run, or a path for its folder. [default: the data's name]")
    net: str | None = Field(None, description="Network, by its name in the catalogue. [default: from the task]")
    weights: str | None = Field(
        None, description="Pretrained weights to begin with: imagenet, or a file. [default: fresh ones]"
    )
    size: int | None = Field(None, ge=4, le=4096, description="Picture side in pixels. [default: from the data]")
    fit: Literal["crop", "squash", "pad"] | None = Field(
        None, description="What to do with another aspect ratio: crop, squash or pad. [default: from the task]"
    )
    colour: Literal["auto", "grey", "rgb"] = Field("auto", description="auto: grey where all pictures are.")
    epochs: int | None = Field(None, ge=1, description="Passes over the data. [default: from the data's size]")
    minutes: float | None = Field(None, gt=0, description="Instead of --epochs: end after so many minutes.")
    batch: int | None = Field(None, ge=2, description="Pictures a step. [default: from the data's size]")
    optimizer: Literal["muon", "adamw", "sgd"] = Field("muon", description="How gradients become steps.")
    lr: float | None = Field(None, gt=0, description="Peak learning rate. [default: from optimizer and batch]")
    schedule: Literal["onecycle", "cosine"] = Field("onecycle", description="How the learning rate moves.")
    warmup: float = Field(0.1, ge=0, le=0.9, description="Share of the training in which the rate rises.")
    weight_decay: float | None = Field(None, ge=0, description="[default: from the optimizer]")
    label_smoothing: float = Field(0.05, ge=0, lt=1, description="Probability spread over the other classes.")
    box_loss: Literal["ciou", "diou", "giou", "iou", "smooth-l1"] = Field(
        "ciou", description="Detection: what a box costs that lies elsewhere."
    )
    class_loss: Literal["bce", "focal"] = Field("bce", description="Detection: what a wrong class costs.")
    mosaic: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Detection: share of pictures put together of four. [default: 0.5 where they vary strongly]",
    )
    mixup: float = Field(0.0, ge=0, le=1, description="Detection: share of training pictures laid over another.")
    multi_scale: bool = Field(False, description="Detection: train at several sizes, for things of any size.")
    suppression: Literal["class", "plain", "soft"] = Field(
        "class", description="Detection: boxes suppress others of their class, of any, or lower their scores."
    )
    overlap: float = Field(
        0.65, gt=0, le=1, description="Detection: intersection over union from which a surer box suppresses another."
    )
    ema: float = Field(0.995, ge=0, lt=1, description="Decay of the averaged weights that are kept; 0 turns it off.")
    augment: Literal["auto", "none", "light", "strong"] = Field(
        "auto", description="How much training pictures vary; auto: strongly where they are few and seen often."
    )
    flip: Literal["auto", "none", "horizontal", "both"] = Field("auto", description="Mirror training pictures.")
    mirror: bool = Field(
        True, description="Average answers over a picture and its mirror image, where training mirrors: twice the work."
    )
    grow: bool = Field(True, description="Begin with smaller pictures where the network can: more in the same time.")
    patience: int = Field(0, ge=0, description="Stop after so many epochs without a better one; 0: never.")
    val_fraction: float = Field(0.1, gt=0, lt=0.9, description="Share cut for validation where the data has none.")
    test_fraction: float = Field(0.2, gt=0, lt=0.9, description="Share cut for test where the data has none.")
    seed: int = Field(0, ge=0, lt=2**32, description="Same seed and --epochs, same weights bit for bit.")
    workers: int = Field(
        default_factory=lambda: min(8, os.cpu_count() or 1), ge=0, le=64, description="Threads that read pictures."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="Number format of the training.")
    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:1, mps.")
    export: bool = Field(True, description="Write model.onnx at the end, proven to answer the same.")
    skip_unreadable: bool = Field(False, description="Leave unreadable pictures out instead of stopping.")
    max_megapixels: float = Field(100.0, gt=0, description="Refuse larger pictures.")

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.epochs is not None and self.minutes is not None:
            raise ValueError("--epochs and --minutes are two ways to say how long; give one")
        if self.val_fraction + self.test_fraction > 0.9:
            raise ValueError("val_fraction and test_fraction leave under a tenth of the pictures for training")
        return self

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
        try:
            return cls(**choices)
        except ValidationError as error:
            raise UserError(_explain(error)) from None

    def changed(self) -> frozenset[str]:
        """The names of the settings that are not as they are by default.

        >>> sorted(TrainSettings.of(data="photos", mosaic=0.5).changed())
        ['data', 'mosaic']
        """
        usual = {name: field.get_default(call_default_factory=True) for name, field in type(self).model_fields.items()}
        return frozenset(name for name, value in usual.items() if getattr(self, name) != value)


def _explain(error: ValidationError) -> str:
    lines = []
    for mistake in error.errors():
        message = mistake["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in mistake["loc"])
        lines.append(f"{name}={mistake['input']!r}: {message}" if name else message)
    return "; ".join(lines)
