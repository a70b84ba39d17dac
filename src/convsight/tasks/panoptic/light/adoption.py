"""Panoptic maps from what other kinds of questions know: things whose pixels are known, on a background of stuff."""

from dataclasses import replace
from functools import partial

import numpy as np

from convsight.datasets import Dataset
from convsight.datasets.masks.adopt import BACKGROUND, with_segments, with_things
from convsight.results import BoxLists, InstanceLists, PanopticMap, PanopticMaps
from convsight.results.masks import ids_of_masks
from convsight.targets import Palette, Targets


def things_of(palette: Palette) -> tuple[bool, ...]:
    """Of each class whether its things are told apart."""
    return tuple(name in (palette.things or ()) for name in palette.names)


def as_panoptic_maps(dataset: Dataset) -> Dataset | None:
    """The images of `dataset` with a segment for every pixel: of segments, or of things whose pixels are known.

    What no thing covers is stuff of the class `background`, the first; where several cover a pixel, it is of the
    smallest. None for all else.
    """
    if found := with_segments(dataset):
        return found
    if not all(_known(split.targets) for split in dataset.splits.values()):
        things = with_things(dataset)
        return None if things is None else as_panoptic_maps(things)
    names = dataset.target.names
    palette = Palette.of((BACKGROUND, *names)).model_copy(update={"things": names})
    maps = {name: replace(split, targets=_maps(split.targets, palette)) for name, split in dataset.splits.items()}
    return replace(dataset, task="panoptic", target=palette, splits=maps, listed=())


def _known(targets: Targets) -> bool:
    return isinstance(targets, InstanceLists) or (isinstance(targets, BoxLists) and targets.knows_pixels)


def _maps(targets: Targets, palette: Palette) -> PanopticMaps:
    if not isinstance(targets, BoxLists | InstanceLists):
        raise TypeError(f"expected things, not {type(targets).__name__}")
    sources = [partial(_map, targets, row, palette) for row in range(len(targets))]
    return PanopticMaps(sources, palette.names, things_of(palette))


def _map(targets: BoxLists | InstanceLists, row: int, palette: Palette) -> PanopticMap:
    """The map of one image: things have the numbers of their rows, from 1, and the background comes after them."""
    boxes = targets[row]
    if isinstance(targets, BoxLists):
        ids = targets.box_of_pixels(row).astype(np.int32)
    else:
        masks = boxes.masks
        order = np.argsort([mask.area for mask in masks], kind="stable")
        ids = np.append(0, order + 1)[ids_of_masks([masks[each] for each in order.tolist()], boxes.size)]
    found = np.where(ids > 0, ids, len(boxes) + 1)
    numbers = np.unique(found)  # some things may show no pixel, and some images no background
    labels, crowd = np.append(boxes.labels + 1, 0), np.append(boxes.crowd, False)
    return PanopticMap.of(
        palette.names, things_of(palette), found, numbers, labels[numbers - 1], crowd=crowd[numbers - 1]
    )
