"""What the verb `describe` can be given: a net of the catalogue, one of one's own, a run, a model file."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from convsight.card import Card
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.nets.catalogue import canonical_name, check_size, net_entry
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.task_nets import TaskNets
from convsight.nets.text.build import build
from convsight.nets.text.entry import text_entry
from convsight.nets.text.shape_check import check_volume
from convsight.nets.text.source import is_net_text, net_of
from convsight.nets.text.volume import Volume
from convsight.runtime.find_model import find_deployed
from convsight.tasks import own_networks


@dataclass(frozen=True)
class ResolvedNet:
    """A network without numbers, for volumes of `shape` (channels, *sides), and how many `outputs` it was built for."""

    name: str
    model: nn.Module
    shape: tuple[int, ...]
    outputs: int


def resolve_net(name: str, volume: tuple[int, ...] | None, outputs: int | None) -> ResolvedNet:
    """The network called `name`, for volumes of (sides..., channels) and so many outputs if given.

    Only a text may take other volumes than images. Raises `UserError` for a name that is neither that of a network of
    the catalogue or of a task nor that of a run or a model file, and for a volume that the network cannot take.
    """
    if not name.strip():
        raise UserError("name a net, a run or a model file")
    card_file = None if _text_of(name) else _card_file(name)
    if card_file is None:
        return _named(name, volume, outputs)
    return net_on_card(read_card(card_file), volume, outputs)


def net_on_card(card: Card, volume: tuple[int, ...] | None = None, outputs: int | None = None) -> ResolvedNet:
    """The network that `card` names, for its own input and target where nothing else is given; see `resolve_net`."""
    channels, *sides = card.input.planes_shape
    return _named(card.net, volume or (*sides, channels), outputs or card.target.outputs)


def _named(name: str, volume: tuple[int, ...] | None, outputs: int | None) -> ResolvedNet:
    """A network of the catalogue, of a task or in a text."""
    if text := _text_of(name):
        return _written(name, text, volume, outputs)
    entry = entry_of(name)
    *sides, channels = volume or (*entry.default_shape.planes[1:], entry.channels)
    if len(sides) != 2 + entry.volumes:
        takes = "volumes: give depth x height x width" if entry.volumes else "images: give height x width"
        raise UserError(f"{name} takes {takes} x channels instead of {'x'.join(map(str, (*sides, channels)))}")
    *depth, height, width = sides
    shape = NetShape(outputs or entry.outputs, channels, height, width, *depth)
    if _networks_with(name) is None:  # those of tasks say it themselves
        check_size(name, shape)
    return ResolvedNet(name, build_without_memory(entry, shape), shape.planes, shape.outputs)


def entry_of(name: str) -> NetEntry:
    """What is known of the network called `name`, one of the catalogue or of any task.

    Raises `UserError` for a name that is neither.
    """
    networks = _networks_with(name)
    return networks.entry(networks.canonical(name)) if networks else net_entry(name)


def _networks_with(name: str) -> TaskNets[nn.Module] | None:
    """Those of the task that has a network called `name`; None for one of the catalogue."""
    return next((networks for networks in own_networks().values() if name in networks), None)


def _text_of(name: str) -> str | None:
    """The text of a network that is one, or a file of one; None for a name."""
    if _networks_with(name) is not None:  # whose encoder may be a text
        return None
    text = canonical_name(name)
    return text if is_net_text(text) else None


def _written(name: str, text: str, volume: tuple[int, ...] | None, outputs: int | None) -> ResolvedNet:
    """A network that is a text, for the volume it names where none is given."""
    net = net_of(text)
    entry = text_entry(text)
    if volume is None:
        named = (*net.input.sides, net.input.channels) if net.input else (None, None, None)
        default = (*(entry.side,) * (len(named) - 1), entry.channels)
        volume = tuple(default[i] if number is None else number for i, number in enumerate(named))
    *sides, channels = volume
    outputs = outputs or entry.outputs
    steps = check_volume(net, Volume(channels, tuple(sides)), outputs)
    with torch.device("meta"):
        model = build(steps, net.init)
    return ResolvedNet(name, model, (channels, *sides), outputs)


def parse_volume(text: str) -> tuple[int, ...]:
    """Sides and channels from a text such as `224x224x3`.

    >>> parse_volume("32x48x1"), parse_volume("100x2"), parse_volume("16x32x32x1")
    ((32, 48, 1), (100, 2), (16, 32, 32, 1))
    """
    parts = text.lower().replace(" ", "").split("x")
    try:
        numbers = [int(part) for part in parts]
    except ValueError:
        numbers = []
    if not 2 <= len(numbers) <= 4 or min(numbers) < 1:
        raise UserError(f"--input {text}: give the sides and then the channels, such as 224x224x3")
    return tuple(numbers)


def _card_file(name: str) -> Path | None:
    """The model file that `name` stands for, if it is a path or a run."""
    return find_deployed(name)[0] if Path(name).exists() or Path("runs", name).is_dir() else None
