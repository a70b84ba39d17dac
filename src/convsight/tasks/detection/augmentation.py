"""Variations of training images that take their boxes along: mosaic, mixup, flips, scale, place and colour.

Boxes are fractions of the image, (batch, most, 4), with labels (batch, most), -1 where there is none.
"""

import math
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from convsight.augmentation import Augmentation, Batch, BoxTarget, Warp
from convsight.augmentation.appearance import relight
from convsight.augmentation.class_names import names_a_side, reads_as_text
from convsight.augmentation.warp_steps import HeightWidth, ResizedCrop
from convsight.augmentation.warped import warped
from convsight.datasets import Dataset
from convsight.rng import RngKeys, uniform
from convsight.settings import TrainSettings
from convsight.tasks.detection.light.settings import DetectionSettings
from convsight.tasks.detection.mosaic import compact, mixup, mosaic
from convsight.words import counted

BOXES = BoxTarget(labels="labels", min_visible=0.3, min_side_px=2.0)  # what less is left of, nobody need find

_EMPTY = 114 / 255  # the grey around an image that is moved
_PLAIN_FROM = 0.85  # of the training: mosaics and mixtures look unlike the images that are judged


@dataclass(frozen=True)
class BoxVariation:
    """How far images vary. Chances are 0..1; other amounts are the largest, drawn evenly from -amount to amount.

    `mosaic` puts four images together, `mixup` lays two over each other; `zoom`, `light` and `saturation` are natural
    logarithms of a factor, `shift` a share of the side. `sizes` are sides of batches as shares of the network's own:
    multi-scale training.
    """

    flip_horizontal: bool = True
    flip_vertical: bool = False
    mosaic: float = 0.0
    mixup: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    light: float = 0.0
    saturation: float = 0.0
    sizes: tuple[float, ...] = (1.0,)


_LIGHT = BoxVariation(zoom=0.2, shift=0.1, light=0.2, saturation=0.2)
_STRONG = BoxVariation(mosaic=0.5, zoom=0.4, shift=0.15, light=0.3, saturation=0.4)
# On BCCD and on drawn shapes, light variation is ahead up to about here; beyond, it overfits and strong goes on.
_FEW_PASSES = 35
_SIZES = (0.75, 0.875, 1.0, 1.125, 1.25)


@final
class BoxAugmentation(Augmentation):
    """Images that vary in light, colour, place, scale and size; mosaic and mixup take partners from the same batch."""

    _COLUMNS = 18
    images = ("image",)
    mirrors = False  # a prediction is not averaged over a mirror image: boxes of two views have no mean

    def __init__(self, variation: BoxVariation, stride: int, reasons: tuple[str, ...]) -> None:
        self.variation = variation
        self.targets = {"boxes": BOXES}
        self.stride = stride
        self.reasons = reasons
        self.resizes = len(variation.sizes) > 1

    def __call__(self, batch: Batch, keys: RngKeys, progress: float) -> Batch:
        v, images = self.variation, batch.image
        draws = torch.from_numpy(uniform(keys.seed, keys.epoch + 1, keys.samples, self._COLUMNS)).to(images.device)
        if v.light or v.saturation:
            relit = relight(images, draws[:, 0:3] * 2 - 1, v.light, v.saturation)
            batch = Batch({"image": relit}, batch.targets)
        after = self._size(images, float(draws[0, 15]))
        combined = progress < _PLAIN_FROM
        together = (draws[:, 11] < v.mosaic) & combined
        across = 1
        if bool(together.any()):
            partners = (draws[:, 12:15] * len(images)).long().clamp(max=len(images) - 1)
            batch, across = mosaic(batch, partners, together, _EMPTY), 2
        warp = Warp((self._crop(draws[:, 4:11], together, across, batch.image, after),))
        batch = compact(warped(batch, warp, self.images, self.targets))
        mixed = (draws[:, 16] < v.mixup) & combined
        return mixup(batch, draws[:, 17], mixed) if bool(mixed.any()) else batch

    def _crop(self, draws: Tensor, together: Tensor, across: int, canvas: Tensor, after: HeightWidth) -> ResizedCrop:
        """Where each image is looked at: with partners near the corner that all share, else around its middle.

        The canvas is `across` images wide and high.
        """
        v = self.variation
        spread = draws * 2 - 1
        zoom, aspect = torch.exp(spread[:, 0] * v.zoom), torch.exp(spread[:, 1] * v.zoom / 4)
        middle = torch.where(together[:, None], 1 + spread[:, 2:4] / 2, 0.5 + spread[:, 2:4] * v.shift)
        sides = torch.stack([zoom * aspect, zoom / aspect], dim=1)
        flips = (draws[:, 4:6] < 0.5) & torch.tensor([v.flip_horizontal, v.flip_vertical], device=draws.device)
        before = (canvas.shape[2], canvas.shape[3])
        return ResizedCrop(middle / across, sides / across, flips, before, after, _EMPTY)

    def _size(self, images: Tensor, draw: float) -> HeightWidth:
        """Height and width of the whole batch, drawn from the sizes and made whole strides."""
        share = self.variation.sizes[int(draw * len(self.variation.sizes))]
        height, width = (max(self.stride, round(side * share / self.stride) * self.stride) for side in images.shape[2:])
        return (images.shape[2], images.shape[3]) if share == 1 else (height, width)


