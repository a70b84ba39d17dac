"""Weights that do not fit a network: what is missing, extra or of another shape, and what they may fit instead."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.net_list.listed import listed_nets
from convsight.nets.catalogue import net_entry
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.own import of_any_shape
from convsight.words import first_few

_LISTED = 8  # tensors of a kind in a message
_COUNTER = "num_batches_tracked"  # of batch normalisation; files older than PyTorch 0.4.1 have none
_STATISTICS = ("running_mean", "running_var", _COUNTER)  # of batch normalisation, which are no parameters


def alike(one: Tensor, other: Tensor) -> bool:
    """Whether one tensor can be copied into the other: same shape, both numbers with a fraction or neither."""
    return one.shape == other.shape and one.is_floating_point() == other.is_floating_point()


@dataclass(frozen=True)
class Reference:
    """A network as it was made: the shapes of its tensors, and whose follow from its outputs and its channels."""

    shapes: Mapping[str, torch.Size]
    by_outputs: frozenset[str]
    by_channels: frozenset[str]

    @classmethod
    def of(cls, net: str) -> "Reference":
        """That of the network called `net`, built again with an output more and with a channel more."""
        entry = net_entry(of_any_shape(net))
        default = entry.default_shape
        shapes, more_outputs, more_channels = (
            {name: value.shape for name, value in build_without_memory(entry, shape).state_dict().items()}
            for shape in (
                default,
                replace(default, outputs=default.outputs + 1),
                replace(default, channels=default.channels + 1),
            )
        )
        return cls(
            shapes,
            frozenset(name for name, shape in more_outputs.items() if shape != shapes[name]),
            frozenset(name for name, shape in more_channels.items() if shape != shapes[name]),
        )


def check_fit(
    origin: str, net: str, given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], settled: Collection[str]
) -> None:
    """Raise a `UserError` that lists what of `given` does not fit `wanted`, the state of the network called `net`.

    `origin` says where the weights come from, `settled` names those whose shapes may differ.
    """
    missing = [name for name in wanted if name not in given and not name.endswith(_COUNTER)]
    extra = [name for name in given if name not in wanted]
    unlike = [
        f"{name} ({_shape(given[name])} in the file, {_shape(wanted[name])} in the network)"
        for name in wanted
        if name in given and name not in settled and not alike(given[name], wanted[name])
    ]
    kinds = {"missing": missing, "extra": extra, "of another shape": unlike}
    found = [f"{len(names)} {kind}: {first_few(names, _LISTED)}" for kind, names in kinds.items() if names]
    if found:
        advice = _owner(net, given) if missing or extra else _made_for(net, given)
        raise UserError("; ".join([f"{origin} does not fit {net}: {found[0]}", *found[1:], *advice]))


def _shape(value: Tensor) -> str:
    return f"{'x'.join(map(str, value.shape)) or 'one'} {str(value.dtype).removeprefix('torch.')}"


def _made_for(net: str, given: Mapping[str, Tensor]) -> list[str]:
    """Advice on the size of the images, where that is all that does not fit."""
    reference, side = Reference.of(net), net_entry(net).side
    others = given.keys() - reference.by_channels - reference.by_outputs
    if any(given[name].shape != reference.shapes[name] for name in others):
        return []
    return [f"they were made for images of {side} px: use --size {side}"]


def _owner(net: str, given: Mapping[str, Tensor]) -> list[str]:
    """Advice on the network that the tensors belong to, where one of the catalogue has as many parameters."""
    parameters = sum(value.numel() for name, value in given.items() if not name.endswith(_STATISTICS))
    for name, listed in listed_nets().items():
        if not listed.task and listed.parameters == parameters and name != net:
            shapes = Reference.of(name).shapes
            if all(name in given and given[name].shape == shape for name, shape in shapes.items()):
                return [f"they are those of {name}: give {name} in place of {net}"]
    return []
