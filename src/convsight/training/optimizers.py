"""Optimizers by name, with weight decay on the weights that multiply and on nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn

from convsight.settings import TrainSettings
from convsight.training.bfloat16 import multiplies_bfloat16
from convsight.training.muon import ITERATIONS, Muon

_Groups = list[dict[str, Any]]

_CHANNELS_OF_IMAGES = 4  # at most; a first convolution takes as many
_EPS = 1e-8

_T = TypeVar("_T")


@dataclass(frozen=True)
class Parameters:
    """What an optimizer has beside rate and weight decay; None: its own default. Their meaning is in the settings."""

    momentum: float | None = None
    nesterov: bool | None = None
    beta1: float | None = None
    beta2: float | None = None
    eps: float | None = None
    muon_iterations: int | None = None
    muon_format: torch.dtype = torch.float32

    @classmethod
    def of(cls, settings: TrainSettings, device: torch.device) -> Self:
        """Those that the user gave, and the number format of Muon's products on `device`."""
        is_half = settings.precision != "float32" and multiplies_bfloat16(device)
        given = {name: getattr(settings, name) for name in cls.__dataclass_fields__ if name != "muon_format"}
        return cls(**given, muon_format=torch.bfloat16 if is_half else torch.float32)

    def betas(self, first: float = 0.9, second: float = 0.99) -> tuple[float, float]:
        """Both decays of Adam and its kin."""
        return _given(self.beta1, first), _given(self.beta2, second)


OWN = Parameters()  # every optimizer as it is by default


def _adamw(groups: _Groups, lr: float, its: Parameters) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, 2019)."""
    return torch.optim.AdamW(groups, lr=lr, betas=its.betas(), eps=_given(its.eps, _EPS), fused=True)


def _adam(groups: _Groups, lr: float, its: Parameters) -> torch.optim.Optimizer:
    """Adam (Kingma and Ba, 2015); weight decay is added to gradients, as in the paper's time."""
    return torch.optim.Adam(groups, lr=lr, betas=its.betas(0.9, 0.999), eps=_given(its.eps, _EPS), fused=True)


def _sgd(groups: _Groups, lr: float, its: Parameters) -> torch.optim.Optimizer:
    """SGD with momentum, by default Nesterov's of 0.9 (Sutskever et al., 2013)."""
    momentum = _given(its.momentum, 0.9)
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=_given(its.nesterov, momentum > 0), fused=True)


def _rmsprop(groups: _Groups, lr: float, its: Parameters) -> torch.optim.Optimizer:
    """RMSprop (Tieleman and Hinton, 2012)."""
    momentum, alpha = _given(its.momentum, 0.0), _given(its.beta2, 0.99)
    return torch.optim.RMSprop(groups, lr=lr, alpha=alpha, eps=_given(its.eps, _EPS), momentum=momentum)


def _muon(groups: _Groups, lr: float, its: Parameters) -> torch.optim.Optimizer:
    """Muon for convolutions, AdamW for the rest; see `training/muon.py`."""
    return Muon(
        groups,
        lr,
        momentum=_given(its.momentum, 0.9),
        nesterov=_given(its.nesterov, True),
        betas=its.betas(),
        eps=_given(its.eps, _EPS),
        iterations=_given(its.muon_iterations, ITERATIONS),
        products=its.muon_format,
    )


OPTIMIZERS: dict[str, Callable[[_Groups, float, Parameters], torch.optim.Optimizer]] = {
    "muon": _muon,
    "adamw": _adamw,
    "adam": _adam,
    "sgd": _sgd,
    "rmsprop": _rmsprop,
}

# Peak rate for a batch of 128; the square root of the batch for the adaptive ones, proportional for SGD
# (Malladi et al., 2022; Goyal et al., 2017).
_PEAK = {"muon": 3e-2, "adamw": 4e-3, "adam": 4e-3, "sgd": 0.1, "rmsprop": 1e-3}
_DECAY = {"muon": 0.05, "adamw": 0.05, "adam": 0.0, "sgd": 5e-4, "rmsprop": 0.0}


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
    model: nn.Module,
    name: str,
    lr: float,
    weight_decay: float,
    its: Parameters = OWN,
    rates: Mapping[int, float] | None = None,
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
    return OPTIMIZERS[name](groups, lr, its)


def _groups(trainable: Sequence[nn.Parameter], weight_decay: float) -> _Groups:
    filters = [p for p in trainable if _mixes_channels(p)]
    other = [p for p in trainable if p.ndim > 1 and not _mixes_channels(p)]
    return [
        {"params": filters, "weight_decay": weight_decay, "orthogonal": True},
        {"params": other, "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _given(value: _T | None, default: _T) -> _T:
    return default if value is None else value


def _mixes_channels(weight: Tensor) -> bool:
    """Whether `weight` is of a convolution inside a network: not its first, nor a depthwise one."""
    return weight.ndim > 2 and weight.shape[1] > _CHANNELS_OF_IMAGES
