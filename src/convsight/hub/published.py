"""The verb `pull` for networks that a library offers trained: a folder with the weights and their card."""

from pathlib import Path

from convsight.card import Card
from convsight.errors import UserError
from convsight.hub.pull import Pulled
from convsight.new_folder import new_folder
from convsight.progress import Listener
from convsight.run import RUNS
from convsight.training_half import training_half

_LIBRARIES = ("torchvision", "timm")
_SHIPPED = "imagenet"


def is_published(source: str) -> bool:
    """Whether `source` names a network of a library, and no folder of this machine.

    >>> is_published("torchvision/resnet50"), is_published("imagenet"), is_published("ada/shapes")
    (True, True, False)
    """
    library, beside, _ = source.partition("/")
    named = source == _SHIPPED or (library in _LIBRARIES and bool(beside))
    return named and not Path(library).exists()


def pull_published(
    name: str, to: Path | None, listener: Listener, *, weights: str | None = None, download: bool = False
) -> Pulled:
    """Make a folder, by default `runs/NET`, of the network called `name` with its library's weights, or a file of them.

    Only with `download` is anything fetched. Raises `UserError` where there are no such weights on this machine, where
    they do not fit, and where the folder holds something.
    """
    destination = to or RUNS / name.rpartition("/")[2]
    with new_folder(destination) as folder:
        room = training_half("convsight.pretrained.folder")
        card: Card = room.write_published(folder, name, weights, listener, download=download)
    return Pulled(destination, card, None)


def refuse_options(source: str, weights: str | None, *, download: bool) -> None:
    """Raise `UserError` for options that only networks of a library have, beside another `source`."""
    if weights is not None or download:
        option = "--download" if weights is None else f"--weights {weights}"
        raise UserError(f"{option} goes with torchvision/NET, timm/NET or imagenet, not with {source}")
