"""What the verb `describe` can be given: a net of the catalogue, one of one's own, a run, a model file."""

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from convsight.card import read_card
from convsight.errors import UserError
from convsight.nets.catalogue import net_entry
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.keras.archive import is_keras_file
from convsight.nets.sizes import build_without_memory
from convsight.nets.text.source import is_net_text
from convsight.run import find_model_file


@dataclass(frozen=True)
class Subject:
    """A network without numbers, for pictures of `shape` (channels, height, width)."""

    name: str
    model: nn.Module
    shape: tuple[int, int, int]


def find_subject(name: str, volume: tuple[int, ...] | None, classes: int | None) -> Subject:
    """The network called `name`, for pictures of `volume` (height, width, channels) and so many classes if given.

    Raises `UserError` for a name that is neither in the catalogue nor that of a run or a model file.
    """
    if volume is not None and len(volume) != 3:
        raise UserError(f"{name} takes pictures: give (height, width, channels) instead of {volume}")
    card_file = _card_file(name)
    if card_file is None:
        entry = net_entry(name)
        height, width, channels = volume or (entry.side, entry.side, entry.channels)
        return _built(name, entry, NetShape(classes or entry.classes, channels, height, width))
    card = read_card(card_file)
    kept = card.preprocessing
    height, width, channels = volume or (kept.height, kept.width, kept.channels)
    return _built(card.net, net_entry(card.net), NetShape(classes or len(card.classes), channels, height, width))


def parse_volume(text: str) -> tuple[int, int, int]:
    """Height, width and channels from a text such as `224x224x3`; without channels, 3.

    >>> parse_volume("32x48x1"), parse_volume("64x64")
    ((32, 48, 1), (64, 64, 3))
    """
    parts = text.lower().replace(" ", "").split("x")
    try:
        numbers = [int(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or min(numbers) < 1:
        raise UserError(f"--input {text}: give height x width x channels, such as 224x224x3")
    height, width, channels = (*numbers, 3)[:3]
    return height, width, channels


def _card_file(name: str) -> Path | None:
    """The model file that `name` stands for, if it is a path or a run."""
    if is_keras_file(name) or is_net_text(name):
        return None
    return find_model_file(name) if Path(name).exists() or Path("runs", name).is_dir() else None


def _built(name: str, entry: NetEntry, shape: NetShape) -> Subject:
    return Subject(name, build_without_memory(entry, shape), (shape.channels, shape.height, shape.width))
