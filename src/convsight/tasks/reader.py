"""The light half of a kind of question: network arrays to a result, results to numbers. No PyTorch."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self, final, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset
from convsight.errors import UserError
from convsight.inputs import is_shown
from convsight.metrics import Described, Measured, Metric
from convsight.metrics.paired import Comparison
from convsight.metrics.sweep import Sweep
from convsight.results import Drawable, Result, Tabular, WithFiles, require
from convsight.results.capabilities import lacking

if TYPE_CHECKING:
    from convsight.card import Card


class Metrics(ABC):
    """What a kind of question measures: fed one (target, result) after the other, then computed."""

    # The first decides which epoch is best, the next break ties.
    selection: ClassVar[tuple[str, ...]]
    # Those that a training draws over its epochs.
    drawn: ClassVar[tuple[str, ...]]

    @abstractmethod
    def update(self, target: Result, result: Result) -> None:
        """Take in one image."""

    @abstractmethod
    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        """All metrics by name (`accuracy`, `recall/cat`), with bootstrap intervals if asked."""

    @abstractmethod
    def described(self) -> Described:
        """What each metric is, by name; `recall` speaks for `recall/cat` as well."""

    @final
    @property
    def selected_by(self) -> tuple[Metric, ...]:
        """The metrics of `selection`."""
        described = self.described()
        return tuple(described[name] for name in self.selection)


@runtime_checkable
class Calibrating(Protocol):
    """Metrics that know how predictions should be corrected."""

    def calibration(self) -> dict[str, float]:
        """What the judged examples say about how predictions should be corrected: `Card.calibration`."""

    def calibrated(self, calibration: Mapping[str, float]) -> Metrics:
        """The same examples, judged by predictions corrected so; those here must be uncorrected."""


@runtime_checkable
class Remarking(Protocol):
    """Metrics that know what a reader of their numbers should be told."""

    def remarks(self) -> list[str]:
        """A line each: which classes nothing judges, what a rule made of what cannot be measured."""


class Confusions(NamedTuple):
    """How often each of `rows`, the truth, was taken for each of `columns`: `counts` (rows, columns) of `what`.

    `figure` is the stem of the task's figure that shows the same.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]
    what: str
    figure: str


@runtime_checkable
class Confusing(Protocol):
    """Metrics that know what was taken for what."""

    def confusions(self) -> Confusions:
        """That of all judged examples."""


def confusions_of(found: Metrics) -> Confusions | None:
    """What was taken for what; None where the task has no such table."""
    return found.confusions() if isinstance(found, Confusing) else None


@runtime_checkable
class Comparing(Protocol):
    """Metrics that know whether two networks differ by more than chance on the same examples."""

    def compared(self, other: Self) -> Comparison:
        """How much better those here are than `other`, of the same examples in the same order."""


def compared(found: Metrics, other: Metrics) -> Comparison | None:
    """How much better `found` is than `other`, of the same examples in order; None where the task has no test."""
    if type(found) is not type(other) or not isinstance(found, Comparing):
        return None
    same_type: Any = other  # which a type checker cannot know
    return found.compared(same_type)


@runtime_checkable
class Sweeping(Protocol):
    """Metrics of results that are `Thresholded`, which know how good these are at any threshold."""

    def swept(self, thresholds: NDArray[np.floating[Any]]) -> dict[str, Sweep]:
        """Precision and recall of what `at_least` leaves at each: of all together (the name ""), and of each class."""


def remarks_of(found: Metrics) -> list[str]:
    """What a reader of the numbers should be told; empty where there is nothing."""
    return found.remarks() if isinstance(found, Remarking) else []


def calibrated_by(found: Metrics) -> tuple[Metrics, dict[str, float]]:
    """The same examples judged by corrected predictions, and the correction; empty where the task knows none."""
    if not isinstance(found, Calibrating):
        return found, {}
    calibration = found.calibration()
    return found.calibrated(calibration), calibration


