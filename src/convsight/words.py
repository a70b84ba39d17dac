"""Small words for messages: lists that would be too long."""

from collections.abc import Sequence


def first_few(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list, and how many there are where that is more.

    >>> first_few(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
