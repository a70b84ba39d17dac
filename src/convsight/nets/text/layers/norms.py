"""Normalisation: over the batch, an image's whole volume, its channels, or groups of them.

Sources: Ioffe and Szegedy, "Batch Normalization", 2015; Ba et al., "Layer Normalization", 2016; Ulyanov et al.,
"Instance Normalization", 2016; Wu and He, "Group Normalization", 2018, whose figure 2 shows all four.
"""

from dataclasses import dataclass
from typing import final

from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.volume import Volume

_EPS = 1e-5


@final
@dataclass(frozen=True, kw_only=True)
class BatchNorm(Layer):
    """A channel over the batch and all positions. `momentum` is the share of a new batch in the running statistics.

    >>> print(BatchNorm().after(Volume(16, (26, 26))))
    26x26x16
    """

    eps: float = _EPS
    momentum: float = 0.1
    scale: bool = True
    bias: bool = True

    @property
    def word(self) -> str:
        return "batchnorm"

    def after(self, volume: Volume) -> Volume:
        return volume


@final
@dataclass(frozen=True, kw_only=True)
class LayerNorm(Layer):
    """The whole volume of an image, or with `channels` the channels of each position by themselves, as Keras does."""

    channels: bool = False
    eps: float = _EPS
    scale: bool = True
    bias: bool = True

    @property
    def word(self) -> str:
        return "layernorm"

    def after(self, volume: Volume) -> Volume:
        check_several(self, volume.channels if self.channels else volume.numbers, volume)
        return volume


@final
@dataclass(frozen=True, kw_only=True)
class InstanceNorm(Layer):
    """A channel over all positions of one image."""

    eps: float = _EPS
    scale: bool = True
    bias: bool = True

    @property
    def word(self) -> str:
        return "instancenorm"

    def after(self, volume: Volume) -> Volume:
        check_several(self, volume.numbers // volume.channels, volume)
        return volume


@final
@dataclass(frozen=True, kw_only=True)
class GroupNorm(Layer):
    """A group of channels over all positions of one image."""

    groups: int
    eps: float = _EPS
    scale: bool = True
    bias: bool = True

    @property
    def word(self) -> str:
        return "groupnorm"

    def after(self, volume: Volume) -> Volume:
        if volume.channels % self.groups:
            what = f"{self.groups} groups do not divide the number of channels that come in, {volume.channels}"
            raise self.fault("groups", what)
        check_several(self, volume.numbers // self.groups, volume)
        return volume


def check_several(layer: Layer, numbers: int, volume: Volume) -> None:
    """Raise `LayerError` where the mean is over one number: it minus itself is nothing."""
    if numbers == 1:
        raise layer.fault("word", f"{layer.word} of a {volume} volume takes the mean of one number, which leaves 0")
