"""Classes of pixels as PNGs of indices: masks/ beside images/, or as Pascal VOC lays them out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from convsight.datasets.convert.mask_images import MaskImage, colours_of, folder_of, split_lists, write_indices
from convsight.datasets.dataset import Dataset
from convsight.results import ClassMap
from convsight.words import counted

_VOC_LISTS = "ImageSets/Segmentation"


def pair_images(split: str) -> str:
    """The folder for the images of `split`."""
    return f"images/{folder_of(split)}"


def write_pairs(folder: Path, images: Sequence[MaskImage], dataset: Dataset) -> Iterator[str]:
    """Write masks/ and classes.csv into `folder`; returns what is lost, in words."""
    colours = colours_of(dataset)
    for image in images:
        target = image.target()
        assert isinstance(target, ClassMap)
        write_indices(folder / "masks" / folder_of(image.split) / f"{image.stem}.png", target.indices, colours)
    names = [_quoted(name) for name in dataset.target.names]
    if len(set(colours)) == len(colours):
        rows = [f"{row},{name},{r},{g},{b}\n" for row, (name, (r, g, b)) in enumerate(zip(names, colours, strict=True))]
        header = "id,name,r,g,b\n"
    else:
        header, rows = "id,name\n", [f"{row},{name}\n" for row, name in enumerate(names)]
        yield "the colours of the classes are lost, since some share one"
    (folder / "classes.csv").write_text("".join([header, *rows]), encoding="utf-8")


def voc_mask_images(split: str) -> str:
    """The folder for the images of `split`: one for all."""
    return "JPEGImages"


def write_voc_masks(folder: Path, images: Sequence[MaskImage], dataset: Dataset) -> Iterator[str]:
    """Write SegmentationClass/, lists and labelmap.txt into `folder`; returns what is lost, in words."""
    colours = colours_of(dataset)
    wide = 0
    for image in images:
        target = image.target()
        assert isinstance(target, ClassMap)
        wide += target.indices.dtype != np.uint8
        write_indices(folder / "SegmentationClass" / f"{image.stem}.png", target.indices, colours)
    lines = [f"{name}:{r},{g},{b}::\n" for name, (r, g, b) in zip(dataset.target.names, colours, strict=True)]
    (folder / "labelmap.txt").write_text("".join(["# label:color_rgb:parts:actions\n", *lines]), encoding="utf-8")
    for name, text in split_lists(images):
        (folder / _VOC_LISTS).mkdir(parents=True, exist_ok=True)
        (folder / _VOC_LISTS / name).write_text(text, encoding="utf-8")
    if wide:
        yield f"{counted(wide, 'mask')} of more than 255 classes are of 16 bits, which readers of VOC may refuse"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n') else name
