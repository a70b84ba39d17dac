"""How weights lie in memory."""

from itertools import chain
from typing import TypeVar, get_args

import torch
from torch import nn

from convsight.settings import Layout

LAYOUTS: tuple[Layout, ...] = get_args(Layout)

_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}

Module = TypeVar("Module", bound=nn.Module)


def channels_last(module: Module) -> Module:
    """`module`, changed so that its weights for images and volumes lie channels last: convolutions are faster.

    `Module.to(memory_format=...)` does the same for either, but fails where a module has both.
    """
    return laid_out(module, "channels-last")


def laid_out(module: Module, layout: Layout) -> Module:
    """`module`, changed so that its weights for images (four axes) and volumes (five) lie as `layout` says."""
    for values in chain(module.parameters(), module.buffers()):
        if values.ndim in _CHANNELS_LAST:
            values.data = values.data.to(memory_format=memory_format(layout, values.ndim))
    return module


def memory_format(layout: Layout, axes: int) -> torch.memory_format:
    """How PyTorch calls `layout` for arrays of so many axes; images and volumes alone have channels last."""
    return _CHANNELS_LAST.get(axes, torch.contiguous_format) if layout == "channels-last" else torch.contiguous_format
