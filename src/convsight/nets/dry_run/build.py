"""Networks built without memory and random numbers."""

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from convsight.nets.entry import NetEntry, NetShape


class WithoutMemory(TorchFunctionMode):
    """Inside it, new parameters get a shape and a type but no memory, and are not filled with numbers.

    Unlike `torch.device("meta")` it leaves `torch.arange` and `torch.tensor` real: RegNet computes its widths
    with them.
    """

    _FACTORIES = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)
    # What fills a tensor in place: without numbers it does nothing, but its first use takes PyTorch a second.
    _FILLERS = frozenset(
        getattr(Tensor, name)
        for name in ("normal_", "uniform_", "zero_", "fill_", "erfinv_", "mul_", "add_", "sub_", "div_", "clamp_")
    )

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in self._FILLERS and isinstance(args[0], Tensor) and args[0].is_meta:
            return args[0]
        chosen = dict(kwargs or {})
        if func in self._FACTORIES and chosen.get("device") is None:
            chosen["device"] = "meta"
        return func(*args, **chosen)


def build_without_memory(entry: NetEntry, shape: NetShape) -> nn.Module:
    """The network on the meta device, in evaluation mode: all its shapes, none of its numbers."""
    with WithoutMemory():
        net = entry.build(shape)
    return net.to("meta").eval()
