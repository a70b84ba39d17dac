"""The only files that are pushed and pulled, and what is checked before they are used."""

from pathlib import Path
from typing import NamedTuple

from convsight.card import Card
from convsight.errors import UserError
from convsight.hub.config import read_config
from convsight.model_files import read_card
from convsight.run import Run
from convsight.tasks import reader_of

README, CONFIG = "README.md", "config.json"

_MEGABYTE = 1_000_000
# The largest networks there are have a few gigabytes; the words about one do not.
LARGEST = {
    README: 5 * _MEGABYTE,
    CONFIG: 100 * _MEGABYTE,
    "model.safetensors": 20_000 * _MEGABYTE,
    "model.onnx": 20_000 * _MEGABYTE,
}
KNOWN = tuple(LARGEST)


class Network(NamedTuple):
    """What a checked folder holds: its card, and that of the exported graph with its proofs, if there is one."""

    card: Card
    exported: Card | None


def check_size(name: str, size: int, place: object) -> None:
    """Raise `UserError` where the file called `name` is empty or larger than any such file; `size` in bytes."""
    if not 0 < size <= LARGEST[name]:
        raise UserError(f"{place}: {name} has {size:,} bytes, which no {name} of a network has; nothing is taken")


def check_folder(folder: Path, place: object) -> Network:
    """The network in `folder`, whose files came from `place`.

    Raises `UserError` where there is none, or a file is damaged, a pickle, too large, or tells of another network.
    """
    for name in KNOWN:
        if (folder / name).is_file():
            check_size(name, (folder / name).stat().st_size, place)
    run = Run(folder)
    exported = read_card(run.exported_file) if run.exported_file.is_file() else None
    card = read_card(run.model_file) if run.model_file.is_file() else exported and exported.source()
    if card is None:
        raise UserError(f"{place} holds no model.safetensors and no model.onnx; it is no network of convsight")
    reader_of(card)  # which says where the task is unknown
    cards = {"model.onnx": exported and exported.source()}
    if (folder / CONFIG).is_file():
        cards[CONFIG] = read_config(folder / CONFIG)
    for name, other in cards.items():
        if other is not None and other != card:
            raise UserError(f"{place}: {name} tells of another network than the rest; push it again")
    return Network(card, exported)
