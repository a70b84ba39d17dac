"""Training samples that vary from epoch to epoch, with everything that is true of them."""

from convsight.augmentation.augmentation import Augmentation, Unchanged
from convsight.augmentation.batch import Batch
from convsight.augmentation.image_augmentation import ImageAugmentation, Variation, describe

__all__ = ["Augmentation", "Batch", "ImageAugmentation", "Unchanged", "Variation", "describe"]
