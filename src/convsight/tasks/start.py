"""What a training begins with where the user leaves that open: pretrained weights for photos, else a small network."""

from typing import NamedTuple

import numpy as np

from convsight.card import Card
from convsight.datasets import Dataset, Split
from convsight.datasets.volume_range import are_volumes
from convsight.images import ImageError, InputSize, load_image, tiff_header
from convsight.inputs import ImageInput
from convsight.nets.catalogue import net_entry
from convsight.nets.shipped_weights import EFFICIENTNET_LITE0
from convsight.settings import IMAGENET, TrainSettings
from convsight.spread import evenly
from convsight.tasks.capabilities import Start
from convsight.tasks.image_size import typical_side

SMALL = "small"


class Usual(NamedTuple):
    """The networks of a task where the user names none: for photos, pretrained; for other images and volumes, fresh."""

    small: str
    photos: str
    volumes: str = "small-3d"


USUAL = Usual(SMALL, "efficientnet_lite0")

# px; see "photos begin pretrained" in docs/design.md for what was measured on both sides of it.
_PHOTO_SIDE = 128
_DETAILED_SIDE = 64  # px; features of smaller images lose to a small network of their own
_LOOKED_AT = 24  # images, to see whether they have colours
_GLANCE = InputSize(32, 32, "squash")


def choose_start(dataset: Dataset, settings: TrainSettings, usual: Usual = USUAL) -> Start:
    """The network and its first weights: as the settings say, else one of `usual` by what the training images are."""
    if settings.net is not None:
        return Start(settings.net, settings.weights)
    if are_volumes(dataset.split("train").images):
        return Start(usual.volumes, settings.weights, f"{usual.volumes}, since these are volumes")
    if settings.weights is not None:
        return Start(usual.photos if settings.weights == IMAGENET else usual.small, settings.weights)
    reason = _why_small(dataset.split("train"), settings)
    if reason:
        return Start(usual.small, None, f"{usual.small} with fresh weights: {reason}")
    return Start(
        usual.photos,
        IMAGENET,
        f"{usual.photos} with weights of ImageNet, since these are photos in colour; "
        "--weights none begins with fresh ones",
    )


def untried_weights(card: Card, encoder: str, usual: Usual = USUAL) -> str:
    """The option that begins with ImageNet's weights, where the network began with fresh ones on images with detail.

    `encoder` is the network of the catalogue that is or is part of the one on `card`, empty where none is.
    """
    image = card.input
    if "weights" in card.training or not isinstance(image, ImageInput) or not image.is_rgb:
        return ""
    if min(image.height, image.width) < _DETAILED_SIDE:
        return ""
    there = card.net == usual.small or (encoder and net_entry(encoder).pretrained)
    return f"--weights {IMAGENET}" if there else ""


def _why_small(split: Split, settings: TrainSettings) -> str:
    """Why ImageNet's weights would not help; empty where they would."""
    if isinstance(split.images, np.ndarray) and (split.images.dtype != np.uint8 or split.images.shape[3:] != (3,)):
        return "the images are arrays of other channels than RGB in 8 bits"
    if settings.colour == "bands" or _hold_bands(split):
        return f"the images are bands; --weights {IMAGENET} begins pretrained, its first layer shared out among them"
    side = settings.size or typical_side(split)
    if min(side, typical_side(split)) < _PHOTO_SIDE:
        return f"images of {side} px are small; --weights {IMAGENET} begins pretrained"
    if settings.colour == "grey" or (settings.colour == "auto" and _seem_grey(split)):
        return f"the images are grey; --weights {IMAGENET} begins pretrained"
    if EFFICIENTNET_LITE0.path is None:
        return f"the package {EFFICIENTNET_LITE0.package}, which holds weights for photos, is not installed"
    return ""


def _hold_bands(split: Split) -> bool:
    """Whether most of a few images, evenly chosen, are TIFF files of bands."""
    if isinstance(split.images, np.ndarray):
        return False
    files = [split.images[position] for position in evenly(len(split), _LOOKED_AT)]
    banded = [header for header in map(tiff_header, files) if header and header.is_banded]
    return 2 * len(banded) > len(files)


def _seem_grey(split: Split) -> bool:
    """Whether none of a few images, evenly chosen, has a colour."""
    if isinstance(split.images, np.ndarray):
        some = split.images[evenly(len(split), _LOOKED_AT)]
        return bool((some == some[..., :1]).all())
    return not any(_has_colour(split, position) for position in evenly(len(split), _LOOKED_AT))


def _has_colour(split: Split, position: int) -> bool:
    try:
        image = load_image(split.images[position], _GLANCE).pixels
    except ImageError:  # told of when all are read
        return False
    return bool((image != image[..., :1]).any())
