"""Keras's normalisation layers."""

from convsight.nets.keras.activations import check_last_axis
from convsight.nets.keras.model import KerasLayer
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from convsight.nets.text.volume import Volume


def batch_norm(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    """`BatchNormalization`. Keras's momentum is the share of what was before, a text's that of a new batch."""
    check_last_axis(layer, volume)
    if layer.flag("renorm", otherwise=False):
        raise layer.error("batch renormalisation is not known here")
    # 1 - 0.99 has digits behind that mean nothing.
    momentum = round(1 - layer.real("momentum", 0.99), 12)
    scale, bias = _scale_and_bias(layer)
    return (BatchNorm(eps=layer.real("epsilon", 1e-3), momentum=momentum, scale=scale, bias=bias),)


def layer_norm(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    """`LayerNormalization` over the channels, of each position by itself."""
    check_last_axis(layer, volume)
    if layer.flag("rms_scaling", otherwise=False):
        raise layer.error("rms_scaling is not known here")
    scale, bias = _scale_and_bias(layer)
    return (LayerNorm(channels=True, eps=layer.real("epsilon", 1e-3), scale=scale, bias=bias),)


def group_norm(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    """`GroupNormalization`; -1 groups are as many as channels."""
    check_last_axis(layer, volume)
    scale, bias = _scale_and_bias(layer)
    eps = layer.real("epsilon", 1e-3)
    if layer.config.get("groups") == -1:
        return (InstanceNorm(eps=eps, scale=scale, bias=bias),)
    return (GroupNorm(groups=layer.whole("groups"), eps=eps, scale=scale, bias=bias),)


def _scale_and_bias(layer: KerasLayer) -> tuple[bool, bool]:
    return layer.flag("scale", otherwise=True), layer.flag("center", otherwise=True)
