"""What the name of a network stands for: a text, or a TOML file that holds one."""

from pathlib import Path

from convsight.errors import UserError
from convsight.nets.text.net import Net
from convsight.nets.text.parse import parse
from convsight.nets.text.toml import read_toml
from convsight.nets.text.unparse import unparse


def is_net_text(name: str) -> bool:
    """Whether `name` is a network's text, or the path of a TOML file, rather than a name of the catalogue.

    >>> [is_net_text(name) for name in ("conv 8 3 | globalavg", "flatten|dense", "mynet.toml", "resnet18")]
    [True, True, True, False]
    """
    return _is_toml(name) or "|" in name or any(character.isspace() for character in name)


def net_of(name: str) -> Net:
    """The network of a text or TOML file. Raises `UserError` where it cannot be read."""
    if not _is_toml(name):
        return parse(name)
    _, text = read_toml(Path(name))
    try:
        return parse(text)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None


def title_of(name: str) -> str:
    """One line for lists: what a TOML file calls the network, or the text itself."""
    return read_toml(Path(name))[0] if _is_toml(name) else canonical(name)


def canonical(name: str) -> str:
    """The one text of a network, whatever it was read from: it alone rebuilds the network, so a card stores it.

    Raises `UserError` where `name` cannot be read.

    >>> canonical("2 * (conv 8 3x3 padding same relu) | globalavg|dense classes")
    'conv 8 3x3 same relu | conv 8 3x3 same relu | globalavg | dense classes'
    """
    return unparse(net_of(name))


def _is_toml(name: str) -> bool:
    return name.lower().endswith(".toml")
