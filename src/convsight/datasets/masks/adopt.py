"""What data tell of pixels besides what they are read as: things of outlines, classes of things and of segments.

A format decides what its data are for; a task that the user names may take something else from them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.boxes.coco import is_coco, is_coco_by_another_name, read_coco
from convsight.datasets.boxes.cvat import is_cvat, read_cvat
from convsight.datasets.boxes.labelme import is_labelme, read_labelme
from convsight.datasets.boxes.yolo import is_yolo, read_yolo
from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.masks.cityscapes import is_cityscapes, read_cityscapes_segments, read_cityscapes_things
from convsight.datasets.masks.coco_panoptic import is_coco_panoptic, read_coco_panoptic
from convsight.datasets.masks.footprints import is_footprints, read_footprint_things
from convsight.datasets.masks.instance_source import PicturedThings, instances_dataset
from convsight.datasets.masks.mapillary import is_mapillary, read_mapillary_things
from convsight.datasets.masks.voc_masks import is_voc_masks, read_voc_masks, read_voc_things
from convsight.results import Boxes, ClassMaps, InstanceLists, MaskSource, PanopticMaps
from convsight.results.masks import masks_of
from convsight.targets import Palette, Targets

BACKGROUND = "background"

# What reads the things of data that are read as something else.
_THINGS: tuple[tuple[Callable[[Path], bool], Callable[[Path], Dataset | None]], ...] = (
    (is_coco, partial(read_coco, outlines=True)),
    (is_coco_by_another_name, partial(read_coco, outlines=True)),
    (is_voc_masks, read_voc_things),
    (is_yolo, partial(read_yolo, outlines=True)),
    (is_labelme, partial(read_labelme, outlines=True)),
    (is_cvat, partial(read_cvat, outlines=True)),
    (is_cityscapes, read_cityscapes_things),
    (is_mapillary, read_mapillary_things),
    (is_footprints, read_footprint_things),
)


def with_things(dataset: Dataset) -> Dataset | None:
    """The things of the images of `dataset`, with their pixels; None where the data do not tell them.

    They are told by outlines of COCO, YOLO, labelme and CVAT, VOC's SegmentationObject, numbers of Cityscapes' and
    Mapillary's things, footprints, and segments of things.
    """
    if holds(dataset, InstanceLists):
        return dataset
    if holds(dataset, PanopticMaps):
        return _things_of_segments(dataset)
    path = Path(dataset.source)
    read = next((reads for recognises, reads in _THINGS if path.exists() and recognises(path)), None)
    return read(path) if read else None


def with_classes(dataset: Dataset) -> Dataset | None:
    """A class for every pixel of the images of `dataset`; None where the data do not tell it.

    It is told by VOC's SegmentationClass, by segments, and by things: what no thing covers is `background`, and where
    several cover a pixel, it is of the smallest.
    """
    if holds(dataset, ClassMaps):
        return dataset
    if holds(dataset, PanopticMaps):
        return _classes_of_segments(dataset)
    path = Path(dataset.source)
    if path.exists() and is_voc_masks(path):
        return read_voc_masks(path)
    things = with_things(dataset)
    return None if things is None else _classes_of_things(things)


def with_segments(dataset: Dataset) -> Dataset | None:
    """The segments of the images of `dataset`; None where the data do not tell them."""
    if holds(dataset, PanopticMaps):
        return dataset
    path = Path(dataset.source)
    if path.exists() and is_cityscapes(path):
        return read_cityscapes_segments(path)
    return read_coco_panoptic(path) if path.exists() and is_coco_panoptic(path) else None


def holds(dataset: Dataset, kind: type[Targets]) -> bool:
    """Whether all targets of the data are of that kind."""
    return all(isinstance(split.targets, kind) for split in dataset.splits.values())


def _classes_of_things(dataset: Dataset) -> Dataset:
    palette = Palette.of((BACKGROUND, *dataset.target.names))

    def classes(split: Split) -> Split:
        things = split.targets
        assert isinstance(things, InstanceLists)
        sources: list[MaskSource] = [_Painted(things, row, palette.unknown) for row in range(len(split))]
        return replace(split, targets=ClassMaps(sources, palette.names, palette.colours, palette.unknown))

    splits = {name: classes(split) for name, split in dataset.splits.items()}
    return replace(dataset, task="segmentation", target=palette, splits=splits, listed=())


@dataclass(frozen=True)
class _Painted:
    """The classes of an image's pixels: 0 for none, else that of the smallest thing there, from 1."""

    things: InstanceLists
    row: int
    unknown: int

    def __call__(self) -> NDArray[Any]:
        return painted(self.things[self.row], self.unknown)


def painted(boxes: Boxes, unknown: int) -> NDArray[Any]:
    """The class, from 1, of the smallest of the things at each pixel (height, width); 0 where there is none.

    Where only what is difficult is seen, which nobody need find, it is `unknown`.
    """
    found = np.zeros(boxes.size[::-1], np.uint8 if unknown < 256 else np.uint16)
    masks = masks_of(boxes.columns["mask"], boxes.size)
    for row in sorted(range(len(boxes)), key=lambda each: (not boxes.difficult[each], -masks[each].area)):
        found[masks[row].place][masks[row].pixels] = unknown if boxes.difficult[row] else boxes.labels[row] + 1
    return found


def _classes_of_segments(dataset: Dataset) -> Dataset:
    palette = dataset.target
    assert isinstance(palette, Palette)

    def classes(split: Split) -> Split:
        maps = split.targets
        sources: list[MaskSource] = [_OfSegments(maps, row, palette.unknown) for row in range(len(split))]
        return replace(split, targets=ClassMaps(sources, palette.names, palette.colours, palette.unknown))

    splits = {name: classes(split) for name, split in dataset.splits.items()}
    return replace(dataset, task="segmentation", target=palette.model_copy(update={"things": None}), splits=splits)


@dataclass(frozen=True)
class _OfSegments:
    """The classes of the pixels of an image in segments."""

    maps: Any
    row: int
    unknown: int

    def __call__(self) -> NDArray[Any]:
        found: NDArray[Any] = self.maps[self.row].class_of_pixels(self.unknown)
        return found


def _things_of_segments(dataset: Dataset) -> Dataset:
    palette = dataset.target
    assert isinstance(palette, Palette)
    kinds = palette.things or ()
    index = np.array([kinds.index(name) if name in kinds else -1 for name in palette.names], np.int64)
    things = [
        PicturedThings(picture, name, split.name, partial(_things_in, split.targets, row, kinds, index))
        for split in dataset.splits.values()
        for row, (picture, name) in enumerate(zip(split.images, split.names, strict=True))
    ]
    return instances_dataset(Path(dataset.source), things, kinds)


def _things_in(maps: Any, row: int, kinds: tuple[str, ...], index: NDArray[np.int64]) -> Boxes:
    found: Boxes = maps[row].instances()
    return found.relabelled(kinds, index)