class Reader(ABC):
    """What follows the network, shared by every engine that can run it."""

    # What `read` returns: a verb that needs one of `convsight.results.capabilities` asks it before it reads anything.
    result: ClassVar[type[Result]]
    # What is true of an example is one of these; of the type `result` where none are named.
    targets: ClassVar[tuple[type[Result], ...]] = ()
    # Whether results bring files of their own, where their type can.
    brings_files: ClassVar[bool] = True
    # What the Hugging Face hub calls the kind of question.
    pipeline_tag: ClassVar[str]
    # Lines of Python that print the prediction with NumPy alone, from `arrays` (name -> array, first axis the batch)
    # and `classes`: for those who run an exported graph without convsight.
    plain_python: str
    # How many numbers there are in its arrays to each position of the input: a probability of each class of a pixel.
    numbers_a_position: int = 0

    def __init__(self, card: "Card") -> None:
        self.card = card
        self.classes = card.target.names

    @abstractmethod
    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Result:
        """The prediction for one example from its arrays, batch axis removed; `size` are the sides of its original."""

    @abstractmethod
    def metrics(self) -> Metrics:
        """A fresh, empty set of metrics."""


@runtime_checkable
class Blendable(Protocol):
    """What a reader has besides where a picture may be answered in overlapping tiles, whose values are averaged."""

    # The network's array (values, height, width) with a value for every pixel.
    blended: ClassVar[str]

    def strip(self, values: NDArray[Any]) -> Result:
        """The result of some rows of a picture, whose blended values (values, rows, width) are given."""

    def joined(self, strips: Sequence[Any]) -> Result:
        """The result of a picture from those of its strips, from the top down."""


@runtime_checkable
class ShareOfEach(Protocol):
    """What a reader has besides where its answer is a share of each class, so that a page can read it by itself."""

    # The array (classes,) with these shares, each in 0..1.
    shares: ClassVar[str]


def share_of_each(reader: Reader, what: str) -> str:
    """The name of the array with a share of each class; raises `UserError`, by `what`, where answers are others."""
    if not isinstance(reader, ShareOfEach):
        raise UserError(f"{what}: it is of networks that answer with a share of each class, not of {reader.card.task}")
    return reader.shares


def blendable(reader: Reader) -> Blendable:
    """`reader`, which must be `Blendable`; raises `UserError` where answers of tiles make no whole."""
    if not isinstance(reader, Blendable):
        raise UserError(f"answers of {reader.card.task} in tiles make no answer about the whole")
    return reader


@runtime_checkable
class TabularReader(Protocol):
    """What a reader has besides where its results are `Tabular`."""

    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `Tabular.to_rows`."""


def columns_of(reader: Reader, what: str, fix: str = "leave it out") -> tuple[str, ...]:
    """The columns of a table of the results, those of numbers with their units: `height (m)`.

    Raises `UserError` where they are no rows; `what` is what was asked for.
    """
    require(reader.result, Tabular, what, reader.card.task, fix)
    if not isinstance(reader, TabularReader):
        raise TypeError(f"{type(reader).__name__} reads rows of a table, and must name their columns()")
    target = reader.card.target
    labels = dict(zip(target.names, target.labels, strict=True))
    return tuple(labels.get(column, column) for column in reader.columns())


def check_targets(kind: type[Reader], dataset: Dataset) -> None:
    """Raise `UserError` where the targets of `dataset`, which says its task, are none that the task's reader takes."""
    wanted = kind.targets or (kind.result,)
    for split in dataset.splits.values():
        found = split.targets[0]
        if not isinstance(found, wanted):
            types = " or ".join(each.__name__ for each in wanted)
            raise UserError(
                f"{dataset.source} is for {dataset.task}, which takes targets of the type {types}, but those of "
                f"{split.name} are of the type {type(found).__name__}; give the task or the targets that were meant"
            )


def require_files(reader: Reader, what: str) -> None:
    """Raise `UserError` where results bring no files of their own; `what` is what the user asked for."""
    require(reader.result, WithFiles, what, reader.card.task)
    if not reader.brings_files:
        raise lacking(WithFiles, what, reader.card.task, "leave it out")


def can_draw(reader: Reader) -> bool:
    """Whether results can be drawn: they know how, and what they are about is an image that can be shown."""
    return issubclass(reader.result, Drawable) and is_shown(reader.card.input)


def require_drawing(reader: Reader, what: str, fix: str = "leave it out") -> None:
    """Raise `UserError` where results cannot be drawn; `what` is what the user asked for, `fix` what to do instead."""
    require(reader.result, Drawable, what, reader.card.task, fix)
    if not can_draw(reader):
        raise UserError(f"{what}: {reader.card.input.summary} cannot be shown, so nothing is drawn on them; {fix}")
