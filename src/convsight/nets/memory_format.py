"""How weights lie in memory."""

from itertools import chain
from typing import TypeVar, get_args

import torch
from torch import nn

from convsight.settings import Layout

LAYOUTS: tuple[Layout, ...] = get_args(Layout)

Module = TypeVar("Module", bound=nn.Module)


def channels_last(module: Module) -> Module:
    """`module`, changed so that its weights for images (four axes) lie channels last: convolutions are faster.

    `Module.to(memory_format=...)` does the same, but fails at the weights of volumes, which have five axes.
    """
    return laid_out(module, "channels-last")


def laid_out(module: Module, layout: Layout) -> Module:
    """`module`, changed so that its weights for images (four axes) lie as `layout` says."""
    for values in chain(module.parameters(), module.buffers()):
        if values.ndim == 4:
            values.data = values.data.to(memory_format=memory_format(layout, 4))
    return module


def memory_format(layout: Layout, axes: int) -> torch.memory_format:
    """How PyTorch calls `layout` for arrays of so many axes; only those of images, four, can have channels last."""
    return torch.channels_last if layout == "channels-last" and axes == 4 else torch.contiguous_format
