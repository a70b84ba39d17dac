"""`MaskImage`: an image with its mask on its way into another format; masks are made one at a time."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.convert.converted_image import Naming, brought
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.results import Boxes, usual_colours
from convsight.results.box_columns import MASK
from convsight.results.masks import masks_of
from convsight.results.pixel_colours import UNKNOWN_COLOUR, Colour
from convsight.targets import Palette

_COLOURS = 256  # that a PNG of indices can have
_DEEP = 65_535


class MaskImage(NamedTuple):
    """An image of a split, the name its file will have, and what makes its target when it is asked for."""

    split: str
    name: str
    image: Path | NDArray[np.uint8]
    target: Callable[[], Any]

    @property
    def stem(self) -> str:
        """The name without suffix, with its folders."""
        return self.name.rpartition(".")[0]

    def bring(self, folder: Path, link: bool) -> None:
        """Copy the image into `folder`, or link to it; pixels become a PNG."""
        brought(self.image, folder / self.name, link)


def mask_images(dataset: Dataset, naming: Naming) -> list[MaskImage]:
    """Every image of `dataset`, split after split."""
    rows = [(split, row) for split in dataset.splits.values() for row in range(len(split))]
    paths = [split.names[row] + ("" if isinstance(split.images, list) else ".png") for split, row in rows]
    names = naming([split.name for split, _ in rows], paths)
    return [
        MaskImage(split.name, name, split.images[row], partial(split.targets.__getitem__, row))
        for (split, row), name in zip(rows, names, strict=True)
    ]


def folder_of(split: str) -> str:
    """The folder of a split, empty for data that is not cut."""
    return "" if split == UNSPLIT else split


def colours_of(dataset: Dataset) -> tuple[Colour, ...]:
    """The colours of the classes of `dataset`."""
    target = dataset.target
    return target.colours if isinstance(target, Palette) else usual_colours(target.names)


def write_indices(place: Path, indices: NDArray[Any], colours: Sequence[Colour]) -> None:
    """Write a PNG of indices (height, width): of 8 bits with the colours of the classes, else of 16 bits."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if indices.dtype != np.uint8:
        Image.fromarray(indices.astype(np.uint16)).save(place)
        return
    image = Image.fromarray(indices, "P")
    table = np.full((_COLOURS, 3), UNKNOWN_COLOUR, np.uint8)
    table[: len(colours)] = colours
    image.putpalette(table.reshape(-1).tolist())
    image.save(place)


def laid_out(boxes: Boxes) -> tuple[NDArray[np.int32], int]:
    """The number of the thing at each pixel (height, width), from 1 in the order of `boxes`; of several the smallest.

    The second number is how many pixels others had as well.
    """
    masks = masks_of(boxes.columns[MASK], boxes.size)
    found = np.zeros(boxes.size[::-1], np.int32)
    covered = 0
    for row in sorted(range(len(masks)), key=lambda each: -masks[each].area):
        part = found[masks[row].place]
        covered += int((part[masks[row].pixels] > 0).sum())
        part[masks[row].pixels] = row + 1
    return found, covered


def fits(count: int) -> type:
    """The type of an image that numbers up to `count` fit into."""
    if count > _DEEP:
        raise ValueError(f"{count:,} is more than 16 bits hold")
    return np.uint8 if count < _COLOURS else np.uint16


def split_lists(images: Sequence[MaskImage]) -> Iterator[tuple[str, str]]:
    """The name of each split's list, and its lines; nothing for data that is not cut."""
    for split in dict.fromkeys(image.split for image in images):
        if split != UNSPLIT:
            yield f"{split}.txt", "".join(f"{image.stem}\n" for image in images if image.split == split)
