"""What is put into a network: one tagged description on the card, from what the user names to the graph's array."""

from typing import Annotated

from pydantic import Field

from convsight.errors import UserError
from convsight.images import ValueRange
from convsight.inputs.byte_order import native
from convsight.inputs.geometry import InputGeometry
from convsight.inputs.image import ImageInput
from convsight.inputs.image_geometry import ImageGeometry
from convsight.inputs.levels import measured_range
from convsight.inputs.loaded import Loaded
from convsight.inputs.middle import MiddleGeometry
from convsight.inputs.sequence import SequenceInput
from convsight.inputs.spec import InputSpec
from convsight.inputs.spectrogram import SpectrogramInput
from convsight.inputs.volume import VolumeInput

AnyInput = Annotated[
    ImageInput | VolumeInput | SequenceInput | SpectrogramInput,
    Field(discriminator="kind"),
]


def as_image(spec: InputSpec, taker: str) -> ImageInput:
    """`spec`, which must be of images; `taker` says what takes no other. Raises `UserError` where it is not.

    >>> as_image(SequenceInput(length=9, channels=1, mean=(0,), std=(1,)), "detection")
    Traceback (most recent call last):
    convsight.errors.UserError: detection takes images, not sequences of 9 steps, 1 channel(s)
    """
    if not isinstance(spec, ImageInput):
        raise UserError(f"{taker} takes images, not {spec.summary}")
    return spec


def is_shown(spec: InputSpec) -> bool:
    """Whether people can look at originals of `spec`, and predictions be drawn on: images, and volumes by slices."""
    return isinstance(spec, ImageInput | VolumeInput)


def shown_range(spec: InputSpec) -> ValueRange | None:
    """The values that are black and white where originals of `spec` are shown to people; None where none is known."""
    return spec.file_range if isinstance(spec, ImageInput) else None


__all__ = [
    "AnyInput",
    "ImageGeometry",
    "ImageInput",
    "InputGeometry",
    "InputSpec",
    "Loaded",
    "MiddleGeometry",
    "SequenceInput",
    "SpectrogramInput",
    "VolumeInput",
    "as_image",
    "is_shown",
    "measured_range",
    "native",
    "shown_range",
]
