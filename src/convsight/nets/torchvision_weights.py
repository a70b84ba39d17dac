"""The weights that torchvision offers for its classification networks: what they are, and the file that holds them."""

import hashlib
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from convsight.errors import UserError
from convsight.images import InputSize
from convsight.nets.entry import Pretrained
from convsight.nets.state_dict_file import read_state_dict

# Trained by Google on images scaled to -1..1. torchvision's networks turn its usual input into that inside, where
# they have its weights; ours get such images.
_CENTRED = ("googlenet", "inception_v3")
_LICENCE = "BSD-3-Clause"  # torchvision's own, where the weights name none

# torch.hub names a file after the first digits of its SHA-256.
_DIGITS = re.compile(r"-([0-9a-f]{8,})\.pth$")


def torchvision_pretrained(name: str, weights: Any) -> Pretrained:
    """What torchvision's `weights` (a member of its enumeration) for the network called `name` are."""
    preset = weights.transforms()
    centred = name in _CENTRED
    return Pretrained(
        source=f"torchvision {weights.name}",
        licence=weights.meta.get("license", _LICENCE),
        read=partial(read_hub_file, weights.url),
        mean=(0.5,) * 3 if centred else tuple(preset.mean),
        std=(0.5,) * 3 if centred else tuple(preset.std),
        accuracy=round(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100, 5),
        accuracy_source="torchvision, in the description of the weights",
        size=InputSize(
            preset.crop_size[0], preset.crop_size[0], "crop", preset.resize_size[0], preset.interpolation.value
        ),
        classes=lambda: tuple(weights.meta["categories"]),
        is_here=lambda: hub_file(weights.url).is_file(),
        place=weights.url,
        digits=file_digits(weights.url),
    )


def hub_file(url: str) -> Path:
    """Where torch.hub keeps what it gets from `url`."""
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]


def file_digits(url: str) -> str:
    """The first digits of the SHA-256 of the file at `url`, which its name tells; empty where it does not."""
    found = _DIGITS.search(url)
    return found[1] if found else ""


def read_hub_file(url: str) -> dict[str, Tensor]:
    """The tensors in torch.hub's copy of `url`, which is downloaded first where it is missing."""
    file = hub_file(url)
    if not file.is_file():
        _download(url, file)
    _check_digits(file)
    return read_state_dict(file)


def _download(url: str, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(file), file_digits(file.name) or None, progress=sys.stderr.isatty())
    except (OSError, RuntimeError) as error:  # no network, no such place, no room
        raise UserError(
            f"cannot download {url}: {error}\nbring the file {file.name} from a machine with a network and put it at "
            f"{file}, or anywhere: --weights FILE"
        ) from error


def _check_digits(file: Path) -> None:
    named = file_digits(file.name)
    if not named:
        return
    with open(file, "rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if not found.startswith(named):
        raise UserError(f"{file} is damaged: its SHA-256 begins with {found[: len(named)]}, not {named}; remove it")
