"""Panoptic maps from what other kinds of questions know: things whose pixels are known, on a background of stuff."""

from dataclasses import replace
from functools import partial

import numpy as np

from convsight.datasets import Dataset
from convsight.results import BoxLists, InstanceLists, PanopticMap, PanopticMaps
from convsight.results.masks import ids_of_masks
from convsight.targets import Panoptic, Targets

BACKGROUND = "background"


def as_panoptic_maps(dataset: Dataset) -> Dataset | None:
    """The images of `dataset` with a segment for every pixel: of things whose pixels are known; None for all else.

    What no thing covers is stuff of the class `background`, the first.
    """
    splits = dataset.splits
    if not all(_known(split.targets) for split in splits.values()):
        return None
    target = Panoptic.model_validate(
        {"names": (BACKGROUND, *dataset.target.names), "things": (False, *[True] * len(dataset.target.names))}
    )
    maps = {name: replace(split, targets=_maps(split.targets, target)) for name, split in splits.items()}
    return replace(dataset, task="panoptic", target=target, splits=maps, listed=())


def _known(targets: Targets) -> bool:
    return isinstance(targets, InstanceLists) or (isinstance(targets, BoxLists) and targets.knows_pixels)


def _maps(targets: Targets, target: Panoptic) -> PanopticMaps:
    if not isinstance(targets, BoxLists | InstanceLists):
        raise TypeError(f"expected things, not {type(targets).__name__}")
    sources = [partial(_map, targets, row, target) for row in range(len(targets))]
    return PanopticMaps(sources, target.names, target.things, target.colours)


def _map(targets: BoxLists | InstanceLists, row: int, target: Panoptic) -> PanopticMap:
    """The map of one image: things are numbered from 1 on, as in their list, and the background comes after them."""
    boxes = targets[row]
    ids = targets.box_of_pixels(row) if isinstance(targets, BoxLists) else ids_of_masks(boxes.masks, boxes.size)
    found = np.where(ids > 0, ids, len(boxes) + 1)
    numbers = np.unique(found)  # some things may show no pixel, and some images no background
    labels, crowd = np.append(boxes.labels + 1, 0), np.append(boxes.crowd, False)
    return PanopticMap.of(
        target.names,
        target.things,
        found,
        numbers,
        labels[numbers - 1],
        colours=target.colours,
        crowd=crowd[numbers - 1],
    )
