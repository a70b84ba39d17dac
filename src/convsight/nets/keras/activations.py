"""Keras's activations, as layers and as the `activation` of other layers."""

from typing import Any

from convsight.errors import unknown_name
from convsight.nets.keras.model import KerasLayer
from convsight.nets.text.layers.elementwise import Activation
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.volume import Volume

_NAMED: dict[str, Activation | None] = {
    "linear": None,
    "relu": Activation(kind="relu"),
    "relu6": Activation(kind="relu6"),
    "leaky_relu": Activation(kind="leakyrelu", slope=0.2),
    "elu": Activation(kind="elu"),
    "gelu": Activation(kind="gelu"),
    "silu": Activation(kind="silu"),
    "swish": Activation(kind="silu"),
    "sigmoid": Activation(kind="sigmoid"),
    "tanh": Activation(kind="tanh"),
    "softmax": Activation(kind="softmax"),
}


def activation_of(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    """The `activation` of a layer; nothing where it is none or linear.

    Raises `UserError` for one that is not a name of Keras: nothing in the file is run.
    """
    given: Any = layer.config.get("activation")
    if given is None:
        return ()
    if isinstance(given, dict):
        kind, config = given.get("class_name"), given.get("config")
        if isinstance(kind, str) and kind in LAYERS and isinstance(config, dict):
            return LAYERS[kind](KerasLayer(layer.path, kind, layer.name, config, layer.stored_as), volume)
    if not isinstance(given, str):
        raise layer.error("its activation is a function of its own, which is code and is not run")
    if given not in _NAMED:
        raise layer.error(str(unknown_name("activation", given, _NAMED)))
    named = _NAMED[given]
    return () if named is None else (named,)


def _relu(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    slope = layer.real("negative_slope", 0.0)
    largest = layer.config.get("max_value")
    if layer.real("threshold", 0.0) != 0:
        raise layer.error("a ReLU with a threshold is not known here")
    if largest is None:
        return (Activation(kind="leakyrelu", slope=slope) if slope else Activation(kind="relu"),)
    if slope == 0 and largest == 6:
        return (Activation(kind="relu6"),)
    raise layer.error(f"a ReLU up to {largest!r} is not known here, only up to 6 and without end")


def _leaky_relu(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    # Keras 2 calls it alpha, and 0.3 is what both take when nothing is said.
    key = "alpha" if "alpha" in layer.config else "negative_slope"
    return (Activation(kind="leakyrelu", slope=layer.real(key, 0.3)),)


def _elu(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    if layer.real("alpha", 1.0) != 1:
        raise layer.error("an ELU with an alpha other than 1 is not known here")
    return (Activation(kind="elu"),)


def _softmax(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    check_last_axis(layer, volume)
    return (Activation(kind="softmax"),)


LAYERS = {"ReLU": _relu, "LeakyReLU": _leaky_relu, "ELU": _elu, "Softmax": _softmax, "Activation": activation_of}


def check_last_axis(layer: KerasLayer, volume: Volume) -> None:
    """Raise `UserError` unless the layer's axis is the channels', which come last."""
    axis = layer.config.get("axis", -1)
    only = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if only not in (-1, len(volume.sides) + 1):
        raise layer.error(f"axis {axis!r} is not known here, only the last one, the channels'")
