"""What a network does to a volume, and what it costs: each number with its formula."""

from typing import TYPE_CHECKING

from convsight.callable_room import make_callable
from convsight.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from convsight.describe.description import Description

__all__ = ["describe"]

make_callable(__name__)


def describe(
    net: "str | nn.Module",
    volume: tuple[int, ...] | None = None,
    *,
    classes: int | None = None,
    batch: int | None = None,
    optimizer: str = "adamw",
) -> "Description":
    """The layers of a network with volumes, parameters, operations, memory and receptive fields, and their totals.

    `net` is a name of the catalogue, a text, a run folder or a model file, or any module, which is left as it is.
    `volume` is what goes in, (height, width, channels), for a module also (length, channels) or (depth, height, width,
    channels); a module needs it. With `batch` the memory of a training step is predicted. Raises `UserError` for a
    network that cannot work, which says where and what would mend it.

    >>> found = describe("vgg16")
    >>> print(f"{found.parameters:,}", found.layers[0].output_formula)
    138,357,544 224 + 2*1 - 3 + 1 = 224
    """
    # Other rooms import from this package while the catalogue is being made, so it imports nothing by itself.
    from convsight.describe.description import describe_module  # noqa: PLC0415
    from convsight.describe.resolve import resolve_net  # noqa: PLC0415

    if not isinstance(net, str):
        if volume is None:
            raise UserError("a module does not say what goes in: describe(net, (height, width, channels))")
        *sides, channels = volume
        return describe_module(net, (channels, *sides), batch=batch, optimizer=optimizer)
    found = resolve_net(net, volume, classes)
    return describe_module(found.model, found.shape, found.name, batch, optimizer)
