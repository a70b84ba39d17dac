"""Small words for messages and figures: what would be too long."""

from collections.abc import Sequence


def first_few(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list, and how many there are where that is more.

    >>> first_few(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters, the last of which says where something is left out.

    >>> shortened("rhinoceros", 6), shortened("cat", 6)
    ('rhino…', 'cat')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"
