"""What is wrong with a network's text, and the message that points at the word."""

from dataclasses import dataclass

from convsight.errors import UserError

_WIDTH = 96  # characters of the text in a message
_BEFORE = 48  # of them before the word, at most
_DOTS = "..."


@dataclass(frozen=True)
class Span:
    """A stretch of a text: the characters from `start` up to, not including, `end`."""

    start: int
    end: int


class LayerError(Exception):
    """A layer that cannot work where it stands, and where in the text the reason is written."""

    def __init__(self, message: str, span: Span | None) -> None:
        super().__init__(message)
        self.span = span


class TooSmallError(LayerError):
    """A layer whose volume is too small for it; a larger input, or `fix`, would do."""

    def __init__(self, message: str, span: Span | None, fix: str) -> None:
        super().__init__(message, span)
        self.fix = fix


def pointed(message: str, text: str, span: Span | None) -> UserError:
    """An error that shows the text and, under the word in question, carets.

    >>> print(pointed("stride must be at least 1", "conv 8 3 stride 0", Span(16, 17)))
    stride must be at least 1
      conv 8 3 stride 0
                      ^
    """
    if span is None:
        return UserError(message)
    line = "".join(" " if character.isspace() else character for character in text)
    start = max(0, min(span.start - _BEFORE, len(line) - _WIDTH))
    shown = line[start : start + _WIDTH]
    before = _DOTS if start else ""
    behind = _DOTS if start + _WIDTH < len(line) else ""
    carets = "^" * max(1, min(span.end - span.start, _WIDTH - (span.start - start)))
    indent = " " * (len(before) + span.start - start)
    return UserError(f"{message}\n  {before}{shown}{behind}\n  {indent}{carets}")
