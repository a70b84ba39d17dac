"""The order that people expect of names with numbers in them."""

import re
from collections.abc import Iterable


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


def natural_order(names: Iterable[str]) -> tuple[str, ...]:
    """`names` in natural order, see `natural_key`."""
    return tuple(sorted(names, key=natural_key))
