"""Names: of splits as people spell them, of classes, of images and data sets."""

import unicodedata
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


def class_name(text: str) -> str:
    """A class name as it is compared: trimmed, and composed, since file systems differ in how they spell an accent."""
    return unicodedata.normalize("NFC", storable(text)).strip()


def storable(name: str) -> str:
    """`name` with what is no Unicode (bytes of old file names) as escapes, so that it can be stored as text."""
    return name.encode(errors="backslashreplace").decode()


def numbered_names(split: str, count: int) -> list[str]:
    """Names for images that have none: `train/00000`, `train/00001`, ..."""
    return [f"{split}/{index:05d}" for index in range(count)]


def data_name(path: Path) -> str:
    """What to call the data at `path`: its folder's name, or its file's without suffix."""
    if path.is_file():
        return path.stem
    return path.name if path.name not in ("", "..") else path.resolve().name
