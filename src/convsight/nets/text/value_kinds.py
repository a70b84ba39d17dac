"""The kinds of value a layer is given: how one is read from a word, and written as one."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from convsight.nets.text.layers.kernel_windows import Padding
from convsight.nets.text.layers.layer import Init, Sides, Width
from convsight.nets.text.volume import times

INITS: tuple[str, ...] = get_args(Init)

_LARGEST = 1_000_000  # a typing mistake rather than a layer
_OUTPUTS = ("classes", "outputs")  # words for as many as the data need, the first in every canonical text
_SIDES = re.compile(r"\d+(x\d+){0,2}", re.ASCII)
_PADS = re.compile(r"\d+(:\d+)?(x\d+(:\d+)?){0,2}", re.ASCII)


@dataclass(frozen=True)
class Value:
    """A kind of value. `read` raises `ValueError` for a word that is none; `write` gives the word back."""

    expected: str  # after "must be"
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _count(word: str, minimum: int = 1) -> int:
    if not (word.isascii() and word.isdigit()) or not minimum <= int(word) <= _LARGEST:
        raise ValueError(word)
    return int(word)


def _width(word: str) -> Width:
    return "outputs" if word in _OUTPUTS else _count(word)


def _width_word(width: Width) -> str:
    return _OUTPUTS[0] if width == "outputs" else str(width)


def _sides(word: str, minimum: int = 1) -> Sides:
    if not _SIDES.fullmatch(word):
        raise ValueError(word)
    return tuple(_count(part, minimum) for part in word.split("x"))


def _padding(word: str) -> Padding:
    if word == "valid":
        return "valid"
    if word == "same":
        return "same"
    if not _PADS.fullmatch(word):
        raise ValueError(word)
    pairs = []
    for part in word.split("x"):
        before, _, behind = part.partition(":")
        pairs.append((_count(before, 0), _count(behind or before, 0)))
    return tuple(pairs)


def _padding_word(padding: Padding) -> str:
    if isinstance(padding, str):
        return padding
    return "x".join(str(before) if before == behind else f"{before}:{behind}" for before, behind in padding)


def _cells(word: str) -> Padding:
    if word in ("valid", "same"):
        raise ValueError(word)
    return _padding(word)


def _number(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(word)
    return number


def _positive(word: str) -> float:
    number = _number(word)
    if number <= 0:
        raise ValueError(word)
    return number


def _not_negative(word: str) -> float:
    number = _number(word)
    if number < 0:
        raise ValueError(word)
    return number


def _chance(word: str) -> float:
    number = _number(word)
    if not 0 <= number < 1:
        raise ValueError(word)
    return number


def _share(word: str) -> float:
    number = _number(word)
    if not 0 <= number <= 1:
        raise ValueError(word)
    return number


def _init(word: str) -> str:
    if word not in INITS:
        raise ValueError(word)
    return word


COUNT = Value("a whole number of at least 1", _count)
WIDTH = Value("a whole number of at least 1, or `classes`", _width, _width_word)
SIDES = Value("a whole number of at least 1, or one for each axis such as 2x1", _sides, times)
KERNEL = Value("a whole number of at least 1, or one for each axis such as 3x3", _sides, times)
CELLS_BEHIND = Value("a whole number, or one for each axis such as 1x0", lambda word: _sides(word, 0), times)
PADDING = Value("valid, same, or cells such as 1, 1x2 or (before:behind) 0:1x0:1", _padding, _padding_word)
CELLS = Value("cells such as 1, 1x2 or (before:behind) 0:1x0:1", _cells, _padding_word)
NUMBER = Value("a number", _number, repr)
POSITIVE = Value("a number above 0", _positive, repr)
SLOPE = Value("a number of at least 0", _not_negative, repr)
CHANCE = Value("a number from 0 up to, not including, 1", _chance, repr)
SHARE = Value("a number from 0 to 1", _share, repr)
INIT = Value(f"one of {', '.join(INITS)}", _init)
