"""Layers that treat every number by itself: activations, dropout, rescaling."""

from dataclasses import dataclass
from typing import Literal, final

from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.volume import Volume

Kind = Literal["relu", "relu6", "leakyrelu", "elu", "gelu", "silu", "sigmoid", "tanh", "softmax"]


@final
@dataclass(frozen=True, kw_only=True)
class Activation(Layer):
    """A function of every number; softmax is over the channels. `slope` is leakyrelu's, for negative numbers."""

    kind: Kind
    slope: float = 0.01

    @property
    def word(self) -> str:
        return self.kind

    def after(self, volume: Volume) -> Volume:
        return volume


@final
@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """While training, each number is 0 with a chance of `rate`, and the others are larger for it."""

    rate: float

    @property
    def word(self) -> str:
        return "dropout"

    def after(self, volume: Volume) -> Volume:
        return volume


@final
@dataclass(frozen=True, kw_only=True)
class Rescale(Layer):
    """Every number times `scale`, plus `offset`."""

    scale: float
    offset: float = 0.0

    @property
    def word(self) -> str:
        return "rescale"

    def after(self, volume: Volume) -> Volume:
        return volume
