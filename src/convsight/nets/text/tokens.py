"""The words of a text and where they stand."""

import re
from dataclasses import dataclass

from convsight.errors import UserError
from convsight.nets.text.layer_errors import Span, pointed

BAR, OPEN, CLOSE, TIMES = "|", "(", ")", "*"
SIGNS = (BAR, OPEN, CLOSE, TIMES)

_WORD = re.compile(r"[|()*]|[^\s|()*]+")


@dataclass(frozen=True)
class Token:
    """A word or a sign; the empty one stands behind the last."""

    text: str
    span: Span

    @property
    def is_sign(self) -> bool:
        """Whether it is a sign, or the end."""
        return self.text in ("", *SIGNS)


class Tokens:
    """The words of a text, one after the other.

    >>> tokens = Tokens("conv 16 3x3|relu")
    >>> [tokens.take().text for _ in range(5)]
    ['conv', '16', '3x3', '|', 'relu']
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._words = [Token(found.group(), Span(*found.span())) for found in _WORD.finditer(text)]
        end = len(text.rstrip())
        self._end = Token("", Span(end, end + 1))
        self._next = 0

    @property
    def next(self) -> Token:
        """The word that comes."""
        return self._words[self._next] if self._next < len(self._words) else self._end

    @property
    def last(self) -> Token:
        """The word that was taken last."""
        return self._words[max(0, self._next - 1)] if self._words else self._end

    def take(self) -> Token:
        """The word that comes, and go on."""
        word = self.next
        self._next += 1
        return word

    def error(self, word: Token, message: str) -> UserError:
        """An error that points at `word`."""
        return pointed(message, self.text, word.span)
