"""A network of a library by its name, with the weights that its library offers for it, or a file of these."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from convsight.errors import UserError, unknown_name
from convsight.nets.catalogue import net_entry
from convsight.nets.entry import Pretrained
from convsight.nets.state_dict_file import read_state_dict
from convsight.nets.weights import Weights, check_is_here, origin_of
from convsight.nets.weights import card_of as card_in
from convsight.pretrained.network import Network, Statistics, card_of
from convsight.settings import IMAGENET
from convsight.tasks import TASKS, task_of
from convsight.tasks.capabilities import AsItIs, Published

_SHIPPED = "efficientnet_lite0"  # what the name `imagenet` means alone
_TORCHVISION = "torchvision/"
_USUAL = {IMAGENET, "coco"}


def published_network(name: str, weights: str | None = None, *, download: bool = False) -> Network:
    """The network called `name` with its library's weights, or those in the file that `weights` names.

    `name` is `imagenet`, `torchvision/NET`, `timm/NET` or that of a network of the catalogue. `weights` may also be the
    library's name for one of several. Only with `download` is anything fetched. Raises `UserError` where there are no
    such weights here, or nobody knows what they tell or expect; it says what to do.
    """
    task, published = find_published(name)
    if not published.weights:
        raise UserError(
            f"nobody offers weights for {published.net}; of your own: convsight card FILE --net {published.net} "
            "--classes NAMES"
        )
    chosen, origin, read, notes = _chosen(name, published, weights, download)
    if chosen.size is None or chosen.classes is None:
        missing = "how images are prepared" if chosen.size is None else "the names of the classes"
        raise UserError(
            f"{chosen.source} does not say {missing} in a way that is known here; put a card on the weights yourself: "
            f"convsight card FILE --net {published.net} --classes NAMES"
        )
    card = card_of(task, published, chosen.classes(), chosen.size, Statistics(chosen.mean, chosen.std), origin)
    own = f"; where they are for classes of your own: convsight card {weights} --net {published.net} --classes NAMES"
    return Network(card, read, notes, own)


def find_published(name: str) -> tuple[str, Published]:
    """The task and what it knows of the network called `name`; raises `UserError` where none knows it."""
    inner = _SHIPPED if name == IMAGENET else name.removeprefix(_TORCHVISION)
    for task_name in TASKS:
        task = task_of(task_name)
        found = task.published(inner) if isinstance(task, AsItIs) else None
        if found is None:
            continue
        if name.startswith(_TORCHVISION) and not any(each.source.startswith("torchvision") for each in found.weights):
            raise UserError(f"torchvision has no weights for a network called {inner}; `convsight nets` lists networks")
        return task_name, found
    net_entry(inner)  # which raises, with the nearest names
    raise AssertionError(inner)


class _Chosen(NamedTuple):
    """Which of the published weights are meant, where they come from, what reads them, and what was assumed."""

    offered: Pretrained
    origin: str
    read: Callable[[], Weights]
    notes: tuple[str, ...] = ()


def _chosen(name: str, published: Published, weights: str | None, download: bool) -> _Chosen:
    usual = published.weights[0]
    if weights is None or weights in _USUAL or not Path(weights).exists():
        chosen = usual if weights is None or weights in _USUAL else _named(published, weights)
        check_is_here(published.net, chosen, download=download)
        origin = f"{chosen.source} ({chosen.licence})"
        return _Chosen(chosen, origin, partial(_library_weights, chosen, origin))
    file = Path(weights)
    if card_in(file) is not None:
        raise UserError(f"{file} has a card of its own: name it in place of {name}")
    digest = sha256_of(file)
    known = next((each for each in published.weights if each.digits and digest.startswith(each.digits)), None)
    chosen = known or usual
    note = f"{file.name} is no file that its library offers: images and classes are taken to be those of {usual.source}"
    origin = origin_of(file)
    read = partial(_file_weights, file, origin, chosen, known)
    return _Chosen(chosen, origin, read, () if known else (note,))


def _named(published: Published, weights: str) -> Pretrained:
    """The one that the library calls `weights`, such as IMAGENET1K_V1."""
    by_name = {each.source.rpartition(" ")[2]: each for each in published.weights}
    if weights not in by_name:
        if "." in weights or "/" in weights:
            raise UserError(f"--weights {weights}: there is no such file")
        raise unknown_name("weights", weights, [IMAGENET, *by_name])
    return by_name[weights]


def _library_weights(chosen: Pretrained, origin: str) -> Weights:
    return Weights(origin, chosen.as_loaded(chosen.read()), chosen.mean, chosen.std)


def _file_weights(file: Path, origin: str, chosen: Pretrained, known: Pretrained | None) -> Weights:
    tensors = read_state_dict(file)
    return Weights(origin, known.as_loaded(tensors) if known else tensors, chosen.mean, chosen.std)


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
