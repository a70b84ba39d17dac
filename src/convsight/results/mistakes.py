"""What is wrong about a prediction, of every kind of result: by what it says of itself, else by how far it is off."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

from PIL import Image

from convsight.results.capabilities import Drawable
from convsight.results.caption import with_caption
from convsight.results.result import Result


class Mistake(NamedTuple):
    """One thing that a prediction says otherwise than the target.

    `kind` is what is wrong about it. `severity` is how sure the prediction contradicts, 0..1 where it has a confidence,
    else how far it is off, in shares of its scale. `xyxy` is where, in pixels of the original, if it is anywhere.
    """

    kind: str
    target: str
    prediction: str
    severity: float
    xyxy: tuple[float, float, float, float] | None = None


@runtime_checkable
class Contradicting(Protocol):
    """A result that knows what is wrong about it."""

    def mistakes(self, target: Any) -> list[Mistake]:
        """What is wrong, held against a `target` of the same type; the worst first."""

    def draw_mistakes(self, image: Image.Image, target: Any) -> Image.Image:
        """A copy of `image` (RGB, of any size), which may be larger, with what is wrong drawn on it."""


@runtime_checkable
class Compact(Protocol):
    """A result that can be kept in less memory, since many are until the worst are known."""

    def compact(self) -> Result:
        """As much of it as drawing what is wrong about it needs."""


def compact(result: Result) -> Result:
    """`result` in as little memory as drawing what is wrong about it needs."""
    return result.compact() if isinstance(result, Compact) else result


def mistakes_of(result: Result, target: Result) -> list[Mistake]:
    """What is wrong about `result`, the worst first; of one that does not know, whether it says something else.

    >>> import numpy as np
    >>> from convsight.results.numbers import Numbers
    >>> age = lambda years: Numbers(("age",), ("",), np.array([years]), np.array([10.0]))
    >>> mistakes_of(age(31.5), age(11.5)), mistakes_of(age(31.5), age(31.0))
    ([Mistake(kind='differs', target='age 11.5', prediction='age 31.5', severity=2.0, xyxy=None)], [])
    """
    if isinstance(result, Contradicting):
        return result.mistakes(target)
    found = result.difference(target)
    if found.same == 1:
        return []
    return [Mistake("differs", target.summary(), result.summary(), found.largest)]


def draw_mistakes(result: Result, target: Result, image: Image.Image) -> Image.Image:
    """`image` (RGB, of any size) with what is wrong about `result` drawn on it, or at least in words above it."""
    if isinstance(result, Contradicting):
        return result.draw_mistakes(image, target)
    drawn = result.draw(image) if isinstance(result, Drawable) else image
    return with_caption(drawn, [result.summary(), f"true: {target.summary()}"])
