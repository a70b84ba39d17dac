"""What wrong pixels cost: losses of logits and masks by name, and sums of them.

Logits are (batch, classes, *sides) in any number format, masks (batch, *sides) whole numbers; sides are two of an image
or three of a volume. Pixels of no class count nowhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from convsight.targets import Palette
from convsight.tasks.class_weights import class_weights, in_words
from convsight.tasks.segmentation.boundary_loss import boundary_loss
from convsight.tasks.segmentation.light.loss_text import LossTerm, parse_loss
from convsight.tasks.segmentation.light.settings import SegmentationSettings
from convsight.tasks.segmentation.pixel_losses import cross_entropy, focal_loss
from convsight.tasks.segmentation.region_losses import dice_loss, jaccard_loss, tversky_loss
from convsight.tasks.segmentation.seen_pixels import SeenPixels

GAMMA = 2.0  # of the focal loss; Lin et al., 2017: the best of theirs
WRONG_COSTS, MISSED_COSTS = 0.3, 0.7  # alpha and beta of Tversky; Salehi et al., 2017: the best of theirs


@final
@dataclass(frozen=True)
class MaskLoss:
    """A sum of losses by name, such as "ce + dice".

    `weights` (classes,) are what each class counts, in all of them but the boundary's. `gamma` is that of focal;
    `wrong` and `missed` are what pixels of another class, and those not found, cost in tversky.

    >>> loss = MaskLoss.named("ce + dice", ignore_index=255)
    >>> found = loss(torch.zeros(1, 2, 1, 4), torch.tensor([[[0, 0, 1, 255]]], dtype=torch.uint8))
    >>> {name: round(float(value), 4) for name, value in found.items()}  # 1 - (2/3.5 + 1/2.5) / 2 = 0.5143
    {'total': 1.2074, 'ce': 0.6931, 'dice': 0.5143}
    """

    terms: tuple[LossTerm, ...]
    ignore_index: int | None = None
    weights: Tensor | None = None
    gamma: float = GAMMA
    wrong: float = WRONG_COSTS
    missed: float = MISSED_COSTS

    @classmethod
    def named(cls, text: str, ignore_index: int | None = None, weights: Tensor | None = None) -> "MaskLoss":
        """The sum of losses that `text` names; raises `UserError` for what it does not know."""
        return cls(parse_loss(text), ignore_index, weights)

    @classmethod
    def of(cls, settings: SegmentationSettings, palette: Palette) -> "tuple[MaskLoss, tuple[str, ...]]":
        """The loss that the settings ask for, and what is to be told of it."""
        terms, weights, told = parse_loss(settings.loss), None, [f"loss: {settings.loss}"]
        if settings.class_weights is not None:
            found = class_weights(settings.class_weights, palette.names, palette.pixels)
            weights = torch.tensor(found)
            told.append(f"class weights: {in_words(found, palette.names)}")
        gamma = GAMMA if settings.focal_gamma is None else settings.focal_gamma
        missed = MISSED_COSTS if settings.tversky_beta is None else settings.tversky_beta
        return cls(terms, palette.unknown, weights, gamma, 1 - missed, missed), tuple(told)

    def __call__(self, logits: Tensor, masks: Tensor) -> Mapping[str, Tensor]:
        """`total`, and where there are several its parts, which add up to it."""
        seen = SeenPixels.of(logits, masks, self.ignore_index)
        parts = {term.name: term.weight * self._one(term.name, seen) for term in self.terms}
        total = torch.stack(list(parts.values())).sum()
        return {"total": total, **parts} if len(parts) > 1 else {"total": total}

    def _one(self, name: str, seen: SeenPixels) -> Tensor:
        named: dict[str, Callable[[SeenPixels], Tensor]] = {
            "ce": partial(cross_entropy, weights=self.weights),
            "dice": partial(dice_loss, weights=self.weights),
            "jaccard": partial(jaccard_loss, weights=self.weights),
            "focal": partial(focal_loss, gamma=self.gamma, weights=self.weights),
            "tversky": partial(tversky_loss, alpha=self.wrong, beta=self.missed, weights=self.weights),
            "boundary": boundary_loss,
        }
        return named[name](seen)
