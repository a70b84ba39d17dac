"""Pretrained weights in a detector: of the whole of it, or of the network of the catalogue that it comes after."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.encoder_weights import adapt_encoder
from convsight.nets.entry import NetShape
from convsight.nets.first_convolution import for_channels
from convsight.nets.state_dict_file import read_state_dict
from convsight.nets.weight_mismatch import alike
from convsight.nets.weight_names import unwrapped
from convsight.nets.weights import Weights, card_of, origin_of, read_weights
from convsight.settings import IMAGENET
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.networks import DETECTORS, NETWORKS
from convsight.words import first_few

_WITHIN = "net."  # what our networks put before torchvision's names
_COUNTER = "num_batches_tracked"  # of batch normalisation; torchvision's frozen ones have none
_LISTED = 6  # tensors in a message

# What torchvision's files for COCO still call tensors that have another name in its networks now.
_OLD_NAMES = (
    (re.compile(r"(fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$"), r"\1.0.\2"),
    (re.compile(r"(rpn\.head\.conv)\.(weight|bias)$"), r"\1.0.0.\2"),
)


@final
@dataclass(frozen=True)
class WholeWeights(Weights):
    """Those of a whole detector, not of the network that it comes after."""


def read_detector_weights(name: str, weights: str, *, download: bool = False) -> Weights:
    """The weights that `weights` names for the detector called `name`: `imagenet`, or a file.

    A file is a model file of the same detector, torchvision's state dict of it, or weights of the network that it comes
    after. Nothing is fetched without `download`. Raises `UserError` where there are none, or the file is missing,
    damaged or of another detector.
    """
    detector, backbone = NETWORKS.parts(name)
    card = None if weights == IMAGENET else card_of(Path(weights))
    if card is not None and card.task == "detection":
        if card.net != name:
            raise UserError(f"{weights} holds the network {card.net}, not {name}: use --net {card.net}")
        return _whole(Path(weights), card.input.mean, card.input.std)
    images = DETECTORS[detector].images
    if images and weights != IMAGENET and Path(weights).is_file():
        found = _whole(Path(weights), *images)
        if any(".backbone." in f".{key}" for key in found.tensors):
            return found
    if not backbone:
        raise UserError(
            f"{name} has a backbone of its own, for which there are no pretrained weights but a model.safetensors of "
            f"{name}; or use a network of the catalogue: --net {detector}+resnet18"
        )
    return read_weights(backbone, weights, download=download)


def adapt_detector(model: Detector, name: str, shape: NetShape, weights: Weights) -> list[str]:
    """Put `weights` into a fresh `model`, the detector called `name`; returns what was done, in words.

    What tells classes starts fresh where there are others. Raises `UserError` where anything else does not fit.
    """
    if isinstance(weights, WholeWeights):
        return _adapt_whole(model, name, shape, weights)
    _, backbone = NETWORKS.parts(name)
    borrowed = model.borrowed()
    if not backbone or not borrowed:
        raise UserError(
            f"{weights.origin} does not fit {name}: give torchvision's weights of the whole detector, as a file"
        )
    side = model.window
    seen = replace(shape, height=side, width=side) if side else shape
    *notes, taken = adapt_encoder(borrowed, backbone, seen, weights)
    return [*notes, f"{taken}; what finds boxes starts fresh"]


def fill_detector(model: Detector, name: str, shape: NetShape, weights: Weights) -> list[str]:
    """Put all of `weights`, of the whole detector called `name`, into `model`; returns what was done, in words.

    Raises `UserError` where anything does not fit, what tells classes included.
    """
    whole = WholeWeights(weights.origin, weights.tensors, weights.mean, weights.std)
    return _adapt_whole(model, name, shape, whole, fresh_head=False)


def _adapt_whole(
    model: Detector, name: str, shape: NetShape, weights: WholeWeights, *, fresh_head: bool = True
) -> list[str]:
    wanted = model.state_dict()
    given, renamed = _renamed(weights.tensors, wanted)
    entry = NETWORKS.entry(name)
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


def _renamed(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors under our names, which are those of `wanted`, and what was taken off theirs, in words."""
    present = {}
    for old, value in given.items():
        name = old
        for pattern, new in _OLD_NAMES:
            name = pattern.sub(new, name)
        present[name] = value
    tensors, notes = unwrapped(present, {*wanted, *(name.removeprefix(_WITHIN) for name in wanted)})
    return {name if name in wanted else _WITHIN + name: value for name, value in tensors.items()}, notes


def _whole(file: Path, mean: tuple[float, ...], std: tuple[float, ...]) -> WholeWeights:
    return WholeWeights(origin_of(file), read_state_dict(file), mean, std)
