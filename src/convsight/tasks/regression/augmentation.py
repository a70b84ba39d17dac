"""Which variations of a training image keep its numbers, which nothing but their names tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from convsight.augmentation import ImageAugmentation, MixableTarget, ShareTarget, Variation, Warp, in_words
from convsight.augmentation.warp_steps import HeightWidth
from convsight.datasets import Dataset
from convsight.errors import UserError, unknown_name
from convsight.inputs import InputSpec, as_image
from convsight.settings import TrainSettings
from convsight.tasks.regression.light.settings import RegressionSettings

# A number may be a size, a turn or a place: by itself an image is neither zoomed nor turned, and hardly moved.
_CAREFUL = Variation(shift=1 / 28, light=0.1)
_LIGHT = Variation(shift=0.06, zoom=0.1, rotate=5, light=0.1)
_STRONG = Variation(shift=0.1, zoom=0.2, rotate=12, light=0.25)


@final
@dataclass(frozen=True)
class SignedNumbers(MixableTarget):
    """Numbers (batch, numbers) of which those at `negated` change their sign in a mirror image; mixtures have means."""

    negated: tuple[int, ...]

    def warped(self, name: str, targets: Mapping[str, Tensor], warp: Warp, size: HeightWidth) -> dict[str, Tensor]:
        values = targets[name]
        signs = torch.ones(values.shape[1], device=values.device, dtype=values.dtype)
        signs[list(self.negated)] = -1
        for step in warp.steps:
            if step.mirrored is not None:
                values = torch.where(step.mirrored[:, None], values * signs, values)
        return {name: values}

    def mixed(self, values: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
        return ShareTarget().mixed(values, partners, shares)


def choose_augmentation(dataset: Dataset, spec: InputSpec, settings: TrainSettings, name: str) -> ImageAugmentation:
    """The variation for a data set, with the reasons for it; `name` is that of the target.

    Raises `UserError` where numbers that change their sign are none of the data, or images are not mirrored.
    """
    as_image(spec, "regression")
    variation, why = _amount(settings)
    horizontal, vertical, why_flip = _flips(settings)
    negated = RegressionSettings.of(settings).negated
    for each in negated:
        if each not in dataset.target.names:
            raise UserError(f"--flip-negates: {unknown_name('number', each, dataset.target.names)}")
    if negated and not (horizontal and not vertical):
        raise UserError(
            f"--flip-negates {','.join(negated)} is for images that are mirrored left to right, but --flip is "
            f"{settings.flip}; leave one of both out"
        )
    kind = SignedNumbers(tuple(dataset.target.names.index(each) for each in negated)) if negated else ShareTarget()
    variation = replace(variation, flip_horizontal=horizontal, flip_vertical=vertical)
    return ImageAugmentation(variation, {name: kind}, (f"augmentation: {in_words(variation)}", why, why_flip))


def _amount(settings: TrainSettings) -> tuple[Variation, str]:
    if settings.augment == "auto":
        return _CAREFUL, (
            "little variation: the numbers may be sizes, turns or places; --augment light or strong if they are none"
        )
    amounts = {"none": Variation(), "light": _LIGHT, "strong": _STRONG}
    return amounts[settings.augment], f"variation: --augment {settings.augment}"


def _flips(settings: TrainSettings) -> tuple[bool, bool, str]:
    negated = RegressionSettings.of(settings).negated
    if settings.flip == "auto" and negated:
        return True, False, f"horizontal flips, in which {' and '.join(negated)} change sign: --flip-negates"
    if settings.flip == "auto":
        return (
            False,
            False,
            (
                "no flips: a mirror image may have other numbers; --flip horizontal if it has the same, --flip-negates "
                "NAME if they change their sign, as steering does"
            ),
        )
    return settings.flip != "none", settings.flip == "both", f"flips: --flip {settings.flip}"
