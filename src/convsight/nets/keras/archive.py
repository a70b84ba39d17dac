"""The parts of a file that Keras saved, read with limits: the JSON description, and the HDF5 weights."""

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convsight.errors import UserError

_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"
_LARGEST_CONFIG = 16 * 2**20  # bytes
_LARGEST_WEIGHTS = 4 * 2**30  # bytes
# All that a damaged or foreign archive makes zipfile raise.
_DAMAGE = (ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Archive:
    """What a file describes, and the weights with it; None where there are none. `weights_name` is for messages."""

    path: Path
    description: dict[str, Any]
    weights: bytes | None
    weights_name: str


def is_keras_file(name: str) -> bool:
    """Whether `name` ends as the files that Keras saves networks in: `.keras`, or `.json` for `to_json()`.

    >>> [is_keras_file(name) for name in ("net.keras", "my net.JSON", "net.toml", "resnet18")]
    [True, True, False, False]
    """
    return name.lower().endswith((".keras", ".json"))


def read_archive(path: Path, *, weights: bool) -> Archive:
    """The description in a `.keras` or `.json` file, and the weights if they are asked for.

    Those of `net.json` lie beside it in `net.weights.h5`, as `save_weights` writes them. Raises `UserError` for a
    file that cannot be read, is damaged, or has members larger than a network's.
    """
    try:
        if path.suffix.lower() == ".json":
            return _read_json(path, weights=weights)
        return _read_zip(path, weights=weights)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged, or no file that Keras saved: {error}") from error


def _read_json(path: Path, *, weights: bool) -> Archive:
    beside = path.with_suffix(".weights.h5")
    found = _limited(beside, _LARGEST_WEIGHTS) if weights and beside.is_file() else None
    return Archive(path, _description(path, _limited(path, _LARGEST_CONFIG)), found, str(beside))


def _limited(path: Path, largest: int) -> bytes:
    with open(path, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise UserError(f"{path} has more than {largest:,} bytes, and is refused")
    return content


def _read_zip(path: Path, *, weights: bool) -> Archive:
    with zipfile.ZipFile(path) as archive:
        config = _member(path, archive, _CONFIG, _LARGEST_CONFIG)
        if config is None:
            raise UserError(f"{path} holds no {_CONFIG}: it is no file that Keras saved")
        found = _member(path, archive, _WEIGHTS, _LARGEST_WEIGHTS) if weights else None
    return Archive(path, _description(path, config), found, f"{_WEIGHTS} in {path}")


def _member(path: Path, archive: zipfile.ZipFile, name: str, largest: int) -> bytes | None:
    """A member's bytes; None where there is none. Its size is checked before and while it is unpacked."""
    if name not in archive.namelist():
        return None
    with archive.open(name) as member:
        content = member.read(largest + 1) if archive.getinfo(name).file_size <= largest else None
    if content is None or len(content) > largest:
        raise UserError(f"{path}: {name} unpacks to more than {largest:,} bytes, and is refused")
    return content


def _description(path: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: its description is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UserError(f"{path} describes no network of Keras")
    return found
