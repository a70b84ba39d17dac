"""Training samples that vary from epoch to epoch, with everything that is true of them."""

from convsight.augmentation.augmentation import Augmentation, Unchanged
from convsight.augmentation.batch import Batch
from convsight.augmentation.image_augmentation import ImageAugmentation
from convsight.augmentation.kinds import (
    BoxTarget,
    ClassTarget,
    DenseTarget,
    MaskTarget,
    MixableTarget,
    PointTarget,
    ShareTarget,
    TargetKind,
    Whole,
)
from convsight.augmentation.variation import Variation, in_words
from convsight.augmentation.volume_augmentation import VolumeAugmentation
from convsight.augmentation.warp import Warp

__all__ = [
    "Augmentation",
    "Batch",
    "BoxTarget",
    "ClassTarget",
    "DenseTarget",
    "ImageAugmentation",
    "MaskTarget",
    "MixableTarget",
    "PointTarget",
    "ShareTarget",
    "TargetKind",
    "Unchanged",
    "Variation",
    "VolumeAugmentation",
    "Warp",
    "Whole",
    "in_words",
]
