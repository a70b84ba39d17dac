"""Names: of splits as people spell them, of classes, of images and data sets."""

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
    "validate": "val",
    "validating": "val",
    "dev": "val",
    "eval": "val",
    "evaluation": "val",
    "test": "test",
    "testing": "test",
}
# Words of a folder's name that tell nothing of what it holds.
_FILLERS = frozenset(
    (
        *("set", "sets", "data", "dataset", "split", "folder", "samples"),
        *("image", "images", "img", "imgs", "picture", "pictures", "pics", "photo", "photos"),
    )
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SET = re.compile(r"(train|val|test|dev)(set)")  # trainset
SPLIT_SPELLINGS = tuple(_SPLIT_SPELLINGS)


def split_called(text: str) -> str | None:
    """`train`, `val` or `test` for any usual spelling of it, else None.

    >>> split_called("Validation"), split_called("cats")
    ('val', None)
    """
    return _SPLIT_SPELLINGS.get(text.strip().lower())


def splits_called(names: Sequence[str]) -> dict[str, str]:
    """The splits that folders side by side mean, by their names; others are left out.

    Beside a usual spelling a name may hold words that say nothing (`training_set`, `images_val`), or words that all
    folders with a spelling in them share (`seg_train` and `seg_test`, `cars2024-train` and `cars2024-test`).

    >>> splits_called(["training_set", "test_set", "models"]), splits_called(["seg_train", "seg_test"])
    ({'training_set': 'train', 'test_set': 'test'}, {'seg_train': 'train', 'seg_test': 'test'})
    >>> splits_called(["test_tube", "train_station", "cat"])
    {}
    """
    parted = {name: found for name in names if (found := _parted(name))}
    plain = {name: split for name, (split, rest) in parted.items() if not rest}
    shared = {rest for _, rest in parted.values() if rest}
    if plain or len(shared) != 1 or len({split for split, _ in parted.values()}) < 2:
        return plain
    return {name: split for name, (split, _) in parted.items()}


def _parted(name: str) -> tuple[str, tuple[str, ...]] | None:
    """The split that a name holds, and its other words but those that say nothing."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+|\d+", _CAMEL.sub("_", name))]
    words = [part for word in words for part in _SET.sub(r"\1 \2", word).split()]
    splits = [word for word in words if split_called(word)]
    rest = tuple(word for word in words if word not in splits and word not in _FILLERS)
    return (_SPLIT_SPELLINGS[splits[0]], rest) if len(splits) == 1 else None


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
