"""A volume on its way through a network's layers: their names, and what comes out of each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from convsight.nets.text.layer_errors import LayerError, TooSmallError
from convsight.nets.text.layers.layer import Layer, Sides
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.volume import Volume

_BLOCK = "block"


@dataclass(frozen=True)
class Step:
    """One layer in its place. `name` is its name in the network, `inner` the steps inside a residual block.

    `shortcut` is the stride of the block's 1x1 convolution, None where its shortcut is the volume itself.
    """

    name: str
    layer: Layer
    before: Volume
    after: Volume
    inner: tuple["Step", ...] = ()
    shortcut: Sides | None = None


def walk(layers: Sequence[Layer], volume: Volume, outputs: int | None = None) -> tuple[Step, ...]:
    """The steps of `volume` through `layers`, `outputs` being what the word `classes` in them stands for.

    Raises `LayerError`, its message beginning with the layer's name.

    >>> from convsight.nets.text.parse import parse
    >>> net = parse("conv 8 3 relu | maxpool 2 | flatten | dense classes")
    >>> for step in walk(net.layers, Volume(1, (28, 28)), outputs=10):
    ...     print(step.name, step.after)
    conv1 26x26x8
    relu1 26x26x8
    maxpool1 13x13x8
    flatten1 1352
    dense1 10
    """
    return tuple(_steps(layers, volume, outputs, ""))


def _steps(layers: Sequence[Layer], volume: Volume, outputs: int | None, inside: str) -> Iterator[Step]:
    met: Counter[str] = Counter()
    for layer in layers:
        word = _BLOCK if isinstance(layer, Residual) else layer.word
        met[word] += 1
        name = f"{inside}{word}{met[word]}"
        step = (
            _block(name, layer, volume, outputs) if isinstance(layer, Residual) else _one(name, layer, volume, outputs)
        )
        yield step
        volume = step.after


def _one(name: str, layer: Layer, volume: Volume, outputs: int | None) -> Step:
    known = layer if outputs is None else with_outputs(layer, outputs)
    try:
        return Step(name, known, volume, known.after(volume))
    except LayerError as fault:
        raise _named(fault, name) from None


def _block(name: str, layer: Residual, volume: Volume, outputs: int | None) -> Step:
    inner = tuple(_steps(layer.layers, volume, outputs, f"{name}."))
    after = inner[-1].after
    try:
        return Step(name, layer, volume, after, inner, layer.shortcut(volume, after))
    except LayerError as fault:
        raise _named(fault, name) from None


def with_outputs(layer: Layer, outputs: int) -> Layer:
    """The layer with the number in place of the word `classes` or `outputs`."""
    asked: dict[str, Any] = {own.name: outputs for own in fields(layer) if getattr(layer, own.name) == "outputs"}
    return replace(layer, **asked)


def _named(fault: LayerError, name: str) -> LayerError:
    message = f"{name}: {fault}"
    if isinstance(fault, TooSmallError):
        return TooSmallError(message, fault.span, fault.fix)
    return LayerError(message, fault.span)
