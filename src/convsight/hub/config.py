"""`config.json`: the card, and the classes under the names by which other programs look for them."""

import json
from pathlib import Path

from convsight.card import Card, parse_card
from convsight.errors import UserError

_NAMES = ("id2label", "label2id")


def config_text(card: Card) -> str:
    """The content of `config.json`."""
    names = {
        "id2label": {str(index): name for index, name in enumerate(card.target.names)},
        "label2id": {name: index for index, name in enumerate(card.target.names)},
    }
    return json.dumps(card.model_dump(mode="json") | names, indent=2, ensure_ascii=False) + "\n"


def read_config(file: Path) -> Card:
    """The card in a `config.json`; raises `UserError` where it is none of convsight."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{file.name} is not JSON, or cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise UserError(f"{file.name} holds no card of convsight")
    return parse_card(json.dumps({key: value for key, value in document.items() if key not in _NAMES}), file.name)
