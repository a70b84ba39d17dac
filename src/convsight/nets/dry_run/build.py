"""Networks built without memory and random numbers."""

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from convsight.nets.entry import NetEntry, NetShape


class _WithoutMemory(TorchFunctionMode):
    """New parameters get a shape and a type but no memory and no random numbers.

    Unlike `torch.device("meta")` it leaves `torch.arange` and `torch.tensor` real: RegNet computes its widths
    with them.
    """

    _FACTORIES = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        chosen = dict(kwargs or {})
        if func in self._FACTORIES and chosen.get("device") is None:
            chosen["device"] = "meta"
        return func(*args, **chosen)


def build_without_memory(entry: NetEntry, shape: NetShape) -> nn.Module:
    """The network on the meta device, in evaluation mode: all its shapes, none of its numbers."""
    with _WithoutMemory():
        net = entry.build(shape)
    return net.to("meta").eval()
