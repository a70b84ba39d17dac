"""What names of classes say about mirror images: of text or of something with sides they are something else."""

import re
from collections.abc import Sequence

_NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_FILLERS = ("digit", "digits", "letter", "character", "char", "number", "num", "class", "label", "sign")
_SIDES = ("left", "right", "clockwise", "counterclockwise", "east", "west")


def reads_as_text(classes: Sequence[str]) -> bool:
    """Whether most class names are digits, single letters or number words, which a mirror changes.

    >>> reads_as_text(["0", "1", "2"]), reads_as_text(["digit_7", "three"]), reads_as_text(["cat", "dog"])
    (True, True, False)
    """
    found = [name for name in classes if _is_sign(name)]
    return len(found) * 2 > len(classes)


def _is_sign(name: str) -> bool:
    words = [word for word in re.findall(r"[^\W\d_]+|\d+", name.lower()) if word not in _FILLERS]
    return bool(words) and all(len(word) == 1 or word.isdigit() or word in _NUMBER_WORDS for word in words)


def names_a_side(name: str) -> bool:
    """Whether a class name speaks of left or right.

    >>> names_a_side("turn-left"), names_a_side("bright")
    (True, False)
    """
    return any(word in _SIDES for word in re.split(r"[^a-z]+", name.lower()))
