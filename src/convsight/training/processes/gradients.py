"""Tensors of many shapes added up over processes, a few long messages instead of many short ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

_LONGEST = 2**23  # numbers of a message: 32 MiB in float32


def add_gradients(weights: Iterable[nn.Parameter], add: Callable[[Tensor], object]) -> None:
    """Let `add` replace the gradients of `weights` by their sums over all processes.

    A weight that no process has a gradient for keeps none, as in one process: zeros would move it by its momentum.
    """
    learning = [weight for weight in weights if weight.requires_grad]
    if not learning:
        return
    there = learning[0].new_tensor([float(weight.grad is not None) for weight in learning], dtype=torch.float32)
    add(there)
    known = [weight for weight, count in zip(learning, there.tolist(), strict=True) if count]
    for weight in known:
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
    for group in messages([weight.grad for weight in known if weight.grad is not None]):
        flat = torch.cat([gradient.reshape(-1) for gradient in group])
        add(flat)
        for gradient, summed in zip(group, torch.split(flat, [each.numel() for each in group]), strict=True):
            gradient.copy_(summed.view(gradient.shape))


def messages(tensors: Sequence[Tensor], longest: int = _LONGEST) -> Iterator[list[Tensor]]:
    """The tensors in their order, as many together as `longest` numbers of one type hold, one at least."""
    group: list[Tensor] = []
    for tensor in tensors:
        length = sum(each.numel() for each in group) + tensor.numel()
        if group and (length > longest or tensor.dtype != group[0].dtype or tensor.device != group[0].device):
            yield group
            group = []
        group.append(tensor)
    if group:
        yield group
