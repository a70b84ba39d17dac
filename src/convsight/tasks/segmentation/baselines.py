"""What answers reach that look at no image: the most frequent class everywhere, and that of each place."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Examples
from convsight.metrics import Measured
from convsight.results import ClassMap, ClassMaps
from convsight.spread import evenly
from convsight.targets import class_maps
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics
from convsight.tasks.segmentation.mask_tensors import MaskTensors

_LOOKED_AT = 1000  # training masks that tell what is usual where
_AT_ONCE = 16
_TOLD = ("mIoU", "pixel_accuracy")


def majority_baseline(train: ClassMaps, judged: ClassMaps) -> dict[str, Measured]:
    """Every pixel predicted as the class that most of the training pixels have.

    >>> maps = ClassMaps([np.array([[0, 1, 1, 1]], np.uint8)], ("sky", "road"))
    >>> {name: found.value for name, found in majority_baseline(maps, maps).items()}
    {'mIoU': 0.375, 'pixel_accuracy': 0.75}
    """
    most = int(train.pixels().sum(axis=0).argmax())
    return _judged(judged, lambda target, _: np.full_like(target.indices, most))


def place_baseline(train: Examples, judged: Examples) -> dict[str, Measured]:
    """Every pixel predicted as the class that is most frequent at its place in the training images."""
    usual = usual_classes(train)
    images = judged.images

    def predicted(target: ClassMap, index: int) -> NDArray[np.uint8 | np.uint16]:
        geometry = images.spec.geometry(images.size(index))
        return geometry.mask_back(usual, target.ignore_index).astype(target.indices.dtype)

    return _judged(class_maps(judged.targets), predicted)


def usual_classes(train: Examples) -> NDArray[np.int64]:
    """The most frequent class of each place of the input (*sides), of at most 1,000 training masks."""
    masks, classes = MaskTensors(train, "mask"), len(class_maps(train.targets).classes)
    counts = np.zeros((classes, *train.images.spec.planes_shape[1:]), np.int32)
    chosen = np.array(evenly(len(train), _LOOKED_AT))
    for start in range(0, len(chosen), _AT_ONCE):
        some = masks.take(chosen[start : start + _AT_ONCE])["mask"].numpy()
        for index in np.unique(some[some < classes]).tolist():
            counts[index] += (some == index).sum(axis=0, dtype=np.int32)
    found: NDArray[np.int64] = counts.argmax(axis=0)
    return found


def _judged(targets: ClassMaps, predicted: Callable[[ClassMap, int], NDArray[np.integer]]) -> dict[str, Measured]:
    metrics = ClassMapMetrics(targets.classes)
    for index in range(len(targets)):
        target = targets[index]
        said = predicted(target, index)
        metrics.update(target, ClassMap(target.classes, target.colours, said, target.ignore_index))
    found = metrics.compute()
    return {name: found[name] for name in _TOLD}
