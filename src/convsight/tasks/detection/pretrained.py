"""Pretrained weights in a detector: of the whole of it, or of the network of the catalogue that it comes after."""

import re
from dataclasses import replace
from pathlib import Path

from convsight.errors import UserError
from convsight.nets.encoder_weights import adapt_encoder
from convsight.nets.entry import NetShape
from convsight.nets.weights import Weights, card_of, read_weights
from convsight.nets.whole_weights import WholeWeights, adapt_whole
from convsight.settings import IMAGENET
from convsight.tasks.detection.detector import Detector
from convsight.tasks.detection.networks import DETECTORS, NETWORKS

# What torchvision's files for COCO still call tensors that have another name in its networks now.
_OLD_NAMES = (
    (re.compile(r"(fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$"), r"\1.0.\2"),
    (re.compile(r"(rpn\.head\.conv)\.(weight|bias)$"), r"\1.0.0.\2"),
)


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
        return WholeWeights.of_file(Path(weights), card.input.mean, card.input.std)
    images = DETECTORS[detector].images
    if images and weights != IMAGENET and Path(weights).is_file():
        found = WholeWeights.of_file(Path(weights), *images, _OLD_NAMES)
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
        return adapt_whole(model, name, NETWORKS.entry(name), shape, weights)
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
    whole = WholeWeights(weights.origin, weights.tensors, weights.mean, weights.std, old_names=_OLD_NAMES)
    return adapt_whole(model, name, NETWORKS.entry(name), shape, whole, fresh_head=False)
