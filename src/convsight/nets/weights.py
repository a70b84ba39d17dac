"""Pretrained weights in a network: where they come from, and what of them fits another task.

The first layer takes another number of channels by one rule (`for_channels`), the last layer starts fresh where there
are other outputs, and everything else must fit, name by name and shape by shape.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from convsight.card import Card
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.nets.catalogue import net_entry
from convsight.nets.entry import NetEntry, Pretrained
from convsight.nets.first_convolution import for_channels
from convsight.nets.grid_head import HEAD_POOL
from convsight.nets.keras.archive import is_keras_file
from convsight.nets.keras.entry import load_keras
from convsight.nets.own import of_any_shape
from convsight.nets.state_dict_file import read_state_dict
from convsight.nets.weight_mismatch import Reference, alike, check_fit
from convsight.nets.weight_names import unwrapped
from convsight.settings import IMAGENET

# What torchvision's files still call tensors that have another name in its networks now.
_OLD_NAMES = (
    (re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)"), r"\1\2"),
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
)
# Heads of GoogLeNet and Inception that only their training used.
_AUXILIARY = re.compile(r"(?:aux\d|AuxLogits)\.")


@dataclass(frozen=True)
class Weights:
    """Weights by name, and what images they expect.

    `origin` says in words where they come from. `mean` and `std` are those of the images they were trained on, in
    0..1, one value a channel; None where that is not known. `head_pool` is how many cells a side the last layer sees.
    """

    origin: str
    tensors: Mapping[str, Tensor]
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    head_pool: int = 1

    def statistics(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Mean and std for images of so many channels; for grey ones those of the colours' means.

        >>> Weights("", {}, (0.25, 0.5, 0.75), (0.25, 0.25, 0.25)).statistics(1)
        ((0.5,), (0.25,))
        """
        if self.mean is None or self.std is None:
            return None
        return _spread(self.mean, channels), _spread(self.std, channels)


def read_weights(net: str, weights: str, *, download: bool = False) -> Weights:
    """The weights that `weights` names for the network called `net`: `imagenet`, or a file.

    `imagenet` are those that torchvision or timm offers; only with `download` is anything fetched. A file is
    safetensors (a model file of ours too), what `torch.save` wrote of a state dict, with the names that the network's
    library gives, or a Keras file whose network is `net`.
    Raises `UserError` where there are none, or the file is missing, damaged or no file of weights; it says what to
    bring where there is no network.
    """
    entry = net_entry(net)
    if weights == IMAGENET:
        if entry.pretrained is None:
            raise UserError(f"there are no pretrained weights for {net}; `convsight nets` says where there are")
        found = entry.pretrained
        check_is_here(net, found, download=download)
        return Weights(f"{found.source} ({found.licence})", found.read(), found.mean, found.std)
    file = Path(weights)
    if not file.is_file():
        raise UserError(f"--weights {weights}: there is no such file; give a file of weights, or {IMAGENET}")
    tensors = load_keras(file).state_dict() if is_keras_file(weights) else read_state_dict(file)
    return Weights(origin_of(file), tensors, *_expected(net, entry, file), _head_pool(file))


def check_is_here(net: str, offered: Pretrained, *, download: bool) -> None:
    """Raise `UserError` where the weights of the network called `net` would have to be fetched unasked."""
    fetched = "://" in offered.place  # a package is installed instead
    if fetched and not (download or offered.is_here()):
        raise UserError(
            f"the weights of {net} ({offered.source}) are not on this machine: --download fetches them from "
            f"{offered.place}; or bring that file from elsewhere: --weights FILE"
        )


def adapt_weights(model: nn.Module, net: str, weights: Weights, channels: int, head_pool: int = 1) -> list[str]:
    """Put `weights` into `model`, the network called `net` for `channels`; returns what was done, in words.

    A first layer for another number of channels is adapted, a last layer for other outputs, or which sees another
    number of cells than `head_pool` a side, keeps its fresh weights.
    Raises `UserError` that lists what is missing, extra or of another shape where anything else does not fit.
    """
    wanted = model.state_dict()
    tensors, renamed = unwrapped(weights.tensors, wanted)
    given = _renamed(tensors, wanted)
    first: dict[str, Tensor] = {}
    fresh: list[str] = []
    if any(name in wanted and not alike(value, wanted[name]) for name, value in given.items()):
        reference = Reference.of(net)
        first = _first_layers(given, wanted, reference, channels)
        fresh = _other_head(given, wanted, reference, other_inputs=weights.head_pool != head_pool)
    check_fit(weights.origin, net, given, wanted, settled={*first, *fresh})
    with torch.no_grad():
        for name in wanted.keys() & given.keys() - set(fresh):
            wanted[name].copy_(first.get(name, given[name]))
    origin = f"weights: {weights.origin}"
    return [origin, *renamed, *_first_notes(given, first, channels), *_head_notes(given, wanted, fresh)]


