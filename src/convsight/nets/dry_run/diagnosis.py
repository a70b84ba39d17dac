"""A network that cannot work: where it stops, why, and what would mend it."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import torch
from torch import nn

from convsight.arithmetic.shapes import Window
from convsight.errors import UserError
from convsight.nets.dry_run.operation_windows import Windows, windows_of
from convsight.nets.dry_run.run import CannotRunError, dry_run

aten = torch.ops.aten

_AVERAGES = nn.AvgPool1d | nn.AvgPool2d | nn.AvgPool3d

_LARGEST_SIDE = 4096  # px; where no smaller input works, none is proposed


def diagnosis(model: nn.Module, shape: Sequence[int]) -> UserError | None:
    """What is wrong with `model` for images of `shape` (batch, channels, *sides); None if it takes them.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 5), nn.MaxPool2d(4), nn.Conv2d(8, 8, 5))
    >>> print(diagnosis(net, (1, 3, 12, 12)))
    2: 5x5 kernel over a 2x2 volume; the input must be at least 24x24, or padding 2
    """
    try:
        dry_run(model, shape)
    except CannotRunError as stopped:
        return explained(model, shape, stopped)
    return None


def explained(model: nn.Module, shape: Sequence[int], stopped: CannotRunError) -> UserError:
    """The message for a network that stopped on images of `shape`."""
    place = stopped.call.path or type(model).__name__
    reasons = (_too_small, _other_channels, _other_values)
    reason = next((text for make in reasons if (text := make(model, shape, stopped))), None)
    if re.search(r"\bmeta\b", str(stopped.cause)):  # the device without numbers, not a word such as "metadata"
        reason = reason or "what it does next depends on the numbers in the image, and none are computed here"
    # What a network raises by itself knows best, if it says anything.
    said = str(stopped.cause).strip() or f"it stops with {type(stopped.cause).__name__} for this input"
    return UserError(f"{place}: {reason or said.splitlines()[0]}")


def _too_small(model: nn.Module, shape: Sequence[int], stopped: CannotRunError) -> str | None:
    """A kernel that is larger than its volume."""
    windows = windows_of(stopped.packet, stopped.operands) if stopped.packet else None
    if windows is None or windows.transposed:
        return None
    windows = windows.with_padding(stopped.pads[-len(windows.over) :]) if stopped.pads else windows
    sides = list(stopped.operands[0].shape[-len(windows.over) :])
    if stopped.pads:
        sides = [n - before - after for n, (before, after) in zip(sides, stopped.pads[-len(sides) :], strict=True)]
    if all(worked.value >= 1 for worked in windows.sides(sides)):
        return None
    kernel = "x".join(str(window.kernel) for window in windows.over)
    name = "kernel" if stopped.packet == aten.convolution else "pooling"
    mends = [*_larger_input(model, shape, stopped.call.path), *_padding(model, shape, stopped, windows, sides)]
    return f"{kernel} {name} over a {'x'.join(map(str, sides))} volume; {', or '.join(mends) or 'no input size works'}"


def _larger_input(model: nn.Module, shape: Sequence[int], path: str) -> list[str]:
    """The smallest input that the whole network takes, or else with which at least the layer at `path` works."""
    side = _smallest(shape, lambda wider: _stops_at(model, wider) is None)
    side = side or _smallest(shape, lambda wider: _stops_at(model, wider) != path)
    return [f"the input must be at least {'x'.join([str(side)] * (len(shape) - 2))}"] if side else []


def _smallest(shape: Sequence[int], works: Callable[[Sequence[int]], bool]) -> int | None:
    """The smallest square side from that of `shape` on that works, where larger ones work too."""

    def of_side(side: int) -> bool:
        return works((*shape[:2], *(side,) * (len(shape) - 2)))

    high = max(1, *shape[2:])
    while not of_side(high):
        high *= 2
        if high > _LARGEST_SIDE:
            return None
    low = min(shape[2:])  # at least one side of the asked ones does not work
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if of_side(middle) else (middle, high)
    return high


def _stops_at(model: nn.Module, shape: Sequence[int]) -> str | None:
    """The layer at which the network stops on images of `shape`; None if it does not."""
    try:
        dry_run(model, shape)
    except CannotRunError as stopped:
        return stopped.call.path
    return None


def _padding(
    model: nn.Module, shape: Sequence[int], stopped: CannotRunError, windows: Windows, sides: Sequence[int]
) -> list[str]:
    """The padding under which the kernel fits and the whole network works, where the layer can have one."""
    layer = stopped.call.module
    if not isinstance(layer, nn.modules.conv._ConvNd | nn.modules.pooling._MaxPoolNd | _AVERAGES):
        return []
    needed = max(_needed(window, n) for window, n in zip(windows.over, sides, strict=True))
    before = layer.padding
    layer.padding = needed if isinstance(before, int) else (needed,) * len(windows.over)
    try:
        works = _stops_at(model, shape) is None
    finally:
        layer.padding = before
    return [f"padding {needed}"] if works else []


def _needed(window: Window, n: int) -> int:
    return max(0, math.ceil((window.span - n) / 2))


def _other_channels(_: nn.Module, __: Sequence[int], stopped: CannotRunError) -> str | None:
    """A convolution or normalisation made for another number of channels."""
    layer, args = stopped.call.module, stopped.operands
    wanted = next((getattr(layer, name) for name in ("in_channels", "num_features") if hasattr(layer, name)), None)
    volume = args[0] if args and isinstance(args[0], torch.Tensor) else stopped.call.image
    if wanted is None or volume is None or volume.ndim < 2 or volume.shape[1] == wanted:
        return None
    return f"takes {wanted} channels and gets {volume.shape[1]}; change it, or the layer before it"


def _other_values(model: nn.Module, shape: Sequence[int], stopped: CannotRunError) -> str | None:
    """A dense layer after flattening, made for another input size."""
    numbers = _values(stopped)
    if numbers is None:
        return None
    gets, takes = numbers
    sides = _sides_that_give(model, shape, stopped.call.path, takes)
    inputs = " to ".join("x".join([str(side)] * (len(shape) - 2)) for side in sides)
    mend = f"the input must be {inputs}, or the layer" if sides else "the layer must be"
    return f"takes {takes:,} values an image and gets {gets:,}; {mend} made for {gets:,}"


def _values(stopped: CannotRunError) -> tuple[int, int] | None:
    """What a dense layer got and what it takes, where they differ."""
    if stopped.packet not in (aten.addmm, aten.mm):
        return None
    left, right = stopped.operands[-2:]
    return (left.shape[-1], right.shape[0]) if left.shape[-1] != right.shape[0] else None


def _sides_that_give(model: nn.Module, shape: Sequence[int], path: str, takes: int) -> list[int]:
    """Smallest and largest side of the inputs at which the dense layer at `path` gets what it takes, if any.

    It gets more the larger the input is; strides make a few neighbouring sides give the same.
    """

    def gets(side: int) -> int:
        try:
            dry_run(model, (*shape[:2], *(side,) * (len(shape) - 2)))
        except CannotRunError as stopped:
            numbers = _values(stopped)
            # Stopped earlier, an input is too small; stopped later, the dense layer was content.
            return (numbers[0] if numbers else 0) if stopped.call.path == path or not numbers else takes
        return takes

    sides = range(1, _LARGEST_SIDE)
    smallest = sides[min(bisect_left(sides, takes, key=gets), len(sides) - 1)]
    if gets(smallest) != takes:
        return []
    largest = sides[bisect_right(sides, takes, key=gets) - 1]
    return sorted({smallest, largest})
