"""Classes that are probably one: their names differ only by case, or are one number written in two ways."""

import math
from collections.abc import Iterator, Sequence

from convsight.datasets.finding import Entry, Finding
from convsight.words import counted

_LONGEST = 30  # characters of a name that may be a number


def find_alike(names: Sequence[str]) -> Iterator[Finding]:
    """A remark on `names` of classes that differ only by case, or as 0 and 0.0 do; they stay apart."""
    groups: dict[object, list[str]] = {}
    for name in names:
        groups.setdefault(_meant(name), []).append(name)
    alike = [" and ".join(group) for group in groups.values() if len(group) > 1]
    if alike:
        words = (
            f"{counted(len(alike), 'group')} of classes with names that differ only by case, or as numbers are "
            "written: separate classes here; give them one name where they are one"
        )
        yield Finding("alike-classes", "remark", words, tuple(Entry(note=each) for each in alike))


def _meant(name: str) -> object:
    """Equal for names that may mean one class.

    >>> _meant("Cat") == _meant("cat"), _meant("1") == _meant("1.0"), _meant("nan") == _meant("NaN")
    (True, True, True)
    """
    try:
        number = float(name) if len(name) <= _LONGEST else None
    except ValueError:
        number = None
    return name.casefold() if number is None or math.isnan(number) else number
