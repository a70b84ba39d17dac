"""Things with their pixels from what other kinds of questions know: boxes whose pixels are known."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from convsight.datasets import Dataset
from convsight.datasets.masks.adopt import with_things
from convsight.results import Boxes, BoxLists
from convsight.results.instance_lists import InstanceLists
from convsight.results.masks import mask_column, masks_of_ids
from convsight.targets import Targets


def as_instances(dataset: Dataset) -> Dataset | None:
    """The images of `dataset` with things: boxes whose pixels are known, or what its files tell; None for all else."""
    splits = dataset.splits
    if not all(_known(split.targets) for split in splits.values()):
        return with_things(dataset)
    found = {name: replace(split, targets=_things(split.targets)) for name, split in splits.items()}
    return replace(dataset, task="instances", splits=found)


def _known(targets: Targets) -> bool:
    return isinstance(targets, BoxLists) and targets.knows_pixels


def _things(targets: Targets) -> InstanceLists:
    if not isinstance(targets, BoxLists):
        raise TypeError(f"expected boxes, not {type(targets).__name__}")
    sources: list[Callable[[], Boxes]] = [partial(_with_masks, targets, row) for row in range(len(targets))]
    return InstanceLists(sources, targets.classes)


def _with_masks(targets: BoxLists, row: int) -> Boxes:
    boxes = targets[row]
    masks = masks_of_ids(targets.box_of_pixels(row), count=len(boxes))  # some may show no pixel
    return boxes.with_columns(mask=mask_column(masks))
