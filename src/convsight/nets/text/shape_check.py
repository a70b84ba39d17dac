"""Whether a network can take images of a shape, found without PyTorch and before any data is touched."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from convsight.nets.text.layer_errors import LayerError, TooSmallError, pointed
from convsight.nets.text.layers.convolutions import Conv, Separable, Transposed
from convsight.nets.text.layers.dense import Dense
from convsight.nets.text.layers.elementwise import Activation
from convsight.nets.text.layers.layer import Layer, Sides
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.net import Net
from convsight.nets.text.source import net_of
from convsight.nets.text.steps import Step, walk
from convsight.nets.text.volume import Volume, times

_LARGEST_SIDE = 8192  # px, as in `ImageInput`
_COLOURS = {1: "grey", 3: "rgb"}


class Images(Protocol):
    """What a network is built for; `NetShape` is one."""

    @property
    def outputs(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...


def check_text(name: str, shape: Images) -> tuple[Step, ...]:
    """The layers of a text or TOML file, one by one, for images of `shape`; imports no PyTorch.

    Raises `UserError` that points at the word, for a text that does not parse, a layer that does not fit where it
    stands, images that the text's `input` does not allow, and an end that is not as many numbers as outputs.

    >>> from collections import namedtuple
    >>> shape = namedtuple("Shape", "outputs channels height width")(10, 1, 28, 28)
    >>> check_text("conv 8 3 stride 2 relu | globalavg | dense classes", shape)[-1].name
    'dense1'
    >>> check_text("maxpool 8 | conv 32 5x5 | flatten | dense 10", shape)
    Traceback (most recent call last):
        ...
    convsight.errors.UserError: conv1: 5x5 kernel over a 3x3 volume; the input must be at least 40x40, or padding 1
      maxpool 8 | conv 32 5x5 | flatten | dense 10
                          ^^^
    """
    return check_net(net_of(name), shape)


def check_sides(name: str, shape: Images) -> tuple[Step, ...]:
    """`check_text` before it is known whether images are grey: they are taken to have the channels `input` names.

    >>> from collections import namedtuple
    >>> shape = namedtuple("Shape", "outputs channels height width")(10, 3, 28, 28)
    >>> print(check_sides("input 28x28x1 | flatten | dense classes", shape)[0].after)
    784
    """
    net = net_of(name)
    named = net.input.channels if net.input else None
    return _check(net, Volume(named or shape.channels, (shape.height, shape.width)), shape.outputs)


def check_net(net: Net, shape: Images) -> tuple[Step, ...]:
    """`check_text` of a network that has been read."""
    return _check(net, Volume(shape.channels, (shape.height, shape.width)), shape.outputs)


def _check(net: Net, volume: Volume, outputs: int) -> tuple[Step, ...]:
    steps = check_volume(net, volume, outputs)
    _check_end(net, steps, outputs)
    return steps


def check_volume(net: Net, volume: Volume, outputs: int | None = None) -> tuple[Step, ...]:
    """The layers one by one for any volume, and whatever comes out at the end; raises `UserError` as `check_text`."""
    if net.input is not None and not net.input.admits(volume):
        message = f"the network's input is {net.input}, not {volume}{_other_input(net, volume)}"
        raise pointed(message, net.text, net.input_span)
    try:
        return walk(net.layers, volume, outputs)
    except TooSmallError as fault:
        smallest = smallest_sides(net.layers, volume)
        need = f"the input must be at least {times(smallest)}, or" if smallest else "no input is large enough; it takes"
        raise pointed(f"{fault}; {need} {fault.fix}", net.text, fault.span) from None
    except LayerError as fault:
        raise pointed(str(fault), net.text, fault.span) from None


def smallest_sides(layers: Sequence[Layer], volume: Volume) -> Sides | None:
    """The smallest sides, axis by axis, with which no kernel is larger than its volume; None where there are none.

    An axis does not depend on the others, so each is searched while the others are large.

    >>> from convsight.nets.text.parse import parse
    >>> smallest_sides(parse("conv 6 5x3 | maxpool 2 | conv 16 5x3").layers, Volume(1, (28, 28)))
    (14, 8)
    """
    large = [_LARGEST_SIDE] * len(volume.sides)
    if not _large_enough(layers, Volume(volume.channels, tuple(large))):
        return None

    def enough(axis: int, side: int) -> bool:
        sides = (*large[:axis], side, *large[axis + 1 :])
        return _large_enough(layers, Volume(volume.channels, sides))

    sides = range(1, _LARGEST_SIDE)
    return tuple(1 + bisect_left(sides, True, key=lambda side: enough(axis, side)) for axis in range(len(large)))


def _large_enough(layers: Sequence[Layer], volume: Volume) -> bool:
    try:
        walk(layers, volume, outputs=1)
    except TooSmallError:
        return False
    except LayerError:  # another size would not mend it
        return True
    return True


def logit_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps without a softmax at their end.

    A task's loss and its deployed graph take logits and apply softmax themselves; twice would flatten the predictions.
    """
    last = steps[-1].layer
    return steps[:-1] if isinstance(last, Activation) and last.kind == "softmax" and len(steps) > 1 else steps


def _check_end(net: Net, steps: tuple[Step, ...], outputs: int) -> None:
    end = steps[-1].after
    if not end.is_vector:
        message = f"the network ends with a {end} volume, not with plain numbers: "
        fix = "end with `flatten | dense classes` or `globalavg | dense classes`"
        raise pointed(message + fix, net.text, net.layers[-1].span("word"))
    if end.channels != outputs:
        layer, key = _last_width(net.layers)
        message = f"the network ends with {end.channels} numbers, but the data needs {outputs}: "
        raise pointed(message + "write `dense classes` at its end", net.text, layer.span(key))


def _last_width(layers: Sequence[Layer]) -> tuple[Layer, str]:
    """The layer that says how many numbers come out at the end, and in which field; else the last layer."""
    for layer in reversed(layers):
        if isinstance(layer, Dense):
            return layer, "units"
        if isinstance(layer, Conv | Separable | Transposed):
            return layer, "filters"
        if isinstance(layer, Residual):
            return _last_width(layer.layers)
    return layers[-1], "word"


def _other_input(net: Net, volume: Volume) -> str:
    """What to do about an input that the network does not take."""
    if net.input is None or len(net.input.sides) != len(volume.sides):
        return ""
    options = []
    sides = {side for side in net.input.sides if side is not None}
    if len(sides) == 1 and volume.sides != net.input.sides:
        options.append(f"--size {min(sides)}")
    if net.input.channels in _COLOURS and net.input.channels != volume.channels:
        options.append(f"--colour {_COLOURS[net.input.channels]}")
    return f": use {' '.join(options)}, or leave `input` out" if options else ": leave `input` out"
