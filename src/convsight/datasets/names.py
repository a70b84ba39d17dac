"""Names: of splits as people spell them, of classes in the order people expect, of pictures and data sets."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

_SPLIT_SPELLINGS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
SPLIT_SPELLINGS = tuple(_SPLIT_SPELLINGS)


def split_called(text: str) -> str | None:
    """`train`, `val` or `test` for any usual spelling of it, else None.

    >>> split_called("Validation"), split_called("cats")
    ('val', None)
    """
    return _SPLIT_SPELLINGS.get(text.strip().lower())


def natural_key(name: str) -> tuple[list[str | tuple[int, str]], str]:
    """A sort key that puts `2` before `10` and upper beside lower case.

    >>> sorted(["10", "b", "2", "A"], key=natural_key)
    ['2', '10', 'A', 'b']
    """
    # Odd parts are runs of digits. Compared by length, then digit by digit, so that no run is too long for it.
    parts: list[str | tuple[int, str]] = []
    for position, part in enumerate(re.split(r"([0-9]+)", name.casefold())):
        digits = part.lstrip("0")
        parts.append((len(digits), digits) if position % 2 else part)
    return parts, name


def natural_order(names: Sequence[str] | set[str]) -> tuple[str, ...]:
    """`names` in natural order, see `natural_key`."""
    return tuple(sorted(names, key=natural_key))


def class_name(text: str) -> str:
    """A class name as it is compared: trimmed, and composed, since file systems differ in how they spell an accent."""
    return unicodedata.normalize("NFC", storable(text)).strip()


def storable(name: str) -> str:
    """`name` with what is no Unicode (bytes of old file names) as escapes, so that it can be stored as text."""
    return name.encode(errors="backslashreplace").decode()


def numbered_names(split: str, count: int) -> list[str]:
    """Names for pictures that have none: `train/00000`, `train/00001`, ..."""
    return [f"{split}/{index:05d}" for index in range(count)]


def data_name(path: Path) -> str:
    """What to call the data at `path`: its folder's name, or its file's without suffix."""
    if path.is_file():
        return path.stem
    return path.name if path.name not in ("", "..") else path.resolve().name
