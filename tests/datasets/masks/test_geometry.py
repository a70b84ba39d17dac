"""A picture that is its mask: from the files to a network's input, and through every augmentation, both stay the same.

A picture is white where its mask has one class and black elsewhere. Wherever the network sees all white, the mask must
have that class, and wherever it sees all black, another.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from tests.datasets.masks.conftest import Write

from convsight.augmentation import Batch, ImageAugmentation, MaskTarget, Unchanged, Variation
from convsight.augmentation.erasing import Erasing
from convsight.augmentation.rand_augment import _PLACES, OPERATIONS, _of_rows
from convsight.augmentation.smaller import smaller_batch
from convsight.datasets import read_dataset
from convsight.images import turn_values
from convsight.inputs import ImageInput
from convsight.rng import RngKeys

CLASSES = 7
_IGNORED = 255
# A class of its own in every corner, and pieces of all sizes between them.
MASK = np.zeros((48, 72), np.uint8)
MASK[8:40, 10:60] = np.arange(8).repeat(4)[:, None] % 3 + 4
MASK[20:31, 33:47] = 1
MASK[:7, :9], MASK[:6, -8:], MASK[-9:, :7], MASK[-8:, -9:] = 1, 2, 3, 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "fitted",
    [
        {"height": 48, "width": 72, "fit": "squash"},  # as it is, to the pixel
        {"height": 40, "width": 40, "fit": "crop"},
        {"height": 40, "width": 40, "fit": "squash"},
        {"height": 40, "width": 56, "fit": "pad"},
        {"height": 120, "width": 131, "fit": "pad"},
        {"height": 30, "width": 30, "fit": "crop", "shorter": 36},
    ],
    ids=lambda fitted: "-".join(str(each) for each in fitted.values()),
)
def test_from_files_to_the_input(tmp_path: Path, write: Write, orientation: int, fitted: dict[str, Any]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = turn_values(MASK, {6: 8, 8: 6}.get(orientation, orientation))
    for number in range(CLASSES):
        write(f"images/{number}.png", np.where(stored == number, 255, 0), exif=exif)
        write(f"masks/{number}.png", MASK)  # drawn on the picture as it is seen
    split = read_dataset(tmp_path).splits["all"]
    spec = ImageInput(**fitted, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)
    compared = 0
    for number in range(CLASSES):
        loaded = spec.load(split.images[number])
        target: Any = split.targets[number]
        mask = spec.geometry(loaded.size).mask(target.indices, _IGNORED)
        compared += _agree(loaded.array[:, :, 0] / 255, mask, number)
        if fitted["height"] == 48 and orientation < 5:
            assert ((loaded.array[:, :, 0] == 255) == (mask == number)).all()
            assert [int(mask[row, column]) for row in (0, -1) for column in (0, -1)] == [1, 2, 3, 4]
    assert compared > 0.6 * CLASSES * fitted["height"] * fitted["width"]


def _agree(white: NDArray[Any], mask: NDArray[Any], number: int, near: float = 0.0) -> int:
    """How many pixels tell whether the mask is right; all of them agree."""
    known = mask != _IGNORED
    surely, surely_not = known & (white >= 1 - near), known & (white <= near)
    assert (mask[surely] == number).all()
    assert (mask[surely_not] != number).all()
    return int(surely.sum() + surely_not.sum())


def _batch(count: int) -> Batch:
    mask = torch.from_numpy(MASK).long().expand(count, -1, -1).clone()
    images = torch.stack([(mask == number).float() for number in range(CLASSES)], dim=1)
    return Batch({"image": images}, {"mask": mask})


_KINDS = {"mask": MaskTarget(_IGNORED)}
_MOVES = {
    "nothing": Variation(),
    "left to right": Variation(flip_horizontal=True),
    "upside down": Variation(flip_vertical=True),
    "shift": Variation(shift=0.2),
    "zoom": Variation(zoom=0.4),
    "rotate": Variation(rotate=180),
    "all": Variation(True, True, shift=0.2, zoom=0.3, rotate=30),
}


@pytest.mark.parametrize("move", _MOVES)
def test_through_what_moves_images(move: str) -> None:
    keys = RngKeys(3, 1, np.arange(16))
    varied = ImageAugmentation(_MOVES[move], _KINDS, ())(_batch(16), keys, 0.0)
    assert _compared(varied) > 0.5 * varied.image.numel()
    if move in {"nothing", "left to right", "upside down", "shift"}:  # whole pixels: all of them tell
        known = (varied.targets["mask"] != _IGNORED).sum()
        assert _compared(varied) == CLASSES * known


@pytest.mark.parametrize("strength", [-1.0, 0.4, 1.0])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_through_each_operation_of_rand_augment(operation: str, strength: float) -> None:
    batch = _batch(2)
    three = Batch({"image": batch.image[:, 1:4].contiguous()}, batch.targets)
    varied = _of_rows(three, np.array([0, 1]), operation, strength, ("image",), _KINDS)
    masks = varied.targets["mask"].numpy()
    if operation not in _PLACES:  # changes light alone
        assert (masks == batch.targets["mask"].numpy()).all()
        return
    assert (masks != batch.targets["mask"].numpy()).any()
    compared = sum(_agree(varied.image[0, row].numpy(), masks[0], row + 1, near=1e-5) for row in range(3))
    assert compared > 0.5 * 3 * masks[0].size


def test_through_smaller_images_and_erasing() -> None:
    batch = _batch(4)
    square = Batch(
        {"image": batch.image[:, :, :, 12:60].contiguous()}, {"mask": batch.targets["mask"][:, :, 12:60].contiguous()}
    )
    small = smaller_batch(square, 24, Unchanged((), ("image",), _KINDS))
    assert small.targets["mask"].shape == (4, 24, 24)
    assert _compared(small) > 0.5 * small.image.numel()
    erased = Erasing(1.0)(batch, RngKeys(0, 0, np.arange(4)), ("image",), _KINDS)
    assert torch.equal(erased.targets["mask"], batch.targets["mask"])


def _compared(batch: Batch) -> int:
    pairs = ((row, number) for row in range(len(batch.image)) for number in range(CLASSES))
    masks = batch.targets["mask"].numpy()
    return sum(_agree(batch.image[row, number].numpy(), masks[row], number, near=1e-5) for row, number in pairs)
