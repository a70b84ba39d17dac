"""The steps of a network to PyTorch's layers: one line of `BUILDERS` a kind of layer."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from torch import nn

from convsight.arithmetic.shapes import Window
from convsight.nets.text import modules
from convsight.nets.text.initialise import DEFAULT, WEIGHTED, initialise
from convsight.nets.text.layers.convolutions import Conv, Depthwise, Separable, Transposed
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.elementwise import Activation, Dropout, Rescale
from convsight.nets.text.layers.kernel_windows import Padding, is_static
from convsight.nets.text.layers.layer import Layer, Sides
from convsight.nets.text.layers.norms import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from convsight.nets.text.layers.pools import Flatten, GlobalPool, Pool, ZeroPad
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.steps import Step

Named = list[tuple[str, nn.Module]]

_L = TypeVar("_L", bound=Layer)

_CONVS: dict[int, Callable[..., nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED: dict[int, Callable[..., nn.Module]] = {
    1: nn.ConvTranspose1d,
    2: nn.ConvTranspose2d,
    3: nn.ConvTranspose3d,
}
_BATCH_NORMS: dict[int, Callable[..., nn.Module]] = {
    0: nn.BatchNorm1d,
    1: nn.BatchNorm1d,
    2: nn.BatchNorm2d,
    3: nn.BatchNorm3d,
}
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softmax": lambda: nn.Softmax(dim=1),
}


def build(steps: Sequence[Step], init: str | None = None) -> nn.Sequential:
    """The network of `steps`, its modules by their names, weights drawn from PyTorch's global generator.

    A convolution whose padding PyTorch cannot do has it in a layer before, `conv1_pad`. `init` is how weights start
    where a layer does not say it.

    >>> from convsight.nets.text.parse import parse
    >>> from convsight.nets.text.volume import Volume
    >>> from convsight.nets.text.steps import walk
    >>> layers = parse("conv 8 3 stride 2 same | globalavg | dense 10").layers
    >>> [name for name, _ in build(walk(layers, Volume(1, (28, 28)))).named_children()]
    ['conv1_pad', 'conv1', 'globalavg1', 'dense1']
    """
    net = nn.Sequential(OrderedDict(_modules(steps)))
    inits = dict(_inits(steps))
    for name, module in net.named_modules():
        if isinstance(module, WEIGHTED):
            # The two convolutions of a separable one start as it does.
            own = inits.get(name) or inits.get(name.rpartition(".")[0])
            initialise(module, own or init or DEFAULT)
    return net


def _modules(steps: Sequence[Step]) -> Named:
    """The modules of steps in order, each by the last part of its name."""
    return [(name.rpartition(".")[2], module) for step in steps for name, module in BUILDERS[type(step.layer)](step)]


def _inits(steps: Sequence[Step]) -> Iterator[tuple[str, str | None]]:
    for step in steps:
        yield step.name, getattr(step.layer, "init", None)
        yield from _inits(step.inner)


def _conv(step: Step) -> Named:
    layer = _as(Conv, step)
    windows = layer.windows(step.before)
    return _convolution(step, windows, layer.padding, step.after.channels, layer.groups, layer.bias)


def _depthwise(step: Step) -> Named:
    layer = _as(Depthwise, step)
    windows = layer.windows(step.before)
    return _convolution(step, windows, layer.padding, step.after.channels, step.before.channels, layer.bias)


def _separable(step: Step) -> Named:
    layer = _as(Separable, step)
    channels = step.before.channels
    windows = layer.windows(step.before)
    wide = channels * layer.multiplier
    *pad, (_, depthwise) = _convolution(step, windows, layer.padding, wide, channels, bias=False)
    pointwise = _CONVS[len(windows)](wide, step.after.channels, 1, bias=layer.bias)
    both = nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=pointwise))
    return [*pad, (step.name, both)]


def _convolution(
    step: Step, windows: Sequence[Window], padding: Padding, filters: int, groups: int, bias: bool
) -> Named:
    """A convolution, and before it the padding where PyTorch's cannot be it: uneven, or by the volume's size."""
    kernel, stride, dilation = _numbers(windows)
    pads = tuple((window.before, window.after) for window in windows)
    before: Named = []
    if not all(is_static(window, padding) for window in windows):
        before = [(f"{step.name}_pad", modules.PadSame(kernel, stride, dilation))]
    elif any(first != last for first, last in pads):
        before = [(f"{step.name}_pad", modules.Pad(pads))]
    own = 0 if before else tuple(first for first, _ in pads)
    conv = _CONVS[len(windows)](step.before.channels, filters, kernel, stride, own, dilation, groups, bias)
    return [*before, (step.name, conv)]


def _transposed(step: Step) -> Named:
    layer = _as(Transposed, step)
    windows, added = layer.windows(step.before)
    kernel, stride, dilation = _numbers(windows)
    even = tuple(min(window.before, window.after) for window in windows)
    surplus = tuple((window.before - own, window.after - own) for window, own in zip(windows, even, strict=True))
    channels, filters = step.before.channels, step.after.channels
    make = _TRANSPOSED[len(windows)]
    conv = make(channels, filters, kernel, stride, even, added, layer.groups, layer.bias, dilation)
    uneven = any(first or last for first, last in surplus)
    return [(step.name, conv), *([(f"{step.name}_crop", modules.Crop(surplus))] if uneven else [])]


def _pool(step: Step) -> Named:
    layer = _as(Pool, step)
    windows = layer.windows(step.before)
    kernel, stride, _ = _numbers(windows)
    static = all(is_static(window, layer.padding) for window in windows)
    pads = tuple((window.before, window.after) for window in windows) if static else None
    padded = pads is None or any(first or last for first, last in pads)
    if layer.kind == "sumpool":
        pad = modules.PadSame(kernel, stride, (1,) * len(kernel)) if pads is None else modules.Pad(pads)
        return [*([(f"{step.name}_pad", pad)] if padded else []), (step.name, modules.SumPool(kernel, stride))]
    if padded:
        return [(step.name, modules.PaddedPool(layer.kind, kernel, stride, pads))]
    plain = modules.MAX_POOLS if layer.kind == "maxpool" else modules.AVG_POOLS
    return [(step.name, plain[len(kernel)](kernel, stride))]


def _global_pool(step: Step) -> Named:
    layer = _as(GlobalPool, step)
    return [(step.name, modules.GlobalPool(layer.kind, layer.keep))]


def _zero_pad(step: Step) -> Named:
    layer = _as(ZeroPad, step)
    return [(step.name, modules.Pad(layer.spread("cells", layer.cells, step.before)))]


def _flatten(step: Step) -> Named:
    return [(step.name, modules.FlattenChannelsLast() if _as(Flatten, step).channels_last else nn.Flatten())]


def _batch_norm(step: Step) -> Named:
    layer = _as(BatchNorm, step)
    make = _BATCH_NORMS[len(step.before.sides)]
    norm = make(step.before.channels, eps=layer.eps, momentum=layer.momentum)
    return [(step.name, _affine(norm, layer.scale, layer.bias))]


def _layer_norm(step: Step) -> Named:
    layer = _as(LayerNorm, step)
    channels = step.before.channels
    norm = modules.ChannelNorm(channels, layer.eps) if layer.channels else nn.GroupNorm(1, channels, layer.eps)
    return [(step.name, _affine(norm, layer.scale, layer.bias))]


def _instance_norm(step: Step) -> Named:
    layer = _as(InstanceNorm, step)
    norm = nn.GroupNorm(step.before.channels, step.before.channels, layer.eps)
    return [(step.name, _affine(norm, layer.scale, layer.bias))]


def _group_norm(step: Step) -> Named:
    layer = _as(GroupNorm, step)
    norm = nn.GroupNorm(layer.groups, step.before.channels, layer.eps)
    return [(step.name, _affine(norm, layer.scale, layer.bias))]


def _affine(norm: nn.Module, scale: bool, bias: bool) -> nn.Module:
    """The normalisation without the parameters it shall not have."""
    if not scale:
        norm.register_parameter("weight", None)
    if not bias:
        norm.register_parameter("bias", None)
    return norm


def _activation(step: Step) -> Named:
    layer = _as(Activation, step)
    if layer.kind == "leakyrelu":
        return [(step.name, nn.LeakyReLU(layer.slope))]
    return [(step.name, _ACTIVATIONS[layer.kind]())]


def _dropout(step: Step) -> Named:
    return [(step.name, nn.Dropout(_as(Dropout, step).rate))]


def _rescale(step: Step) -> Named:
    layer = _as(Rescale, step)
    return [(step.name, modules.Rescale(layer.scale, layer.offset))]


def _dense(step: Step) -> Named:
    return [(step.name, nn.Linear(step.before.channels, step.after.channels, _as(Dense, step).bias))]


def _residual(step: Step) -> Named:
    before, after = step.before, step.after
    shortcut: nn.Module = nn.Identity()
    if before.is_vector and before != after:
        shortcut = nn.Linear(before.channels, after.channels, bias=False)
    elif step.shortcut is not None:
        shortcut = _CONVS[len(before.sides)](before.channels, after.channels, 1, step.shortcut, bias=False)
    return [(step.name, modules.Residual(dict(_modules(step.inner)), shortcut))]


BUILDERS: dict[type[Layer], Callable[[Step], Named]] = {
    Conv: _conv,
    Depthwise: _depthwise,
    Separable: _separable,
    Transposed: _transposed,
    Pool: _pool,
    GlobalPool: _global_pool,
    ZeroPad: _zero_pad,
    Flatten: _flatten,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    InstanceNorm: _instance_norm,
    GroupNorm: _group_norm,
    Activation: _activation,
    Dropout: _dropout,
    Rescale: _rescale,
    Dense: _dense,
    Residual: _residual,
}


def _as(kind: type[_L], step: Step) -> _L:
    """The layer of a step, which is of the kind its builder was chosen by."""
    if not isinstance(step.layer, kind):
        raise TypeError(f"{step.name} is no {kind.__name__}")
    return step.layer


def _numbers(windows: Sequence[Window]) -> tuple[Sides, Sides, Sides]:
    """Kernel, stride and dilation of every axis."""
    return (
        tuple(window.kernel for window in windows),
        tuple(window.stride for window in windows),
        tuple(window.dilation for window in windows),
    )
