"""Keras's layers to ours: one line of `LAYERS` a class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from convsight.errors import UserError
from convsight.nets.keras import activations, kernel_layers, norms
from convsight.nets.keras.model import KerasLayer, KerasModel
from convsight.nets.text.layer_errors import LayerError
from convsight.nets.text.layers.convolutions import Conv
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.elementwise import Dropout, Rescale
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.pools import Flatten
from convsight.nets.text.net import Net
from convsight.nets.text.parse import parse
from convsight.nets.text.unparse import unparse
from convsight.nets.text.volume import Volume

_UNKNOWN_SIDE = 4096  # cells, in place of a side that the file leaves open: more than any kernel needs


@dataclass(frozen=True)
class Converted:
    """A network of Keras as a text's, and the layer of Keras that each of its layers comes from."""

    net: Net
    origins: tuple[KerasLayer, ...]
    input: Volume  # what it can be built for


def convert(model: KerasModel) -> Converted:
    """The layers of `model`, in order, as a network's text has them.

    Raises `UserError` that names the file and the layer, for a layer that is not known here, holds code, or does not
    fit where it stands.
    """
    sides = tuple(side or _UNKNOWN_SIDE for side in model.input.sides)
    volume = first = Volume(model.input.channels or 1, sides)
    layers: list[Layer] = []
    origins: list[KerasLayer] = []
    for origin in model.layers:
        for made in _converted(origin, volume):
            volume = _checked(made, origin, volume)
            layers.append(made)
            origins.append(origin)
    if not layers:
        raise UserError(f"{model.path} holds no layer that does anything")
    return Converted(Net(tuple(layers), model.input), tuple(origins), first)


def _converted(origin: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    if origin.kind == "Lambda":
        raise origin.error("a Lambda layer is code, and code of a file is not run: replace it by a layer of Keras")
    if origin.kind not in LAYERS:
        raise origin.error(f"a layer that is not known here; known are {', '.join(sorted(LAYERS))}")
    if origin.config.get("data_format", "channels_last") != "channels_last":
        raise origin.error("channels first are not known here; build the network with data_format='channels_last'")
    made = LAYERS[origin.kind](origin, volume)
    return made if origin.kind == "Activation" else made + activations.activation_of(origin, volume)


def _checked(made: Layer, origin: KerasLayer, volume: Volume) -> Volume:
    """What comes out of a layer; a `UserError` if it does not fit, or its numbers are none that a text can give."""
    try:
        parse(unparse(Net((made,))))
        return made.after(volume)
    except LayerError as fault:
        raise origin.error(str(fault)) from None
    except UserError as error:
        raise origin.error(str(error).partition("\n")[0]) from None


def _dense(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    """`Dense`; on a volume Keras applies it to each position, which is a convolution of kernel 1."""
    units, bias = layer.whole("units"), layer.flag("use_bias", otherwise=True)
    start = kernel_layers.start_of(layer)
    if volume.is_vector:
        return (Dense(units=units, bias=bias, init=start),)
    return (Conv(filters=units, kernel=(1,), bias=bias, init=start),)


def _flatten(_: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    return () if volume.is_vector else (Flatten(channels_last=True),)


def _dropout(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    if layer.config.get("noise_shape") is not None:
        raise layer.error("a noise_shape is not known here")
    return (Dropout(rate=layer.real("rate")),)


def _rescaling(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    return (Rescale(scale=layer.real("scale"), offset=layer.real("offset", 0.0)),)


_Converter = Callable[[KerasLayer, Volume], tuple[Layer, ...]]


def _in_each(name: str, converter: _Converter, axes: str = "123") -> dict[str, _Converter]:
    """The converter under the names it has in one, two and three dimensions."""
    return {name.format(f"{n}D"): converter for n in axes}


LAYERS: Mapping[str, _Converter] = {
    **_in_each("Conv{}", kernel_layers.conv),
    **_in_each("Conv{}Transpose", kernel_layers.transposed),
    **_in_each("DepthwiseConv{}", kernel_layers.depthwise, "12"),
    **_in_each("SeparableConv{}", kernel_layers.separable, "12"),
    **_in_each("MaxPooling{}", kernel_layers.max_pool),
    **_in_each("AveragePooling{}", kernel_layers.avg_pool),
    **_in_each("GlobalMaxPooling{}", kernel_layers.global_max),
    **_in_each("GlobalAveragePooling{}", kernel_layers.global_avg),
    **_in_each("ZeroPadding{}", kernel_layers.zero_padding),
    "BatchNormalization": norms.batch_norm,
    "LayerNormalization": norms.layer_norm,
    "GroupNormalization": norms.group_norm,
    "Dense": _dense,
    "Flatten": _flatten,
    "Dropout": _dropout,
    "Rescaling": _rescaling,
    **activations.LAYERS,
}
