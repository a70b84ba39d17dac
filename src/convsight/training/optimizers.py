"""Optimizers, with weight decay on the weights that multiply and on nothing else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from convsight.training.muon import Muon

_Groups = list[dict[str, Any]]

_CHANNELS_OF_IMAGES = 4  # at most; a first convolution takes as many


def _adamw(groups: _Groups, lr: float) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, 2019)."""
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99))


def _sgd(groups: _Groups, lr: float) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum 0.9 (Sutskever et al., 2013)."""
    return torch.optim.SGD(groups, lr=lr, momentum=0.9, nesterov=True)


def _muon(groups: _Groups, lr: float) -> torch.optim.Optimizer:
    """Muon for convolutions, AdamW for the rest; see `training/muon.py`."""
    return Muon(groups, lr)


OPTIMIZERS: dict[str, Callable[[_Groups, float], torch.optim.Optimizer]] = {
    "muon": _muon,
    "adamw": _adamw,
    "sgd": _sgd,
}

# Peak rate for a batch of 128; the square root of the batch for the adaptive ones, proportional for SGD
# (Malladi et al., 2022; Goyal et al., 2017).
_PEAK = {"muon": 3e-2, "adamw": 4e-3, "sgd": 0.1}
_DECAY = {"muon": 0.05, "adamw": 0.05, "sgd": 5e-4}


def default_lr(optimizer: str, batch: int) -> float:
    """The peak learning rate for an optimizer and a batch size, of fresh weights.

    >>> default_lr("sgd", 64), default_lr("muon", 128)
    (0.05, 0.03)
    """
    ratio = batch / 128
    return _PEAK[optimizer] * (ratio if optimizer == "sgd" else ratio**0.5)


def default_weight_decay(optimizer: str) -> float:
    """The weight decay that goes with the default learning rate."""
    return _DECAY[optimizer]


def build_optimizer(
    model: nn.Module, name: str, lr: float, weight_decay: float, rates: Mapping[int, float] | None = None
) -> torch.optim.Optimizer:
    """The optimizer called `name` over the trainable parameters of `model`.

    Biases and the scales of normalisation layers (one-dimensional parameters) are not decayed. Parameters whose `id` is
    in `rates` have that `lr_share` of the learning rate, as their group says.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    groups: _Groups = []
    rates = rates or {}
    for share in dict.fromkeys(rates.get(id(p), 1.0) for p in trainable):
        alike = [p for p in trainable if rates.get(id(p), 1.0) == share]
        groups += [
            {**group, "lr": lr * share, "lr_share": share} for group in _groups(alike, weight_decay) if group["params"]
        ]
    return OPTIMIZERS[name](groups, lr)


def _groups(trainable: Sequence[nn.Parameter], weight_decay: float) -> _Groups:
    filters = [p for p in trainable if _mixes_channels(p)]
    other = [p for p in trainable if p.ndim > 1 and not _mixes_channels(p)]
    return [
        {"params": filters, "weight_decay": weight_decay, "orthogonal": True},
        {"params": other, "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _mixes_channels(weight: Tensor) -> bool:
    """Whether `weight` is of a convolution inside a network: not its first, nor a depthwise one."""
    return weight.ndim > 2 and weight.shape[1] > _CHANNELS_OF_IMAGES
