"""The contract of what is true, or predicted, about one image."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, final

from PIL import Image

from convsight.errors import UserError
from convsight.results.shown import save_image, show_image

Original = Callable[[], Image.Image]  # decodes the image that a result is about, RGB and whole


class Difference(NamedTuple):
    """How far two results for one image lie apart.

    `largest` is the largest difference of a number where both say the same, as a share of the scale of what is
    predicted: of the whole range 0..1 of a probability or of a pixel, of the image's side for a place, of the standard
    deviation of the training targets for a number (`convsight.targets`). So 0.01 means as little for every task. `same`
    is the share (0..1) of what they say that is the same; `said` how many things that are.
    """

    largest: float
    same: float
    said: int = 1


class InvalidOutputError(ValueError):
    """What a network returned is no result, such as NaN."""


@dataclass(frozen=True, eq=False)
class Result(ABC):
    """What is true or predicted about one image: one type for both, checked when made; `wrong` says what mistakes are.

    Abstract or final: a kind of result implements every abstract method, and is not derived from again. What only some
    kinds can do is in `convsight.results.capabilities`; they do it by having the methods. A prediction of
    `Model.predict` knows the `original` it is about, so that it can be shown.
    """

    wrong: ClassVar[str] = "are predicted wrong"
    # Whether it tells where in the image something is, so that words alone do not tell all of it.
    places: ClassVar[bool] = False

    original: Original | None = field(default=None, repr=False, kw_only=True)

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON values, as `convsight predict --format json` prints it."""

    @abstractmethod
    def summary(self) -> str:
        """The result in one line of words."""

    @abstractmethod
    def difference(self, other: Self) -> Difference:
        """How far `other`, of the same network run elsewhere, lies from this one, in shares of the scale.

        The parity checks of exported files have one limit a number format, whatever the task.
        """

    @final
    def about(self, original: Original) -> Self:
        """The same result, of that image."""
        found = copy(self)
        object.__setattr__(found, "original", original)  # replace() would check all its numbers once more
        return found

    @final
    def drawn(self) -> Image.Image:
        """The image that this is about with the result drawn on it.

        Raises `UserError` where the image is not known, and where such a result cannot be drawn.
        """
        draw: Callable[[Image.Image], Image.Image] | None = getattr(self, "draw", None)
        if draw is None:
            raise UserError(f"predictions of the kind {type(self).__name__} cannot be drawn; take their to_json()")
        if self.original is None:
            raise UserError(
                "the image of this result is not kept: predict_many(..., keep=True) keeps it, and draw(image) takes one"
            )
        return draw(self.original())

    @final
    def show(self) -> None:
        """Show the image with the result drawn on it: in a notebook below its cell, else in a window.

        Raises `UserError` as `drawn` does, and where nothing here can show images.
        """
        show_image(self.drawn())

    @final
    def save(self, path: str | Path) -> Path:
        """Write the image with the result drawn on it to `path`, whose suffix says in which format; returns it.

        Raises `UserError` as `drawn` does, and where the file cannot be written.
        """
        return save_image(self.drawn(), Path(path))
