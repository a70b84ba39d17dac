"""Mistakes a caller can mend: the message names the value and the fix, the command line exits with 2."""

from collections.abc import Iterable
from difflib import get_close_matches

from convsight.words import first_few, quoted, shortened

_LISTED = 30  # names in a message
_COMPARED = 200  # characters of a name for which near ones are looked for


class UserError(Exception):
    """Something the caller gave cannot work; the message says what, and what to do instead."""


class ToldElsewhereError(UserError):
    """An error that another process of the same call tells the user."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UserError:
    """An error for a name that is not in `known`, with the nearest known names.

    >>> str(unknown_name("net", "resnet81", ["resnet18", "vgg16"]))
    "unknown net 'resnet81'; did you mean resnet18?"
    """
    names = sorted(known)
    near = get_close_matches(shortened(name, _COMPARED), names, n=3, cutoff=0.5)
    if near:
        return UserError(f"unknown {kind} {quoted(name)}; did you mean {', '.join(near)}?")
    return UserError(f"unknown {kind} {quoted(name)}; known: {first_few(names, _LISTED)}")