def fill(model: nn.Module, net: str, weights: Weights) -> list[str]:
    """Put all of `weights` into `model`, the network called `net`, as it is; returns what was done, in words.

    Raises `UserError` that lists what is missing, extra or of another shape, the last layer too.
    """
    wanted = model.state_dict()
    tensors, renamed = unwrapped(weights.tensors, wanted)
    given = _renamed(tensors, wanted)
    check_fit(weights.origin, net, given, wanted, settled=())
    with torch.no_grad():
        for name in wanted.keys() & given.keys():
            wanted[name].copy_(given[name])
    return [f"weights: {weights.origin}", *renamed]


def _spread(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Values a channel for another number of channels: their mean for one, in turn for others."""
    if channels == 1:
        return (sum(values) / len(values),)
    return tuple(values[channel % len(values)] for channel in range(channels))


def _expected(net: str, entry: NetEntry, file: Path) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Mean and std of the images that the weights in `file` expect: those on its card, or its library's."""
    card = card_of(file)
    if card is None:
        return (entry.pretrained.mean, entry.pretrained.std) if entry.pretrained else (None, None)
    if card.net != net and of_any_shape(card.net) != net:
        raise UserError(f"{file} holds the network {card.net}, not {net}: use --net {card.net}")
    return card.input.mean, card.input.std


def _head_pool(file: Path) -> int:
    card = card_of(file)
    return int(card.options.get(HEAD_POOL, 1)) if card else 1


def origin_of(file: Path) -> str:
    """What a file of weights is called in `Weights.origin`: its name and the beginning of its SHA-256."""
    with open(file, "rb") as opened:
        digits = hashlib.file_digest(opened, "sha256").hexdigest()
    return f"{file.name} (SHA-256 {digits[:16]})"


def card_of(file: Path) -> Card | None:
    """The card in a file of weights; None where it has none, or cannot be read."""
    try:
        return read_card(file)
    except UserError:  # a file of weights alone
        return None


def _renamed(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under their present names, without the heads that only training used."""
    renamed = {}
    for old, value in tensors.items():
        name = old
        if name not in wanted:
            for pattern, present in _OLD_NAMES:
                name = pattern.sub(present, name)
        if name in wanted or not _AUXILIARY.match(name):
            renamed[name] = value
    return renamed


def _first_layers(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], reference: Reference, channels: int
) -> dict[str, Tensor]:
    """The first convolutions of `given` that `wanted` has for another number of channels, adapted to it."""
    unlike = [
        name
        for name in sorted(reference.by_channels & given.keys() & wanted.keys())
        if not alike(given[name], wanted[name]) and given[name].dim() > 2
    ]
    adapted = {name: for_channels(given[name], channels) for name in unlike}
    return {name: weight for name, weight in adapted.items() if alike(weight, wanted[name])}


def _first_notes(given: Mapping[str, Tensor], first: Mapping[str, Tensor], channels: int) -> list[str]:
    notes = []
    for name in first:
        planes = given[name].shape[1]
        how = "summed" if channels == 1 else f"repeated in turn and scaled by {planes}/{channels}"
        notes.append(f"{name}: weights for {planes} channels, {how} for {channels}")
    return notes


def _other_head(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], reference: Reference, *, other_inputs: bool
) -> list[str]:
    """Names of the last layer's tensors that differ from those of `wanted` in the number of outputs alone.

    With `other_inputs` all that differ: the layer is told of other features.
    """
    found = sorted(reference.by_outputs & given.keys() & wanted.keys())
    if other_inputs:
        return found
    return [
        name
        for name in found
        if given[name].shape[0] != wanted[name].shape[0] and given[name].shape[1:] == wanted[name].shape[1:]
    ]


def _head_notes(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], fresh: list[str]) -> list[str]:
    if not fresh:
        return []
    layers = ", ".join(sorted({name.rpartition(".")[0] for name in fresh}))
    outputs, others = wanted[fresh[0]].shape[0], given[fresh[0]].shape[0]
    if outputs == others:
        return [f"{layers} starts fresh: the weights are for other cells of the image (--head-pool)"]
    return [f"{layers} starts fresh: the weights are for {others:,} outputs, this network is for {outputs:,}"]
