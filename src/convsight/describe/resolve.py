"""What the verb `describe` can be given: a net of the catalogue, one of one's own, a run, a model file."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

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
from convsight.runtime.find import find_deployed
from convsight.tasks import own_networks


@dataclass(frozen=True)
class Subject:
    """A network without numbers, for volumes of `shape` (channels, *sides)."""

    name: str
    model: nn.Module
    shape: tuple[int, ...]


def find_subject(name: str, volume: tuple[int, ...] | None, classes: int | None) -> Subject:
    """The network called `name`, for volumes of (sides..., channels) and so many classes if given.

    Only a text may take other volumes than pictures. Raises `UserError` for a name that is neither in the catalogue nor
    that of a run or a model file, and for a volume that the network cannot take.
    """
    if not name.strip():
        raise UserError("name a net, a run or a model file")
    text = name if _networks_with(name) else canonical_name(name)
    if not _networks_with(name) and is_net_text(text):
        return _written(name, text, volume, classes)
    card_file = _card_file(name)
    if card_file is not None:
        card = read_card(card_file)
        channels, *sides = card.input.planes_shape
        volume = volume or (*sides, channels)
        classes = classes or card.target.outputs
        name = card.net
        if is_net_text(name):
            return _written(name, name, volume, classes)
    entry = entry_of(name)
    volume = volume or (entry.side, entry.side, entry.channels)
    if len(volume) != 3:
        raise UserError(
            f"{name} takes pictures: give height x width x channels instead of {'x'.join(map(str, volume))}"
        )
    height, width, channels = volume
    shape = NetShape(classes or entry.outputs, channels, height, width)
    if not _networks_with(name):  # those say it themselves
        check_size(name, shape)
    return Subject(name, build_without_memory(entry, shape), (channels, height, width))


def entry_of(name: str) -> NetEntry:
    """What is known of the network called `name`, one of the catalogue or of any task.

    Raises `UserError` for a name that is neither.
    """
    networks = _networks_with(name)
    return networks.entry(networks.canonical(name)) if networks else net_entry(name)


def _networks_with(name: str) -> TaskNets[nn.Module] | None:
    """Those of the task that has a network called `name`; None for one of the catalogue."""
    return next((networks for networks in own_networks().values() if name in networks), None)


def _written(name: str, text: str, volume: tuple[int, ...] | None, classes: int | None) -> Subject:
    """A network that is a text, for the volume it names where none is given."""
    net = net_of(text)
    entry = text_entry(text)
    if volume is None:
        named = (*net.input.sides, net.input.channels) if net.input else (None, None, None)
        usual = (*(entry.side,) * (len(named) - 1), entry.channels)
        volume = tuple(usual[i] if number is None else number for i, number in enumerate(named))
    *sides, channels = volume
    steps = check_volume(net, Volume(channels, tuple(sides)), classes or entry.outputs)
    with torch.device("meta"):
        model = build(steps, net.init)
    return Subject(name, model, (channels, *sides))


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
