"""RandAugment: a few operations an image, drawn from fourteen, all of one magnitude.

Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", 2020. Operations
and their strength are torchvision's; but values between pixels are interpolated, what lies beyond the border is the
image's reflection, and targets that have a place follow.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional as V

from convsight.augmentation.batch import Batch
from convsight.augmentation.kinds import TargetKind
from convsight.augmentation.staged import Stage
from convsight.augmentation.warp import Warp
from convsight.augmentation.warp_steps import Affine
from convsight.augmentation.warped import warped
from convsight.rng import RngKeys, uniform

STRONGEST = 30  # magnitudes are 0..30
_STREAM = 1
_Matrix = tuple[float, float, float, float, float, float]  # a b x; c d y: what is seen at (x, y), in px

# How far each operation goes at magnitude 30: shears as a slope, shifts as shares of the side, turns in degrees.
_SHEAR, _SHIFT, _TURN, _FACTOR = 0.3, 150 / 331, 30.0, 0.9


def _turned(strength: float, height: int, width: int) -> _Matrix:
    cos, sin = (f(math.radians(strength * _TURN)) for f in (math.cos, math.sin))
    x, y = width / 2, height / 2
    return cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y


# Strength is -1..1. Shears are about the corner at the top left; shifts are whole pixels.
_PLACES: Mapping[str, Callable[[float, int, int], _Matrix]] = {
    "ShearX": lambda s, height, width: (1, s * _SHEAR, 0, 0, 1, 0),
    "ShearY": lambda s, height, width: (1, 0, 0, s * _SHEAR, 1, 0),
    "TranslateX": lambda s, height, width: (1, 0, -int(s * _SHIFT * width), 0, 1, 0),
    "TranslateY": lambda s, height, width: (1, 0, 0, 0, 1, -int(s * _SHIFT * height)),
    "Rotate": _turned,
}
# Signed strength is -1..1, of the others 0..1.
_SIGNED_LOOKS: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "Brightness": lambda images, s: V.adjust_brightness(images, 1 + s * _FACTOR),
    "Color": lambda images, s: V.adjust_saturation(images, 1 + s * _FACTOR),
    "Contrast": lambda images, s: V.adjust_contrast(images, 1 + s * _FACTOR),
    "Sharpness": lambda images, s: V.adjust_sharpness(images, 1 + s * _FACTOR),
}
_LOOKS: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "Identity": lambda images, s: images,
    "Posterize": lambda images, s: V.posterize(images, 8 - round(4 * s)),
    "Solarize": lambda images, s: V.solarize(images, 1 - s),
    "AutoContrast": lambda images, s: V.autocontrast(images),
    "Equalize": lambda images, s: V.equalize(images),
}
OPERATIONS = (*_PLACES, *_SIGNED_LOOKS, *_LOOKS)


@final
@dataclass(frozen=True)
class RandAugment(Stage):
    """`operations` in turn on each image, each as strong as `magnitude` of 30; in both directions where there are two.

    Images are grey or RGB, in 0..1.
    """

    magnitude: int
    operations: int

    order: ClassVar[int] = 0

    @property
    def words(self) -> str:
        many = "one operation" if self.operations == 1 else f"{self.operations} operations"
        return f"RandAugment: {many} of magnitude {self.magnitude} an image"

    def __call__(self, batch: Batch, keys: RngKeys, images: tuple[str, ...], kinds: Mapping[str, TargetKind]) -> Batch:
        drawn = uniform(keys.seed, keys.epoch, keys.samples, 2 * self.operations, _STREAM)
        for turn in range(self.operations):
            which = (drawn[:, 2 * turn] * len(OPERATIONS)).astype(np.int64)
            down = drawn[:, 2 * turn + 1] < 0.5
            for position, name in enumerate(OPERATIONS):
                for sign, signed in ((1.0, ~down), (-1.0, down)):
                    rows = np.flatnonzero((which == position) & signed)
                    if len(rows):
                        batch = _of_rows(batch, rows, name, sign * self.magnitude / STRONGEST, images, kinds)
        return batch


def operated(
    batch: Batch, name: str, strength: float, images: tuple[str, ...], kinds: Mapping[str, TargetKind]
) -> Batch:
    """The batch after the operation called `name`, of a `strength` in -1..1; targets follow where it moves them."""
    if name in _PLACES:
        height, width = batch.inputs[images[0]].shape[2:]
        a, b, x, c, d, y = _PLACES[name](strength, height, width)
        # In the coordinates of `affine_grid`, which run from -1 to 1 on both axes.
        b, c = b * height / width, c * width / height
        matrix = [[a, b, a + b + 2 * x / width - 1], [c, d, c + d + 2 * y / height - 1]]
        like = batch.inputs[images[0]]
        return warped(batch, Warp((Affine(like.new_tensor(matrix).expand(len(like), 2, 3)),)), images, kinds)
    look = _SIGNED_LOOKS.get(name)
    changed = {
        each: look(batch.inputs[each], strength) if look else _LOOKS[name](batch.inputs[each], abs(strength))
        for each in images
    }
    return Batch({**batch.inputs, **changed}, batch.targets)


def _of_rows(
    batch: Batch,
    rows: NDArray[np.int64],
    name: str,
    strength: float,
    images: tuple[str, ...],
    kinds: Mapping[str, TargetKind],
) -> Batch:
    """The batch with one operation on the samples at `rows`."""
    where = torch.from_numpy(rows).to(batch.inputs[images[0]].device)

    def chosen(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {each: values[where] for each, values in tensors.items()}

    def put(tensors: Mapping[str, Tensor], changed: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {each: values.index_copy(0, where, changed[each]) for each, values in tensors.items()}

    part = operated(Batch(chosen(batch.inputs), chosen(batch.targets)), name, strength, images, kinds)
    return Batch(put(batch.inputs, part.inputs), put(batch.targets, part.targets))
