"""Whether a card names a place of the machine it was made on."""

import re
from collections.abc import Iterator
from typing import Any

from convsight.card import Card
from convsight.errors import UserError

# /home/ada/x, ~/x, C:\x or \\server\x; the slashes of a web address or of owner/name are none.
_PATH = re.compile(r"(?<![\w:/.])~?/[^/\s]+/|(?<!\w)[A-Za-z]:[\\/](?!/)|(?<!\w)\\\\\w|file://")


def check_private(card: Card) -> None:
    """Raise `UserError` where `card` holds an absolute path, which a stranger should not read.

    Cards hold names only; this is the last look before one is published. Names of classes are as the user chose them.
    """
    document = card.model_dump(mode="json", exclude={"classes": True, "target": {"names"}})
    for place, text in _texts(document, ()):
        if _PATH.search(text):
            raise UserError(
                f"the card names a place of this machine at {'.'.join(place)}: {text!r}; it is not published; "
                "train again with a name there that may be read"
            )


def _texts(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in nested dicts and lists, and where it is; keys are names of fields, metrics and classes.

    >>> list(_texts({"a": {"b": "c"}}, ()))
    [(('a', 'b'), 'c')]
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*place, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, place)
    elif isinstance(value, str):
        yield place, value
