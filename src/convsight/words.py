"""Small words for messages and figures: what would be too long, and what nobody should print as it is."""

import reprlib
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Sequence

_NAME = 200  # characters of one name among several
_VALUE = 80  # characters of a value that a message quotes
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}  # Unicode's categories: control, format (among them directions), line, paragraph

_APART = frozenset("&|<>^()")  # ends a command or is dropped in cmd.exe, where it is not within quotes


def first_few(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list, and how many there are where that is more.

    >>> first_few(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(shortened(name, _NAME) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters, the last of which says where something is left out.

    >>> shortened("rhinoceros", 6), shortened("cat", 6)
    ('rhino…', 'cat')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def quoted(value: object) -> str:
    """`value` as Python writes it, in few characters whatever somebody put into a file.

    >>> quoted("cat"), quoted([1, 2.5]), len(quoted("x" * 10**6)), len(quoted([["x" * 99] * 99] * 99)) <= 200
    ("'cat'", '[1, 2.5]', 80, True)
    """
    short = reprlib.Repr()
    short.maxlevel = 3
    short.maxlist = short.maxtuple = short.maxdict = 8
    short.maxstring = short.maxother = short.maxlong = _VALUE
    return shortened(short.repr(value), _NAME)


def visible(text: str, *, keep: str = "") -> str:
    r"""`text` with escapes in place of characters that move a cursor, colour a terminal or turn the reading direction.

    Those in `keep` stay.

    >>> visible("cat\x1b[2J"), visible("two\nlines", keep="\n")
    ('cat\\x1b[2J', 'two\nlines')
    """
    if text.isprintable():
        return text
    return "".join(_seen(each) if each not in keep else each for each in text)


def _seen(character: str) -> str:
    hidden = unicodedata.category(character) in _UNSEEN
    return character.encode("unicode_escape").decode() if hidden else character


def in_utf8(text: str) -> str:
    r"""`text` with a sign in place of each byte of a file's name that is no UTF-8, for what takes nothing else.

    >>> in_utf8("caf\udce9.jpg") == "caf\ufffd.jpg"
    True
    """
    return text.encode(errors="surrogateescape").decode(errors="replace")


def shell_word(text: str) -> str:
    """`text` as one word of a command that a message shows, for the shell that the user is likely to have."""
    if sys.platform != "win32":
        return shlex.quote(text)
    word = subprocess.list2cmdline([text])  # cmd.exe takes single quotes for letters of a name
    return f'"{word}"' if _APART & set(text) and not word.startswith('"') else word


def counted(number: int, what: str, ending: str = "s") -> str:
    """A number and what is counted, with the plural's ending where it is not one.

    >>> counted(1, "image"), counted(2000, "class", "es")
    ('1 image', '2,000 classes')
    """
    return f"{number:,} {what}{'' if number == 1 else ending}"


def counted_are(number: int, what: str, ending: str = "s") -> str:
    """The same with its verb.

    >>> counted_are(1, "box", "es"), counted_are(2, "image")
    ('1 box is', '2 images are')
    """
    return f"{counted(number, what, ending)} {'is' if number == 1 else 'are'}"
