"""Which network is meant by what the user names: a trained one, or one that a library offers trained."""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from convsight.card import Card
from convsight.errors import UserError
from convsight.run import RUNS
from convsight.runtime.engine import Engine
from convsight.runtime.engines import engine_for
from convsight.runtime.find_model import find_deployed
from convsight.training_half import training_half

_LIBRARIES = ("torchvision/", "timm/")
_SHIPPED = "imagenet"
_HERE = "torch"  # the engine that runs a network out of a library


@dataclass(frozen=True)
class NetworkName:
    """What a user names a trained network by: a run, a model file, or the name of a library's, and what shall run it.

    `engine` and `precision` are those of `convsight.load`; `weights` are of a library's network, and whether what is
    not on this machine is fetched says `download`.
    """

    name: str | Path
    engine: str | None = None
    precision: str | None = None
    weights: str | None = None
    download: bool = False


class FoundNetwork(NamedTuple):
    """The card of a network, and what makes its engine."""

    card: Card
    engine: Callable[[], Engine]
    notes: tuple[str, ...] = ()


def find_network(asked: NetworkName) -> FoundNetwork:
    """The network in a run folder or a model file, or one of a library with its `weights`, or those in a file.

    What is there by that name comes first; a library's network is `imagenet`, `torchvision/NET`, `timm/NET`, or any
    name of the catalogue where `weights` are named. Raises `UserError` where there is none, or it cannot run so.
    """
    name, engine, precision, weights, download = astuple(asked)
    if weights is None and not download and not is_of_library(name):
        file, card = find_deployed(name, engine, precision)
        return FoundNetwork(card, partial(engine_for, file, card, engine, precision))
    if _is_there(name):
        option = "--download" if weights is None else f"--weights {weights}"
        raise UserError(
            f"{option} goes with the name of a network, and {name} is a file or folder of this machine; a model file "
            "is named alone, where the network's name stands"
        )
    if engine not in {None, _HERE}:
        raise UserError(
            f"--engine {engine}: out of its library {name} is run by PyTorch; for other engines make a folder of it "
            f"(convsight pull {name}) and export that"
        )
    found = training_half("convsight.pretrained.published").published_network(str(name), weights, download=download)
    return FoundNetwork(found.card, partial(found.engine, precision), found.notes)


def is_of_library(name: str | Path) -> bool:
    """Whether `name` alone is that of a library's network, and nothing on this machine is called so.

    >>> is_of_library("timm/resnet18"), is_of_library("resnet18"), is_of_library("imagenet")
    (True, False, True)
    """
    return (str(name) == _SHIPPED or str(name).startswith(_LIBRARIES)) and not _is_there(name)


def _is_there(name: str | Path) -> bool:
    return Path(name).exists() or (RUNS / name).exists() or Path(str(name).partition("/")[0]).is_dir()
