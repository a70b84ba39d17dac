"""Keras's convolutions, poolings and paddings in one, two and three dimensions."""

from typing import Any, Literal

from convsight.nets.keras.model import KerasLayer
from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.kernel_windows import Padding, Pads
from convsight.nets.text.layers.layer import Init, Layer, Sides
from convsight.nets.text.layers.pools import GlobalPool, Pool, ZeroPad
from convsight.nets.text.volume import Volume

_STARTS: dict[str, Init | None] = {
    "GlorotUniform": None,  # what a text starts with
    "GlorotNormal": "glorot",
    "HeNormal": "he",
    "HeUniform": "he",
    "RandomNormal": "random",
    "RandomUniform": "random",
    "TruncatedNormal": "random",
}


def start_of(layer: KerasLayer, key: str = "kernel_initializer") -> Init | None:
    """How the weights start, as near as a text can say it; other initialisers become the usual one."""
    given: Any = layer.config.get(key)
    kind = given.get("class_name") if isinstance(given, dict) else None
    return _STARTS.get(kind) if isinstance(kind, str) else None


def conv(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`Conv1D`, `Conv2D` and `Conv3D`."""
    padding: Padding
    if layer.kind == "Conv1D" and layer.config.get("padding") == "causal":
        span = layer.wholes("dilation_rate")[0] * (layer.wholes("kernel_size")[0] - 1)
        padding = ((span, 0),)
    else:
        padding = _padding(layer)
    made = Conv(
        filters=layer.whole("filters"),
        kernel=layer.wholes("kernel_size"),
        stride=_each_axis(layer, "strides"),
        dilation=_each_axis(layer, "dilation_rate"),
        groups=layer.whole("groups") if "groups" in layer.config else 1,
        padding=padding,
        bias=layer.flag("use_bias", otherwise=True),
        init=start_of(layer),
    )
    return (made,)


def depthwise(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`DepthwiseConv1D` and `DepthwiseConv2D`."""
    made = Depthwise(
        kernel=layer.wholes("kernel_size"),
        stride=_each_axis(layer, "strides"),
        dilation=_each_axis(layer, "dilation_rate"),
        multiplier=layer.whole("depth_multiplier"),
        padding=_padding(layer),
        bias=layer.flag("use_bias", otherwise=True),
        init=start_of(layer, "depthwise_initializer"),
    )
    return (made,)


def separable(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`SeparableConv1D` and `SeparableConv2D`."""
    made = Separable(
        filters=layer.whole("filters"),
        kernel=layer.wholes("kernel_size"),
        stride=_each_axis(layer, "strides"),
        dilation=_each_axis(layer, "dilation_rate"),
        multiplier=layer.whole("depth_multiplier"),
        padding=_padding(layer),
        bias=layer.flag("use_bias", otherwise=True),
        init=start_of(layer, "pointwise_initializer"),
    )
    return (made,)


def transposed(layer: KerasLayer, volume: Volume) -> tuple[Layer, ...]:
    """`Conv1DTranspose`, `Conv2DTranspose` and `Conv3DTranspose`."""
    padding: Padding = _padding(layer)
    added: Sides = (0,)
    if layer.config.get("output_padding") is not None:
        padding, added = _output_padding(layer, len(volume.sides))
    made = Transposed(
        filters=layer.whole("filters"),
        kernel=layer.wholes("kernel_size"),
        stride=_each_axis(layer, "strides"),
        dilation=_each_axis(layer, "dilation_rate"),
        padding=padding,
        output_padding=added,
        bias=layer.flag("use_bias", otherwise=True),
        init=start_of(layer),
    )
    return (made,)


def _output_padding(layer: KerasLayer, axes: int) -> tuple[Pads, Sides]:
    """What is taken off each side, and added behind it, where Keras is given `output_padding`.

    With `valid` Keras adds it; with `same` it makes (n - 1) stride + span % 2 + output_padding cells of each side, and
    TensorFlow takes off what is too much, the odd cell behind. Source: `backend/common/backend_utils.py` of Keras.
    """
    pads, added = [], []
    keys = ("kernel_size", "dilation_rate", "output_padding")
    kernels, dilations, more = (_spread(layer, key, axes) for key in keys)
    for kernel, dilation, extra in zip(kernels, dilations, more, strict=True):
        span = dilation * (kernel - 1) + 1
        total = span - span % 2 - extra if _padding(layer) == "same" else -extra
        before = max(total, 0) // 2
        pads.append((before, max(total, 0) - before))
        added.append(max(-total, 0))
    return tuple(pads), _as_one(tuple(added))


def _spread(layer: KerasLayer, key: str, axes: int) -> Sides:
    numbers = layer.wholes(key, 0)
    if len(numbers) not in (1, axes):
        raise layer.error(f"{key} must be one number or {axes}, one an axis, not {list(numbers)}")
    return numbers * axes if len(numbers) == 1 else numbers


def max_pool(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`MaxPooling1D`, `MaxPooling2D` and `MaxPooling3D`."""
    return (_pool(layer, "maxpool"),)


def avg_pool(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`AveragePooling1D`, `AveragePooling2D` and `AveragePooling3D`."""
    return (_pool(layer, "avgpool"),)


def _pool(layer: KerasLayer, kind: Literal["maxpool", "avgpool"]) -> Layer:
    same_as_kernel = layer.config.get("strides") == layer.config.get("pool_size")
    stride = None if same_as_kernel else _each_axis(layer, "strides")
    return Pool(kind=kind, kernel=layer.wholes("pool_size"), stride=stride, padding=_padding(layer))


def global_max(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`GlobalMaxPooling1D`, `GlobalMaxPooling2D` and `GlobalMaxPooling3D`."""
    return (GlobalPool(kind="globalmax", keep=layer.flag("keepdims", otherwise=False)),)


def global_avg(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`GlobalAveragePooling1D`, `GlobalAveragePooling2D` and `GlobalAveragePooling3D`."""
    return (GlobalPool(kind="globalavg", keep=layer.flag("keepdims", otherwise=False)),)


def zero_padding(layer: KerasLayer, _: Volume) -> tuple[Layer, ...]:
    """`ZeroPadding1D`, whose padding is one pair, `ZeroPadding2D` and `ZeroPadding3D`, whose is a pair an axis."""
    given: Any = layer.config.get("padding")
    if not isinstance(given, list):
        given = [given, given]
    pairs = given if given and isinstance(given[0], list) else [given]
    fine = all(isinstance(pair, list) and len(pair) == 2 for pair in pairs)
    if not fine or any(type(cells) is not int or cells < 0 for pair in pairs for cells in pair):
        raise layer.error(f"padding must be whole numbers before and behind each side, not {given!r}")
    return (ZeroPad(cells=tuple((before, behind) for before, behind in pairs)),)


def _each_axis(layer: KerasLayer, key: str) -> Sides:
    """Numbers, one an axis; as a single one where they are the same."""
    return _as_one(layer.wholes(key))


def _as_one(numbers: Sides) -> Sides:
    return numbers[:1] if len(set(numbers)) == 1 else numbers


def _padding(layer: KerasLayer) -> Literal["valid", "same"]:
    padding = layer.word("padding").lower()
    if padding == "valid":
        return "valid"
    if padding == "same":
        return "same"
    raise layer.error(f"padding {padding!r} is not known here, only valid and same")
