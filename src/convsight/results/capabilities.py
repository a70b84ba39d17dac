"""What only some kinds of results can do: a verb asks for a capability, and says a clear word where it is missing."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.errors import UserError
from convsight.results.result import Result


@runtime_checkable
class Thresholded(Protocol):
    """A result whose confidence can be compared with a threshold."""

    def at_least(self, confidence: float) -> Result:
        """What of it is at least so sure (0..1); where nothing is, the result says that it is unsure."""


@runtime_checkable
class Drawable(Protocol):
    """A result that can be drawn on the image it is about."""

    def draw(self, image: Image.Image) -> Image.Image:
        """A copy of `image` (RGB), which may be larger, with the result drawn on it."""


@runtime_checkable
class Tabular(Protocol):
    """A result that is rows of a table; the task's reader, a `TabularReader`, names their columns."""

    def to_rows(self) -> list[tuple[str | float, ...]]:
        """The result as rows of a table; there may be none."""


@runtime_checkable
class WithFiles(Protocol):
    """A result of which a part is best kept as files, such as a mask."""

    def files(self) -> dict[str, bytes]:
        """The content of each file by the suffix of its name, such as `mask.png`: the same suffixes for every image."""


@runtime_checkable
class ForSupervision(Protocol):
    """A result that the package supervision, which draws, counts and tracks, has a type for."""

    def to_supervision(self) -> Any:
        """The result as that type; raises `UserError` where the package is not installed."""


@runtime_checkable
class Naming(Protocol):
    """A result that says which of its classes an image shows."""

    def class_names(self) -> tuple[str, ...]:
        """Those, each once, in the order of all classes; there may be none."""


@runtime_checkable
class Placing(Naming, Protocol):
    """A result that says where an image shows a class."""

    def region(self, name: str) -> NDArray[np.bool_]:
        """The pixels (height, width) of the original where it shows the class called `name`."""


@runtime_checkable
class Confident(Protocol):
    """A result that says how sure it is of all that it says."""

    @property
    def confidence(self) -> float:
        """That, 0..1."""


# A protocol -> what predictions without it lack.
_LACKING: dict[type, str] = {
    Thresholded: "have no confidence that could be compared",
    Drawable: "cannot be drawn on an image",
    Tabular: "are no rows of a table",
    WithFiles: "have no files of their own",
    ForSupervision: "are nothing that supervision has a type for",
    Naming: "name no classes",
    Placing: "say nothing about places",
    Confident: "do not say how sure they are",
}


def require(result: type[Result], capability: type, what: str, kind: str, fix: str = "leave it out") -> None:
    """Raise `UserError` where results of the type `result` lack `capability`, one of the protocols here.

    `what` is what the user asked for, `kind` what the predictions are of (a task's name), `fix` what to do instead.

    >>> from convsight.results import Label
    >>> require(Label, WithFiles, "--files", "classification")
    Traceback (most recent call last):
    convsight.errors.UserError: --files: predictions of classification have no files of their own; leave it out
    """
    if not issubclass(result, capability):
        raise lacking(capability, what, kind, fix)


def lacking(capability: type, what: str, kind: str, fix: str) -> UserError:
    """The error of `require`, for those who hold a result."""
    return UserError(f"{what}: predictions of {kind} {_LACKING[capability]}; {fix}")
