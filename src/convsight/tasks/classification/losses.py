"""What a wrong answer costs: losses of logits (batch, classes) by name, and their parameters.

What is wanted is a class (batch,) or probabilities (batch, classes); each loss is the mean over the batch.
"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.tasks.class_weights import class_weights, in_words
from convsight.tasks.classification.light.settings import ClassificationSettings
from convsight.tasks.whole_batch import of_whole_batch

_GAMMA = 2.0  # Lin et al., 2017: the best of theirs


@final
@dataclass(frozen=True)
class ClassLoss:
    """A loss by name: `smoothing` is spread over all classes first; `weights` (classes,) are what each counts."""

    name: str = "cross-entropy"
    smoothing: float = 0.0
    gamma: float = _GAMMA
    weights: Tensor | None = None

    @classmethod
    def of(cls, settings: ClassificationSettings, card: Card) -> "tuple[ClassLoss, tuple[str, ...]]":
        """The loss that the settings ask for, and what is to be told of it."""
        gamma = _GAMMA if settings.focal_gamma is None else settings.focal_gamma
        weights, told = None, []
        if settings.loss == "focal":
            told.append(f"loss: focal, gamma {gamma:g}")
        if settings.loss == "bce":
            told.append("loss: binary cross-entropy, each class against the rest")
        if settings.class_weights is not None:
            names = card.target.names
            found = class_weights(settings.class_weights, names, card.data.get("train_counts", {}))
            weights = torch.tensor(found)
            told.append(f"class weights: {in_words(found, names)}")
        return cls(settings.loss, settings.label_smoothing, gamma, weights), tuple(told)


def class_loss(network: nn.Module, batch: Batch, its: ClassLoss) -> dict[str, Tensor]:
    """What the answers of `network` cost, by the loss `its`.

    Source of the smoothing: Szegedy et al., "Rethinking the Inception Architecture", 2016, section 7.
    """
    logits = network(batch.image).float()  # summed in float32, whatever the network runs in
    wanted = batch.targets["class"]
    weights = None if its.weights is None else its.weights.to(logits.device)
    if its.name == "cross-entropy":
        loss = F.cross_entropy(logits, wanted, weights, label_smoothing=its.smoothing)
    elif its.name == "focal":
        loss = focal_loss(logits, wanted, its.gamma, weights, its.smoothing)
    else:
        loss = one_against_rest(logits, wanted, weights, its.smoothing)
    if weights is not None and wanted.ndim == 1 and its.name != "bce":  # a mean by the weights of the images
        total = weights[wanted].sum()
        loss = loss * (total / of_whole_batch(total, len(wanted)))
    return {"total": loss}


def focal_loss(
    logits: Tensor, wanted: Tensor, gamma: float, weights: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy times (1 - probability) ** `gamma`: what is right and sure teaches little.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017, with softmax. With a gamma of 0 it is PyTorch's
    cross-entropy, weights and their mean included.

    >>> logits, wanted = torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    >>> round(float(focal_loss(logits, wanted, 0.0)), 4), round(float(focal_loss(logits, wanted, 2.0)), 4)
    (0.1269, 0.0018)
    """
    logs = logits.log_softmax(dim=1)
    # Not 0, where the gradient of a root would be infinite.
    missing = (-torch.expm1(logs)).clamp(min=1e-8)
    each = -_smoothed(logits, wanted, smoothing) * missing**gamma * logs
    if weights is None:
        return each.sum(dim=1).mean()
    total = (each * weights).sum()
    return total / (weights[wanted].sum() if wanted.ndim == 1 else len(logits))


def one_against_rest(logits: Tensor, wanted: Tensor, weights: Tensor | None = None, smoothing: float = 0.0) -> Tensor:
    """Binary cross-entropy of each class against all others, summed over them.

    A weight is what it counts to miss its class. Source: Wightman et al., "ResNet strikes back", 2021, section 3.
    """
    goals = _smoothed(logits, wanted, smoothing)
    return F.binary_cross_entropy_with_logits(logits, goals, pos_weight=weights, reduction="none").sum(dim=1).mean()


def _smoothed(logits: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
    """Probabilities wanted (batch, classes)."""
    classes = logits.shape[1]
    goals = F.one_hot(wanted, classes).to(logits.dtype) if wanted.ndim == 1 else wanted.to(logits.dtype)
    return goals * (1 - smoothing) + smoothing / classes
