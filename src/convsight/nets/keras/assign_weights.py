"""Keras's weights into PyTorch's layers: channels come last there, and first here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convsight.nets.keras.stored_weights import Floats
from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm


@dataclass(frozen=True)
class Slot:
    """A tensor of ours to fill, the shape that Keras has its numbers in, and how those become ours."""

    tensor: Tensor
    shape: tuple[int, ...]
    ours: Callable[[Floats], Floats]

    def fill(self, numbers: Floats) -> None:
        """Put Keras's numbers in place."""
        with torch.no_grad():
            self.tensor.copy_(torch.from_numpy(np.ascontiguousarray(self.ours(numbers))))


def slots(layer: Layer, module: nn.Module, kind: str) -> list[Slot]:
    """What `module`, built from `layer`, takes from a weights file, in Keras's order; `kind` is the class there."""
    if isinstance(layer, Conv) and kind == "Dense":
        return _dense(module)
    return _SLOTS[type(layer)](module) if type(layer) in _SLOTS else []


def _convolution(module: nn.Module) -> list[Slot]:
    """(out, in, *kernel) from (*kernel, in, out)."""
    weight = _tensor(module, "weight")
    out, into, *kernel = weight.shape
    return [Slot(weight, (*kernel, into, out), lambda w: np.moveaxis(w, (-1, -2), (0, 1))), *_bias(module)]


def _depthwise(module: nn.Module) -> list[Slot]:
    """(channels * multiplier, 1, *kernel) from (*kernel, channels, multiplier)."""
    weight = _tensor(module, "weight")
    channels: Any = module.groups
    shape = (*weight.shape[2:], channels, weight.shape[0] // channels)
    return [Slot(weight, shape, lambda w: np.moveaxis(w, (-2, -1), (0, 1)).reshape(weight.shape)), *_bias(module)]


def _separable(module: nn.Module) -> list[Slot]:
    depthwise, pointwise = (module.get_submodule(name) for name in ("depthwise", "pointwise"))
    return [*_depthwise(depthwise), *_convolution(pointwise)]


def _transposed(module: nn.Module) -> list[Slot]:
    """(in, out, *kernel) from (*kernel, out, in)."""
    weight = _tensor(module, "weight")
    into, out, *kernel = weight.shape
    return [Slot(weight, (*kernel, out, into), lambda w: np.moveaxis(w, (-1, -2), (0, 1))), *_bias(module)]


def _dense(module: nn.Module) -> list[Slot]:
    """(out, in) from (in, out), with sides of 1 behind where it is a convolution."""
    weight = _tensor(module, "weight")
    return [Slot(weight, (weight.shape[1], weight.shape[0]), lambda w: w.T.reshape(weight.shape)), *_bias(module)]


def _norm(module: nn.Module) -> list[Slot]:
    return [slot for name in ("weight", "bias", "running_mean", "running_var") for slot in _as_it_is(module, name)]


def _bias(module: nn.Module) -> list[Slot]:
    return _as_it_is(module, "bias")


def _as_it_is(module: nn.Module, name: str) -> list[Slot]:
    tensor: Any = getattr(module, name, None)
    return [] if tensor is None else [Slot(tensor, tuple(tensor.shape), lambda numbers: numbers)]


def _tensor(module: nn.Module, name: str) -> Tensor:
    tensor = getattr(module, name)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{type(module).__name__} has no {name}")
    return tensor


_SLOTS: Mapping[type[Layer], Callable[[nn.Module], list[Slot]]] = {
    Conv: _convolution,
    Depthwise: _depthwise,
    Separable: _separable,
    Transposed: _transposed,
    Dense: _dense,
    BatchNorm: _norm,
    LayerNorm: _norm,
    InstanceNorm: _norm,
    GroupNorm: _norm,
}
