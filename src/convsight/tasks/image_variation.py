"""Which variations of a training image keep what is true of it as a whole, chosen from what the data shows."""

from collections.abc import Mapping
from dataclasses import replace

from convsight.augmentation import (
    Augmentation,
    ImageAugmentation,
    TargetKind,
    Variation,
    VolumeAugmentation,
    in_words,
)
from convsight.augmentation.class_names import names_a_side, reads_as_text
from convsight.datasets import Dataset
from convsight.inputs import InputSpec, VolumeInput, as_image
from convsight.settings import TrainSettings

_SMALL_SIDE = 40  # pixels; below it a shift of one pixel matters and interpolation blurs
_MANY = 20_000  # training images; above it little variation is enough for a short training

_LIGHT_SMALL = Variation(shift=1 / 28)
_LIGHT = Variation(shift=0.06, zoom=0.1, rotate=5, light=0.1)
_LIGHT_VOLUME = Variation(shift=0.05, zoom=0.1, rotate=8, light=0.1)
_STRONG_VOLUME = Variation(shift=0.1, zoom=0.2, rotate=15, light=0.2)
_STRONG = Variation(shift=0.1, zoom=0.2, rotate=12, light=0.25)


def choose_augmentation(
    dataset: Dataset, spec: InputSpec, settings: TrainSettings, targets: Mapping[str, TargetKind]
) -> Augmentation:
    """The variation for a data set whose target names classes, with the reasons; `targets` are those of the task."""
    if isinstance(spec, VolumeInput):
        return _of_volumes(dataset, settings, targets)
    image = as_image(spec, dataset.task)
    variation, why = _amount(len(dataset.split("train")), min(image.height, image.width), settings)
    horizontal, vertical, why_flip = _flips(dataset, settings)
    variation = replace(variation, flip_horizontal=horizontal, flip_vertical=vertical)
    reasons = (f"augmentation: {in_words(variation)}", why, why_flip)
    return ImageAugmentation(variation, targets, reasons)


def _of_volumes(dataset: Dataset, settings: TrainSettings, targets: Mapping[str, TargetKind]) -> VolumeAugmentation:
    """Volumes vary less by themselves than photos do: what is scanned lies in one orientation."""
    amounts = {"none": Variation(), "strong": _STRONG_VOLUME}
    horizontal, vertical, why_flip = _flips(dataset, settings)
    variation = replace(
        amounts.get(settings.augment, _LIGHT_VOLUME), flip_horizontal=horizontal, flip_vertical=vertical
    )
    why = f"variation of volumes: --augment {settings.augment}"
    return VolumeAugmentation(variation, targets, (f"augmentation: {in_words(variation)}", why, why_flip))


def _amount(images: int, side: int, settings: TrainSettings) -> tuple[Variation, str]:
    light = _LIGHT_SMALL if side <= _SMALL_SIDE else _LIGHT
    if settings.augment == "none":
        return Variation(), "no variation: --augment none"
    if settings.augment == "light":
        return light, "light variation: --augment light"
    if settings.augment == "strong":
        return _STRONG, "strong variation: --augment strong"
    if images >= _MANY:
        return light, f"light variation: {images:,} training images vary enough by themselves"
    return _STRONG, f"strong variation: {images:,} training images are few"


def _flips(dataset: Dataset, settings: TrainSettings) -> tuple[bool, bool, str]:
    if settings.flip != "auto":
        return settings.flip != "none", settings.flip == "both", f"flips: --flip {settings.flip}"
    if not dataset.classes_named:
        return (
            False,
            False,
            "no flips: nothing says that the classes are not digits or letters; --flip horizontal if so",
        )
    if reads_as_text(dataset.target.names):
        return False, False, "no flips: the classes read as digits or letters; --flip horizontal if they are not"
    sided = [name for name in dataset.target.names if names_a_side(name)]
    if sided:
        return False, False, f"no flips: the class {sided[0]!r} names a side; --flip horizontal if it is none"
    return True, False, "horizontal flips: the classes name neither digits, letters nor sides"