def choose_augmentation(dataset: Dataset, settings: TrainSettings, stride: int, passes: float) -> BoxAugmentation:
    """The variation for a data set seen about `passes` times, with the reasons for it."""
    own = DetectionSettings.of(settings)
    amounts, why_amount = _amount(settings, passes)
    if own.mosaic is not None:
        amounts = replace(amounts, mosaic=own.mosaic)
    sided = any(names_a_side(name) for name in dataset.target.names)
    default = settings.augment != "none" and not sided and not reads_as_text(dataset.target.names)
    variation = replace(
        amounts,
        flip_horizontal=default if settings.flip == "auto" else settings.flip != "none",
        flip_vertical=settings.flip == "both",
        mixup=own.mixup,
        sizes=_SIZES if own.multi_scale else (1.0,),
    )
    why = (
        ""
        if default or settings.flip != "auto"
        else "no flips: the classes read as text, name a side, or --augment none"
    )
    return BoxAugmentation(variation, stride, (f"augmentation: {_told(variation)}", *filter(None, [why_amount, why])))


def _amount(settings: TrainSettings, passes: float) -> tuple[BoxVariation, str]:
    """How far images vary, and why where the user did not say."""
    if settings.augment != "auto":
        return {"none": BoxVariation(), "light": _LIGHT, "strong": _STRONG}[settings.augment], ""
    if passes <= _FEW_PASSES:
        return (
            _LIGHT,
            f"light variation: for about {counted(round(passes), 'epoch')}; --augment strong if there will be more",
        )
    return _STRONG, f"strong variation: images are seen often, in about {counted(round(passes), 'epoch')}"


def _told(v: BoxVariation) -> str:
    """The variation in words.

    >>> _told(BoxVariation(mosaic=0.5, zoom=0.4))
    'horizontal flips, four images in one (50%), zoom up to 49%'
    """
    words = [
        "horizontal flips" * v.flip_horizontal,
        "vertical flips" * v.flip_vertical,
        f"four images in one ({v.mosaic:.0%})" * bool(v.mosaic),
        f"two laid over each other ({v.mixup:.0%})" * bool(v.mixup),
        f"zoom up to {math.expm1(v.zoom):.0%}" * bool(v.zoom),
        f"shifts up to {v.shift:.0%} of the side" * bool(v.shift),
        f"brightness and contrast up to {math.expm1(v.light):.0%}" * bool(v.light),
        f"saturation up to {math.expm1(v.saturation):.0%}" * bool(v.saturation),
        "several sizes" * (len(v.sizes) > 1),
    ]
    return ", ".join(filter(None, words)) or "nothing"
