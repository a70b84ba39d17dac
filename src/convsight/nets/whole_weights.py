"""Pretrained weights of a task's whole network, head and all, under the names of the library that it is from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.first_convolution import for_channels
from convsight.nets.state_dict_file import read_state_dict
from convsight.nets.weight_mismatch import alike
from convsight.nets.weight_names import unwrapped
from convsight.nets.weights import Weights, origin_of
from convsight.words import first_few

_WITHIN = "net."  # what our networks put before the library's names
_COUNTER = "num_batches_tracked"  # of batch normalisation; torchvision's frozen ones have none
_LISTED = 6  # tensors in a message

OldNames = Sequence[tuple[re.Pattern[str], str]]


@final
@dataclass(frozen=True)
class WholeWeights(Weights):
    """Those of a whole network of a task, not of the network of the catalogue that it comes after.

    `old_names` are what the library's files still call tensors that have another name in its networks now.
    """

    old_names: OldNames = ()

    @classmethod
    def of_file(
        cls, file: Path, mean: tuple[float, ...] | None, std: tuple[float, ...] | None, old_names: OldNames = ()
    ) -> "WholeWeights":
        """Those in `file`, for images of this mean and deviation."""
        return cls(origin_of(file), read_state_dict(file), mean, std, old_names=old_names)


def adapt_whole(
    model: nn.Module, name: str, entry: NetEntry, shape: NetShape, weights: WholeWeights, *, fresh_head: bool = True
) -> list[str]:
    """Put `weights` into `model`, the network called `name`; returns what was done, in words.

    A first layer for other channels is adapted. Where there are other classes, what tells them stays as it is, if it
    may (`fresh_head`). Raises `UserError` where anything else does not fit.
    """
    wanted = model.state_dict()
    given, renamed = _renamed(weights, wanted)
    more_outputs, more_channels = (
        build_without_memory(entry, other).state_dict()
        for other in (replace(shape, outputs=shape.outputs + 1), replace(shape, channels=shape.channels + 1))
    )
    taken, fresh, unfit = {}, [], [key for key in given if key not in wanted]
    for key, own in wanted.items():
        if key not in given:
            unfit += [] if key.endswith(_COUNTER) else [key]
        elif alike(given[key], own):
            taken[key] = given[key]
        elif fresh_head and own.shape != more_outputs[key].shape:
            fresh.append(key)
        elif own.shape != more_channels[key].shape and given[key].dim() == own.dim():
            taken[key] = for_channels(given[key], shape.channels)
        else:
            unfit.append(key)
    if unfit:
        some = first_few([key.removeprefix(_WITHIN) for key in unfit], _LISTED)
        raise UserError(f"{weights.origin} does not fit {name}: missing, extra or of another shape: {some}")
    with torch.no_grad():
        for key, value in taken.items():
            wanted[key].copy_(value)
    notes = [f"weights: {weights.origin}", *renamed]
    if fresh:
        notes.append(f"{', '.join(sorted({key.rpartition('.')[0] for key in fresh}))} start fresh, for other classes")
    return notes


def _renamed(weights: WholeWeights, wanted: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors under our names, which are those of `wanted`, and what was taken off theirs, in words."""
    present = {}
    for old, value in weights.tensors.items():
        name = old
        for pattern, new in weights.old_names:
            name = pattern.sub(new, name)
        present[name] = value
    tensors, notes = unwrapped(present, {*wanted, *(name.removeprefix(_WITHIN) for name in wanted)})
    return {name if name in wanted else _WITHIN + name: value for name, value in tensors.items()}, notes
