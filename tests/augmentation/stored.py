"""Augmented batches whose bits are stored, and what tells whether this processor rounds as the one that stored them."""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convsight.augmentation import Batch, ImageAugmentation, Variation
from convsight.rng import RngKeys
from convsight.tasks.detection.augmentation import BoxAugmentation, BoxVariation

FILE = Path(__file__).parent / "fixtures" / "hashes.json"

_IMAGES = {
    "nothing": Variation(),
    "flip": Variation(flip_horizontal=True),
    "flips": Variation(flip_horizontal=True, flip_vertical=True),
    "shift": Variation(shift=1 / 28),
    "far": Variation(shift=0.3, flip_horizontal=True),
    "zoom": Variation(zoom=0.3),
    "rotate": Variation(rotate=40),
    "light": Variation(light=0.25),
    "erase": Variation(erase=0.2),
    "strong": Variation(True, True, shift=0.1, zoom=0.2, rotate=12, light=0.25, erase=0.3),
}
_BOXES = {
    "flip": BoxVariation(),
    "flips": BoxVariation(flip_vertical=True),
    "still": BoxVariation(flip_horizontal=False),
    "light": BoxVariation(zoom=0.2, shift=0.1, light=0.2, saturation=0.2),
    "strong": BoxVariation(True, True, mosaic=0.5, zoom=0.4, shift=0.15, light=0.3, saturation=0.4),
    "mosaic": BoxVariation(mosaic=1.0, zoom=0.4),
    "mixup": BoxVariation(mixup=0.6, saturation=0.3),
    "sizes": BoxVariation(mosaic=0.3, mixup=0.3, zoom=0.2, light=0.1, sizes=(0.75, 0.875, 1.0, 1.125, 1.25)),
}
_SHAPES = ((1, 1, 28, 28), (6, 1, 13, 9), (5, 3, 32, 32), (4, 3, 37, 50), (2, 3, 64, 48))
_KEYS = ((0, 0), (1, 3), (2**31, 7))  # seed and epoch


def hashes() -> Iterator[tuple[str, str]]:
    """The name and the hash of every augmented batch."""
    for (number, shape), (seed, epoch) in itertools.product(enumerate(_SHAPES), _KEYS):
        told = f"{'x'.join(map(str, shape))}, seed {seed}, epoch {epoch}"
        images, boxes, labels, samples = _batch(shape, number)
        keys = RngKeys(seed, epoch, samples)
        for name, variation in _IMAGES.items():
            moved = ImageAugmentation(variation, {}, ())(Batch({"image": images}, {}), keys, 0.5)
            yield f"images, {name}, {told}", digest(moved.inputs)
        for name, amounts in _BOXES.items():
            for progress in (0.2, 0.9):
                batch = Batch({"image": images}, {"boxes": boxes, "labels": labels})
                moved = BoxAugmentation(amounts, 16, ())(batch, keys, progress)
                yield f"boxes, {name}, {told}, at {progress}", digest({**moved.inputs, **moved.targets})


def _batch(shape: tuple[int, int, int, int], number: int) -> tuple[Tensor, Tensor, Tensor, NDArray[np.int64]]:
    """Noise that lies in memory as images do (channels last), with up to six boxes on each, and sample numbers."""
    rng = np.random.default_rng(number)
    count, channels, height, width = shape
    images = torch.from_numpy(rng.random((count, height, width, channels), np.float32)).permute(0, 3, 1, 2)
    corners = np.sort(rng.random((count, 6, 2, 2), np.float32), axis=2)
    labels = rng.integers(-1, 4, (count, 6))
    labels = -np.sort(-labels, axis=1)
    boxes = np.where(labels[..., None] >= 0, corners.reshape(count, 6, 4), 0)
    return images, torch.from_numpy(boxes), torch.from_numpy(labels), rng.integers(0, 50_000, count)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """A hash of names, types, shapes and bits; a zero is a zero whatever its sign."""
    found = hashlib.blake2b(digest_size=12)
    for name, values in sorted(tensors.items()):
        found.update(f"{name} {values.dtype} {tuple(values.shape)} ".encode())
        found.update((values + 0).contiguous().numpy().tobytes())
    return found.hexdigest()


def rounding() -> str:
    """A hash of the primitives whose last bits differ between processors, on inputs that do not."""
    values = torch.from_numpy(np.random.default_rng(9).random((3, 3, 37, 50), np.float32))
    matrices = values[:, 0, :2, :3].contiguous() * 2 - 1
    grid = F.affine_grid(matrices, [3, 3, 37, 50], align_corners=False)
    return digest(
        {
            "exp": values.exp(),
            "cos": values.cos(),
            "sin": values.sin(),
            "linspace": torch.linspace(-1, 1, 37),
            "mean": values.mean(dim=(1, 2, 3)),
            "means": values.mean(dim=(2, 3)),
            "strided": values.contiguous(memory_format=torch.channels_last).mean(dim=(1, 2, 3)),
            "grid": grid,
            "reflected": F.grid_sample(values, grid, padding_mode="reflection", align_corners=False),
            "sampled": F.grid_sample(values, grid, padding_mode="zeros", align_corners=False),
        }
    )


def main() -> None:
    """Write the file anew: only where the bits are meant to change."""
    found = {"rounding": rounding(), "torch": torch.__version__, "hashes": dict(hashes())}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
