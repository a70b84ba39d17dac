"""The vector of each picture that the last layer of a network answers from."""

from typing import Any

import torch
from torch import Tensor, nn

from convsight.errors import UserError


def last_vectors(model: nn.Module, planes: Tensor) -> Tensor:
    """What the last layer of `model` is given of the pictures `planes`: (batch, numbers).

    Of a last layer that is a convolution the mean over all places. Raises `UserError` where it is given something else.

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> last_vectors(model, torch.zeros(5, 1, 2, 2)).shape
    torch.Size([5, 3])
    """
    last: list[Tensor] = []

    def note(_: nn.Module, given: tuple[Any, ...]) -> None:
        last[:] = [given[0].detach()]

    layers = [each for each in model.modules() if isinstance(each, nn.Linear | nn.Conv2d)]
    handles = [each.register_forward_pre_hook(note) for each in layers]
    try:
        with torch.no_grad():
            model(planes)
    finally:
        for handle in handles:
            handle.remove()
    if not last or last[0].dim() not in {2, 4} or len(last[0]) != len(planes):
        raise UserError("the last layer of this network is not given one vector of each picture")
    found = last[0].float()
    return found if found.dim() == 2 else found.mean(dim=(2, 3))
