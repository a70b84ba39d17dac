"""Whether networks in several processes have the same bits: one number a tensor, cheap to compute and to send."""

import torch
from torch import Tensor, nn

_WORDS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # whole numbers by their bytes


@torch.no_grad()
def fingerprints(network: nn.Module) -> tuple[tuple[str, ...], Tensor]:
    """The names of weights and buffers, and of each the sum of its bits taken as whole numbers: int64 (tensors,).

    >>> names, sums = fingerprints(nn.Linear(2, 1))
    >>> names, tuple(sums.shape)
    (('weight', 'bias'), (2,))
    """
    state = network.state_dict()
    sums = [value.contiguous().view(_WORDS[value.element_size()]).sum(dtype=torch.int64) for value in state.values()]
    return tuple(state), torch.stack(sums).cpu() if sums else torch.zeros(0, dtype=torch.int64)
