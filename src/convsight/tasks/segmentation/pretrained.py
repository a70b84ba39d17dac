"""Pretrained weights in a network of this task: of the whole of it, or of the encoder that it comes after."""

from pathlib import Path

from convsight.errors import UserError
from convsight.nets.encoder_weights import adapt_encoder
from convsight.nets.entry import NetShape
from convsight.nets.segmenter import Segmenter
from convsight.nets.weights import Weights, card_of, read_weights
from convsight.nets.whole_weights import WholeWeights, adapt_whole
from convsight.settings import IMAGENET
from convsight.tasks.segmentation.networks import NETWORKS, encoder_of
from convsight.tasks.segmentation.torchvision_weights import MEAN, STD

TASK = "segmentation"


def read_segmenter_weights(name: str, weights: str, *, download: bool = False) -> Weights:
    """The weights that `weights` names for the network called `name`: `imagenet`, or a file.

    A file is a model file of the same network, torchvision's state dict of it, or weights of the encoder. Nothing is
    fetched without `download`. Raises `UserError` where there are none, or the file is missing, damaged or of another
    network.
    """
    file = Path(weights)
    card = None if weights == IMAGENET else card_of(file)
    if card is not None and card.task == TASK:
        if card.net != name:
            raise UserError(f"{weights} holds the network {card.net}, not {name}: use --net {card.net}")
        return WholeWeights.of_file(file, card.input.mean, card.input.std)
    if weights != IMAGENET and file.is_file():
        found = WholeWeights.of_file(file, MEAN, STD)
        if any(key.startswith("backbone.") for key in found.tensors):
            return found
    encoder = encoder_of(name)
    if not encoder:
        own, _ = NETWORKS.parts(name)
        raise UserError(
            f"{name} has an encoder of its own, for which there are no pretrained weights but a model.safetensors of "
            f"{name}; or use a network of the catalogue: --net {own.removesuffix('-s')}+resnet18"
        )
    return read_weights(encoder, weights, download=download)


def adapt_segmenter(model: Segmenter, name: str, shape: NetShape, weights: Weights) -> list[str]:
    """Put `weights` into a fresh `model`, the network called `name`; returns what was done, in words.

    What tells classes starts fresh where there are others. Raises `UserError` where anything else does not fit.
    """
    if isinstance(weights, WholeWeights):
        return adapt_whole(model, name, NETWORKS.entry(name), shape, weights)
    *notes, taken = adapt_encoder(model.borrowed(), encoder_of(name), shape, weights)
    return [*notes, f"{taken}; what tells pixels starts fresh"]


def fill_segmenter(model: Segmenter, name: str, shape: NetShape, weights: Weights) -> list[str]:
    """Put all of `weights`, of the whole network called `name`, into `model`; returns what was done, in words.

    Raises `UserError` where anything does not fit, what tells classes included.
    """
    whole = WholeWeights(weights.origin, weights.tensors, weights.mean, weights.std)
    return adapt_whole(model, name, NETWORKS.entry(name), shape, whole, fresh_head=False)
