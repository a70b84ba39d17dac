"""What the columns of a table of images say of each: its class, or any number of labels."""

from collections.abc import Callable, Collection, Hashable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, final

import numpy as np

from convsight.errors import UserError
from convsight.memory import check_memory
from convsight.natural_order import natural_order
from convsight.results import Labels, LabelSets
from convsight.targets import Classes, SeveralLabels, Targets, TargetSpec
from convsight.words import counted, first_few, quoted

_MOST_LABELS = 10_000  # more are texts


class TableRow(NamedTuple):
    """Where a message finds a row (`line 3`), and its fields."""

    place: str
    fields: Sequence[str]


class TableAnswers(Protocol):
    """What is read from a table: of each row one value, equal where the rows say the same."""

    @property
    def task(self) -> str:
        """The kind of question that it answers."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user."""
        ...

    def read(self, row: TableRow) -> Hashable:
        """What the row says; raises `UserError` naming its place where that is nothing."""
        ...

    def words(self, answer: Any) -> str:
        """An answer in a message."""
        ...

    def target(self, answers: Collection[Any]) -> TargetSpec:
        """What is asked for, from all answers that there are."""
        ...

    def targets(self, answers: Sequence[Any], target: TargetSpec) -> Targets:
        """The answers of some images, as `target` counts them."""
        ...


@final
class ClassAnswers:
    """One class a row, which `class_of` tells; it raises `UserError` where there is none."""

    task = "classification"

    def __init__(self, class_of: Callable[[TableRow], str], notes: Sequence[str] = ()) -> None:
        self._class_of = class_of
        self.notes = tuple(notes)

    def read(self, row: TableRow) -> str:
        return self._class_of(row)

    def words(self, answer: str) -> str:
        return quoted(answer)

    def target(self, answers: Collection[str]) -> Classes:
        return Classes(names=natural_order(set(answers)))

    def targets(self, answers: Sequence[str], target: TargetSpec) -> Labels:
        index = {label: position for position, label in enumerate(target.names)}
        return Labels(np.array([index[answer] for answer in answers]), target.names)


@final
class LabelAnswers:
    """Any number of labels a row, which `labels_of` tells in an order of theirs; where the table lists all, `names`."""

    task = "multilabel"

    def __init__(
        self,
        table: Path,
        labels_of: Callable[[TableRow], tuple[str, ...]],
        names: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self._table = table
        self._labels_of = labels_of
        self._names = names
        self.notes = tuple(notes)

    def read(self, row: TableRow) -> tuple[str, ...]:
        return self._labels_of(row)

    def words(self, answer: tuple[str, ...]) -> str:
        return quoted("; ".join(answer))

    def target(self, answers: Collection[tuple[str, ...]]) -> SeveralLabels:
        names = tuple(self._names) or natural_order({name for answer in set(answers) for name in answer})
        if not names:
            raise UserError(
                f"{self._table}: none of {counted(len(answers), 'image')} has a label; give those that the images show"
            )
        if len(names) > _MOST_LABELS:
            some = first_few([quoted(name) for name in names], most=2)
            raise UserError(
                f"{self._table}: {len(names):,} different labels, such as {some}; at most {_MOST_LABELS:,} are taken: "
                "are these texts rather than labels?"
            )
        check_memory(self._table, len(names) * len(answers))
        return SeveralLabels(names=names)

    def targets(self, answers: Sequence[tuple[str, ...]], target: TargetSpec) -> LabelSets:
        return LabelSets.of(answers, target.names)
