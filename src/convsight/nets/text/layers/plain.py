"""Layers that treat every number alike, and the dense layer."""

from dataclasses import dataclass
from typing import Literal, final

from convsight.nets.text.layers.layer import Init, Layer, Width
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


@final
@dataclass(frozen=True, kw_only=True)
class Dense(Layer):
    """Every number that comes out is a weighted sum of all that come in.

    >>> print(Dense(units=10).after(Volume(1152)))
    10
    """

    units: Width
    bias: bool = True
    init: Init | None = None

    @property
    def word(self) -> str:
        return "dense"

    def after(self, volume: Volume) -> Volume:
        if not volume.is_vector:
            what = f"dense needs a vector, not a {volume} volume: put `flatten |` or `globalavg |` before it"
            raise self.fault("word", what)
        return Volume(self.number("units", self.units))
