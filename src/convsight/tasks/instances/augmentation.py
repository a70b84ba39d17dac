"""How pictures of things vary, their pixels with them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from convsight.augmentation import ImageAugmentation, TargetKind, Variation, in_words
from convsight.augmentation.class_names import names_a_side, reads_as_text
from convsight.datasets import Dataset, Split
from convsight.inputs import InputSpec, as_image
from convsight.settings import TrainSettings
from convsight.spread import evenly
from convsight.tasks.instances.light.settings import InstanceSettings

_LIGHT = Variation(shift=0.06, zoom=0.15, rotate=5, light=0.1, saturation=0.1)
_STRONG = Variation(shift=0.15, zoom=0.3, rotate=15, light=0.25, saturation=0.3)
_ALL_TURNS = 180.0  # degrees
_CROWD = 8  # things of a picture, in the median, from which those of one class have no up
_LOOKED_AT = 50  # pictures that are looked at for that


def choose_augmentation(
    dataset: Dataset, spec: InputSpec, settings: TrainSettings, targets: Mapping[str, TargetKind]
) -> ImageAugmentation:
    """The variation for a data set, with the reasons; `targets` are the kinds of those of the task."""
    as_image(spec, dataset.task)
    turned, why = _turns(dataset, settings)
    amount = {"none": Variation(), "light": _LIGHT}.get(settings.augment, _STRONG)
    varies = settings.augment != "none"
    names = dataset.target.names
    flips = varies and not reads_as_text(names) and not any(names_a_side(name) for name in names)
    variation = replace(
        amount,
        rotate=_ALL_TURNS if turned and varies else amount.rotate,
        flip_horizontal=flips if settings.flip == "auto" else settings.flip != "none",
        flip_vertical=flips and turned if settings.flip == "auto" else settings.flip == "both",
    )
    return ImageAugmentation(variation, targets, (f"augmentation: {in_words(variation)}", *([why] if why else [])))


def _turns(dataset: Dataset, settings: TrainSettings) -> tuple[bool, str]:
    """Whether pictures may be turned in any way, and why where the user did not say."""
    own = InstanceSettings.of(settings)
    if own.turn != "auto" or settings.augment == "none":
        return own.turn == "any", ""
    if len(dataset.target.names) > 1:
        return False, ""
    things = _things(dataset.split("train"))
    if things < _CROWD:
        return False, ""
    return True, f"any turn: {things:.0f} things of one class a picture have no up; --turn slight if they have"


def _things(split: Split) -> float:
    """The median number of things in some pictures."""
    return float(np.median([len(split.targets[row]) for row in evenly(len(split), _LOOKED_AT)]))  # type: ignore[arg-type]
