"""Stacks of slices for tests: folders of images, and TIFFs of pages."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image


def write_slices(folder: Path, voxels: NDArray[Any], suffix: str = "png", first: int = 1) -> Path:
    """`voxels` (depth, height, width) as `slice1.png`, `slice2.png`, ..., so that 10 comes before 2 by its letters."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(voxels, first):
        Image.fromarray(each).save(folder / f"slice{number}.{suffix}")
    return folder


def write_pages(file: Path, voxels: NDArray[Any]) -> Path:
    """`voxels` (depth, height, width) as the pages of a TIFF."""
    file.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(Image.fromarray, voxels)
    first.save(file, save_all=True, append_images=others)
    return file
