"""Which image sizes a network takes: its entry says so, or it is run on the meta device, without arithmetic."""

from bisect import bisect_left

import torch

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.dry_run.diagnosis import diagnosis
from convsight.nets.dry_run.run import SHAPE_ERRORS
from convsight.nets.entry import NetEntry, NetShape
from convsight.words import counted

_LARGEST_SIDE = 8192  # px, as in `ImageInput`


def fits(entry: NetEntry, shape: NetShape) -> bool:
    """Whether the network takes images of this shape."""
    return _obstacle(entry, shape) is None


def smallest_square(entry: NetEntry, channels: int, outputs: int) -> int:
    """Side in pixels of the smallest square image the network takes; every larger multiple works too.

    For a `fixed` entry, and where only other sizes than powers of two work, it is the entry's own side. Raises
    `RuntimeError` if none works, which is a mistake in the network.
    """
    if entry.smallest is not None:
        return entry.smallest
    own = entry.cube(outputs, channels, entry.side)
    if entry.fixed and fits(entry, own):
        return entry.side

    def square(steps: int) -> NetShape:
        side = steps * entry.multiple
        return entry.cube(outputs, channels, side)

    steps = 1
    while (obstacle := _obstacle(entry, square(steps))) is not None:
        steps *= 2
        if steps * entry.multiple > _LARGEST_SIDE:
            if fits(entry, own):
                return entry.side
            raise RuntimeError("the network takes images of no size") from obstacle
    smaller = range(steps // 2 + 1, steps)
    found = bisect_left(smaller, True, key=lambda n: fits(entry, square(n)))
    return (steps // 2 + 1 + found) * entry.multiple


def check_kind(name: str, entry: NetEntry, shape: NetShape) -> None:
    """Raise `UserError` where a network for images is asked to take volumes, or the reverse."""
    if entry.volumes != (shape.depth is not None):
        takes, other = ("volumes", "images") if entry.volumes else ("images", "volumes")
        raise UserError(f"{name} takes {takes}, not {other}; choose another net: `convsight nets` lists them")


def size_error(name: str, entry: NetEntry, shape: NetShape) -> UserError:
    """An error that says which sizes the network called `name` takes, for a `shape` that it does not."""
    own = entry.cube(shape.outputs, shape.channels, entry.side)
    if (obstacle := _obstacle(entry, own)) is not None:
        return UserError(f"{name} cannot take {counted(shape.channels, 'channel')}: {obstacle}; choose another net")
    asked = f"{shape.height}" if shape.height == shape.width else f"{shape.height} x {shape.width}"
    smallest = smallest_square(entry, shape.channels, shape.outputs)
    nearest = max(smallest, round(min(shape.height, shape.width) / entry.multiple) * entry.multiple)
    if entry.square and shape.height != shape.width:
        need, fix = "square images", f"use --size {nearest}"
    elif entry.multiple > 1:
        need, fix = f"images whose sides are multiples of {entry.multiple} px", f"use --size {nearest}"
    elif smallest == entry.side or min(shape.height, shape.width) >= smallest:
        need, fix = f"other sizes, such as the {entry.side} px that it was made for", f"use --size {entry.side}"
    else:
        need, fix = f"images of at least {smallest} px", f"use --size {smallest} or more"
    return UserError(f"{name} needs {need}; {asked} was asked: {fix}, or another net{_place(entry, shape)}")


def _place(entry: NetEntry, shape: NetShape) -> str:
    """Where in the network the image becomes too small, where that can be told."""
    try:
        net = build_without_memory(entry, shape)
    except UserError as error:  # a text, which says it itself
        return f"\n{error}"
    except SHAPE_ERRORS:  # some cannot even be built for such images
        return ""
    found = diagnosis(net, (1, *shape.planes))
    return f"\n{found}" if found else ""


def _obstacle(entry: NetEntry, shape: NetShape) -> Exception | None:
    """Why the network cannot take images of this shape; None if it can."""
    if entry.volumes != (shape.depth is not None):
        return ValueError("volumes are no images")
    if entry.square and shape.height != shape.width:
        return ValueError("not square")
    if shape.height % entry.multiple or shape.width % entry.multiple:
        return ValueError(f"not a multiple of {entry.multiple}")
    if entry.smallest is not None:
        return None if min(shape.planes[1:]) >= entry.smallest else ValueError("too small")
    try:
        net = build_without_memory(entry, shape)
        with torch.no_grad():
            net(torch.empty(2, *shape.planes, device="meta"))
    except (*SHAPE_ERRORS, UserError) as error:
        return error
    return None
