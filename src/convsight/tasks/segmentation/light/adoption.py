"""Classes of pixels from what other kinds of questions know: things with known pixels, on a background; segments."""

from dataclasses import replace
from functools import partial

from convsight.datasets import Dataset
from convsight.datasets.masks.adopt import BACKGROUND, with_classes
from convsight.results import BoxLists, ClassMaps
from convsight.targets import Palette, Targets


def as_class_maps(dataset: Dataset) -> Dataset | None:
    """The images of `dataset` with a class for every pixel; None where the data do not tell it.

    Boxes whose pixels are known tell it, and what `with_classes` knows of. What no thing covers is the class
    `background`, the first.
    """
    splits = dataset.splits
    if not all(isinstance(split.targets, BoxLists) and split.targets.knows_pixels for split in splits.values()):
        return with_classes(dataset)
    names = (BACKGROUND, *dataset.target.names)
    maps = {name: replace(split, targets=_maps(split.targets, names)) for name, split in splits.items()}
    return replace(dataset, task="segmentation", target=Palette.of(names), splits=maps, listed=())


def _maps(targets: Targets, names: tuple[str, ...]) -> ClassMaps:
    if not isinstance(targets, BoxLists):
        raise TypeError(f"expected boxes, not {type(targets).__name__}")
    return ClassMaps([partial(targets.class_of_pixels, row) for row in range(len(targets))], names)
