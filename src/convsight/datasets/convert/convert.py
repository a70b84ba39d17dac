"""`convert`: data with boxes, in any format that is read, as a new folder in another."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from convsight.datasets.convert.box_table import table_images, write_table
from convsight.datasets.convert.coco import coco_images, write_coco
from convsight.datasets.convert.convert_masks import MASK_WRITERS, write_masks
from convsight.datasets.convert.converted_image import (
    ConvertedImage,
    Naming,
    all_classes,
    converted_images,
    flat_names,
    names_in_a_folder_a_split,
    names_in_one_folder,
)
from convsight.datasets.convert.voc import voc_images, write_voc
from convsight.datasets.convert.volume_masks import VOLUMES, write_volumes
from convsight.datasets.convert.yolo import write_yolo, yolo_images
from convsight.datasets.dataset import Dataset
from convsight.datasets.volume_range import are_volumes
from convsight.errors import UserError, unknown_name
from convsight.new_folder import new_folder
from convsight.progress import Listener


class Writer(NamedTuple):
    """A format: the folder for the images of a split, their names there, and what writes the rest and tells losses."""

    image_folder: Callable[[str], str]
    naming: Naming
    write: Callable[[Path, Sequence[ConvertedImage], tuple[str, ...]], Iterator[str]]


WRITERS = {
    "coco": Writer(coco_images, names_in_a_folder_a_split, write_coco),
    "voc": Writer(voc_images, flat_names, write_voc),
    "yolo": Writer(yolo_images, names_in_a_folder_a_split, write_yolo),
    "csv": Writer(table_images, names_in_one_folder, write_table),
}


class Converted(NamedTuple):
    """What was written, and in words what the format could not hold; `boxes` are 0 where it has none."""

    folder: str
    format: str
    pictures: int
    boxes: int
    lost: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return self._asdict() | {"lost": list(self.lost)}


def convert(dataset: Dataset, out: Path, to: str, listener: Listener, *, link: bool = False) -> Converted:
    """Write `dataset` in the format `to`, a key of `WRITERS` or `MASK_WRITERS` or `VOLUMES`, as the new folder `out`.

    The folder appears whole or not at all. Images are copied, or with `link` linked to; pixels without file become
    PNG. Names of images stay, with their folders only where they are equal without them. Classes without a box stay.

    Raises `UserError` where `dataset` holds no boxes (or not what masks need), or `out` is there already or cannot be
    written.
    """
    total = sum(len(split) for split in dataset.splits.values())
    if to == VOLUMES:
        with new_folder(out) as folder:
            write_volumes(dataset, folder, listener, link=link)
        return Converted(str(out), to, total, 0, ())
    if (to in MASK_WRITERS or to in WRITERS) and are_volumes(next(iter(dataset.splits.values())).images):
        raise UserError(f"{dataset.source} holds volumes, and {to} is for images; choose --to {VOLUMES}")
    if to in MASK_WRITERS:
        with new_folder(out) as folder:
            lost = write_masks(dataset, folder, to, listener, link=link)
        return Converted(str(out), to, total, 0, lost)
    if to not in WRITERS:
        raise unknown_name("format", to, (*WRITERS, *MASK_WRITERS, VOLUMES))
    writer = WRITERS[to]
    images = converted_images(dataset, writer.naming)
    with new_folder(out) as folder, listener.counting("bringing images", len(images)) as advance:
        places = {split: folder / writer.image_folder(split) for split in dataset.splits}
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        for image in images:
            image.bring(places[image.split], link)
            advance(1)
        lost = tuple(writer.write(folder, images, all_classes(dataset)))
    boxes = sum(len(image.boxes) for image in images)
    return Converted(str(out), to, len(images), boxes, (*_renamed(dataset, images), *lost))


def _renamed(dataset: Dataset, images: Sequence[ConvertedImage]) -> Iterator[str]:
    before = [PurePosixPath(name).stem for split in dataset.splits.values() for name in split.names]
    renamed = [image.name for stem, image in zip(before, images, strict=True) if PurePosixPath(image.name).stem != stem]
    if renamed:
        yield f"{len(renamed):,} images have new names, since some shared one (such as {renamed[0]})"
