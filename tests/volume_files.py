"""NIfTI files for tests, as nibabel writes them."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

nibabel: Any = import_module("nibabel")  # whose functions have no types
orientations: Any = import_module("nibabel.orientations")


def write_volume(file: Path, voxels: NDArray[Any], affine: NDArray[Any] | None = None) -> Path:
    """`voxels` in the order of the file's axes; `affine` takes them to mm, 1 mm a voxel unless given."""
    file.parent.mkdir(parents=True, exist_ok=True)
    nibabel.Nifti1Image(voxels, np.eye(4) if affine is None else affine).to_filename(file)
    return file


def ball(sides: tuple[int, int, int], radius: float, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A bright ball in noise, and its mask."""
    grid = np.stack(np.meshgrid(*(np.arange(side) - (side - 1) / 2 for side in sides), indexing="ij"))
    mask = (np.sqrt((grid**2).sum(axis=0)) < radius).astype(np.uint8)
    noise = np.random.default_rng(seed).normal(0, 0.1, sides)
    return (100 * (mask + noise)).astype(np.float32), mask
