"""Pieces of HTML: what is a text is escaped where it is put in, so that no name of a class or a file becomes markup."""

from collections.abc import Iterable
from html import escape
from typing import Final

_EMPTY: Final = frozenset({"br", "img", "meta", "link"})


class Markup(str):
    """HTML that stands as it is; any other text is escaped by `tag` and `joined`."""

    __slots__ = ()


Piece = str | Iterable["Piece"]


def joined(*pieces: Piece) -> Markup:
    """Pieces one after the other, texts among them escaped.

    >>> joined("a < b", Markup("<br>"), ["c", "d"])
    'a &lt; b<br>cd'
    """
    return Markup("".join(_markup(piece) for piece in pieces))


def tag(name: str, /, *pieces: Piece, **attributes: str | float | bool | None) -> Markup:
    """An element. Attributes that are None or False are left out; `class_` and `aria_label` are class and aria-label.

    >>> tag("a", "<cat>", href="#x", class_="dim", hidden=False)
    '<a href="#x" class="dim">&lt;cat&gt;</a>'
    """
    inside = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in _EMPTY:
        return Markup(f"<{name}{inside}>")
    return Markup(f"<{name}{inside}>{joined(*pieces)}</{name}>")


def _markup(piece: Piece) -> str:
    if isinstance(piece, Markup):
        return piece
    if isinstance(piece, str):
        return escape(piece)
    return joined(*piece)


def _attribute(key: str, value: str | float | bool) -> str:
    if value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
