"""`convert` between formats of masks: what of the data goes into each, and what that loses."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.convert.class_masks import pair_images, voc_mask_images, write_pairs, write_voc_masks
from convsight.datasets.convert.converted_image import (
    Naming,
    flat_names,
    names_in_a_folder_a_split,
)
from convsight.datasets.convert.mask_images import MaskImage, mask_images
from convsight.datasets.convert.thing_masks import id_images, panoptic_images, write_ids, write_panoptic
from convsight.datasets.dataset import Dataset
from convsight.datasets.masks.adopt import holds, with_classes, with_segments, with_things
from convsight.errors import UserError
from convsight.progress import Listener
from convsight.results import ClassMaps, PanopticMaps
from convsight.words import counted


class MaskWriter(NamedTuple):
    """A format: what it holds of data (and what to call that), the folder for a split's images, and what writes it."""

    holds: str
    takes: Callable[[Dataset], Dataset | None]
    image_folder: Callable[[str], str]
    naming: Naming
    write: Callable[[Path, Sequence[MaskImage], Dataset], Iterator[str]]


def _any(dataset: Dataset) -> Dataset | None:
    """Segments, or things, or classes: whatever of these the data tell first."""
    return with_segments(dataset) or with_things(dataset) or with_classes(dataset)


MASK_WRITERS = {
    "masks": MaskWriter("a class for every pixel", with_classes, pair_images, names_in_a_folder_a_split, write_pairs),
    "voc-masks": MaskWriter("a class for every pixel", with_classes, voc_mask_images, flat_names, write_voc_masks),
    "instances": MaskWriter("things with their pixels", with_things, id_images, names_in_a_folder_a_split, write_ids),
    "panoptic": MaskWriter("segments", _any, panoptic_images, flat_names, write_panoptic),
}


def write_masks(dataset: Dataset, folder: Path, to: str, listener: Listener, *, link: bool) -> tuple[str, ...]:
    """Write `dataset` as `to`, a key of `MASK_WRITERS`, into the folder; returns what is lost, in words.

    Raises `UserError` where the data do not tell what the format holds, and for a mask that cannot be used.
    """
    writer = MASK_WRITERS[to]
    taken = writer.takes(dataset)
    if taken is None:
        raise UserError(
            f"{dataset.source} holds targets of {dataset.task}, which do not tell {writer.holds}, as {to} needs"
        )
    images = mask_images(taken, writer.naming)
    with listener.counting("bringing images", len(images)) as advance:
        for image in images:
            image.bring(folder / writer.image_folder(image.split), link)
            advance(1)
    return (*_lost_on_the_way(dataset, taken), *writer.write(folder, images, taken))


def _lost_on_the_way(before: Dataset, after: Dataset) -> Iterator[str]:
    """What is lost before anything is written, since other targets are taken from the data."""
    if before is after:
        return
    if holds(after, ClassMaps):
        yield "which pixels are of one thing is lost; those that no thing covers are background"
    elif holds(before, PanopticMaps):
        left = [name for name in before.target.names if name not in after.target.names]
        yield f"{counted(len(left), 'class', 'es')} that are no things, or of which there are none, are lost"
