"""The words of a network's text: one line of `LAYERS` a layer."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.elementwise import Activation, Dropout, Rescale
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from convsight.nets.text.layers.pools import Flatten, GlobalPool, Pool, ZeroPad
from convsight.nets.text.value_kinds import (
    CELLS,
    CELLS_BEHIND,
    CHANCE,
    COUNT,
    INIT,
    KERNEL,
    NUMBER,
    PADDING,
    POSITIVE,
    SHARE,
    SIDES,
    SLOPE,
    WIDTH,
    Value,
)

RESIDUAL = "residual"


@dataclass(frozen=True)
class Grammar:
    """How a layer is written: its word, the values of `takes` in order, perhaps the one of `may_take`, then options.

    `options` are a word and a value, `flags` a word alone. Keys of `takes` and `may_take` are fields of the layer;
    options and flags name theirs. `fixed` are fields that the word itself stands for.
    """

    make: Callable[..., Layer]
    takes: Mapping[str, Value] = field(default_factory=dict)
    may_take: Mapping[str, Value] = field(default_factory=dict)
    options: Mapping[str, tuple[str, Value]] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def optional_words(self) -> list[str]:
        """The words that may follow the values."""
        return [*self.options, *self.flags]


_STRIDE = {"stride": ("stride", SIDES)}
_DILATION = {"dilation": ("dilation", SIDES)}
_GROUPS = {"groups": ("groups", COUNT)}
_MULTIPLIER = {"multiplier": ("multiplier", COUNT)}
_PADDING = {"padding": ("padding", PADDING)}
_INIT = {"init": ("init", INIT)}
_EPS = {"eps": ("eps", POSITIVE)}
_BY_NAME = {"same": ("padding", "same"), "valid": ("padding", "valid")}
_NO_BIAS = {"nobias": ("bias", False)}
_NO_SCALE = {"noscale": ("scale", False)}


def _pool(kind: str) -> Grammar:
    return Grammar(Pool, {"kernel": KERNEL}, options=_STRIDE | _PADDING, flags=_BY_NAME, fixed={"kind": kind})


def _global(kind: str) -> Grammar:
    return Grammar(GlobalPool, flags={"keep": ("keep", True)}, fixed={"kind": kind})


def _activation(kind: str, **may_take: Value) -> Grammar:
    return Grammar(Activation, may_take=may_take, fixed={"kind": kind})


ACTIVATIONS: dict[str, Grammar] = {
    "relu": _activation("relu"),
    "relu6": _activation("relu6"),
    "leakyrelu": _activation("leakyrelu", slope=SLOPE),
    "elu": _activation("elu"),
    "gelu": _activation("gelu"),
    "silu": _activation("silu"),
    "sigmoid": _activation("sigmoid"),
    "tanh": _activation("tanh"),
    "softmax": _activation("softmax"),
}

LAYERS: dict[str, Grammar] = {
    "conv": Grammar(
        Conv,
        {"filters": WIDTH, "kernel": KERNEL},
        options=_STRIDE | _DILATION | _GROUPS | _PADDING | _INIT,
        flags=_BY_NAME | _NO_BIAS,
    ),
    "depthwise": Grammar(
        Depthwise,
        {"kernel": KERNEL},
        options=_MULTIPLIER | _STRIDE | _DILATION | _PADDING | _INIT,
        flags=_BY_NAME | _NO_BIAS,
    ),
    "separable": Grammar(
        Separable,
        {"filters": WIDTH, "kernel": KERNEL},
        options=_MULTIPLIER | _STRIDE | _DILATION | _PADDING | _INIT,
        flags=_BY_NAME | _NO_BIAS,
    ),
    "transposed": Grammar(
        Transposed,
        {"filters": WIDTH, "kernel": KERNEL},
        options=_STRIDE | _DILATION | _GROUPS | _PADDING | {"outputpadding": ("output_padding", CELLS_BEHIND)} | _INIT,
        flags=_BY_NAME | _NO_BIAS,
    ),
    "maxpool": _pool("maxpool"),
    "avgpool": _pool("avgpool"),
    "sumpool": _pool("sumpool"),
    "globalmax": _global("globalmax"),
    "globalavg": _global("globalavg"),
    "globalsum": _global("globalsum"),
    "zeropad": Grammar(ZeroPad, {"cells": CELLS}),
    "batchnorm": Grammar(BatchNorm, options=_EPS | {"momentum": ("momentum", SHARE)}, flags=_NO_SCALE | _NO_BIAS),
    "layernorm": Grammar(LayerNorm, options=_EPS, flags={"channels": ("channels", True)} | _NO_SCALE | _NO_BIAS),
    "instancenorm": Grammar(InstanceNorm, options=_EPS, flags=_NO_SCALE | _NO_BIAS),
    "groupnorm": Grammar(GroupNorm, {"groups": COUNT}, options=_EPS, flags=_NO_SCALE | _NO_BIAS),
    "dropout": Grammar(Dropout, {"rate": CHANCE}),
    "rescale": Grammar(Rescale, {"scale": NUMBER}, options={"offset": ("offset", NUMBER)}),
    "flatten": Grammar(Flatten, flags={"channelslast": ("channels_last", True)}),
    "dense": Grammar(Dense, {"units": WIDTH}, options=_INIT, flags=_NO_BIAS),
    **ACTIVATIONS,
}


def default_of(layer: type[Layer], name: str) -> Any:
    """What the field `name` of a layer is where a text does not say it."""
    found = next(own.default for own in fields(layer) if own.name == name)
    if found is MISSING:
        raise ValueError(f"{name} of {layer.__name__} has no default")
    return found
