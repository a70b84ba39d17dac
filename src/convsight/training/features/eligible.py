"""Which variations of images can be seen ahead of the training: those that look at one image, and leave its target."""

import copy

from convsight.augmentation import Augmentation, ImageAugmentation, Unchanged, Whole
from convsight.augmentation.erasing import Erasing
from convsight.augmentation.kinds import MixableTarget
from convsight.augmentation.rand_augment import RandAugment
from convsight.augmentation.staged import Staged
from convsight.augmentation.variation import Variation


def why_not_ahead(augmentation: Augmentation) -> str:
    """Why images varied so cannot be seen ahead of the training, in words; empty where they can."""
    base, stages = (augmentation.base, augmentation.stages) if isinstance(augmentation, Staged) else (augmentation, ())
    if augmentation.together:
        return "images are mixed with others of their batch"
    if not isinstance(base, ImageAugmentation | Unchanged):
        return "the variation is not one of whole images"
    if not all(isinstance(stage, RandAugment | Erasing) for stage in stages):
        return "the variation is not one of ours"
    if not all(isinstance(kind, Whole | MixableTarget) for kind in augmentation.targets.values()):
        return "what is to be learnt varies with the image"
    return ""


def of_images_alone(augmentation: Augmentation) -> Augmentation:
    """The same variation of images that come without their targets."""
    alone = copy.copy(augmentation)
    alone.targets = {}
    if isinstance(alone, Staged):
        alone.base = of_images_alone(alone.base)
    return alone


def varies(augmentation: Augmentation) -> bool:
    """Whether any image is seen otherwise than it is."""
    if isinstance(augmentation, ImageAugmentation):
        return augmentation.variation != Variation()
    return isinstance(augmentation, Staged)
