"""A network in a TOML file.

name = "two convolutions"     # for lists; may be left out
input = "28x28x1"             # what it is made for; may be left out
init = "he"                   # random, glorot (the usual) or he; may be left out
layers = [
    "conv 16 3x3 relu",
    "maxpool 2",
    "flatten",
    "dense classes",
]
"""

import tomllib
from pathlib import Path
from typing import Any

from convsight.errors import UserError, unknown_name

_KEYS = ("name", "input", "init", "layers")
_LARGEST = 1_000_000  # bytes


def read_toml(path: Path) -> tuple[str, str]:
    """The name and the text of the network in a TOML file; without a name the file's.

    Raises `UserError` for a file that cannot be read or is no TOML, and for keys and values that are not of the schema.
    """
    content = _content(path)
    for key in content:
        if key not in _KEYS:
            raise UserError(f"{path}: {unknown_name('key', key, _KEYS)}")
    layers = content.get("layers")
    if not isinstance(layers, list) or not layers or not all(isinstance(layer, str) for layer in layers):
        raise UserError(f'{path}: layers must be a list of texts, such as layers = ["conv 16 3x3 relu", "maxpool 2"]')
    headers = [f"{key} {_text(path, content, key)}" for key in ("input", "init") if key in content]
    name = _text(path, content, "name") if "name" in content else path.stem
    return name, " | ".join([*headers, *layers])


def _text(path: Path, content: dict[str, Any], key: str) -> str:
    if not isinstance(content[key], str):
        raise UserError(f"{path}: {key} must be a text in quotes, not {content[key]!r}")
    return str(content[key])


def _content(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise UserError(f"{path} is larger than {_LARGEST:,} bytes, and no network's text")
        return tomllib.loads(data.decode())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # both TOML and UTF-8 raise kinds of ValueError
        raise UserError(f"{path} is no TOML file: {error}") from error
