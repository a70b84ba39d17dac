"""Answers of other tools: what the light half of a task has besides, where it can judge them without any model."""

from typing import Any, Protocol, runtime_checkable

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.errors import UserError
from convsight.tasks import TASKS, reader_type
from convsight.tasks.reader import Metrics


@runtime_checkable
class Answered(Protocol):
    """A reader whose task judges answers that another tool made."""

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        """The answers in a file or folder; raises `UserError` naming what in it cannot be used."""

    @classmethod
    def judging(cls, given: GivenAnswers) -> Metrics:
        """A fresh, empty set of metrics for the targets of the data that the answers are about."""


def answered_by(task: str, source: str) -> Any:
    """The light half of the task called `task`, which is `Answered`; raises `UserError` where it judges no answers."""
    kind = reader_type(task)
    if not isinstance(kind, Answered):
        judging = [name for name in TASKS if isinstance(reader_type(name), Answered)]
        raise UserError(
            f"{source} holds targets of {task}, for which answers of other tools are not judged; they are for "
            f"{', '.join(judging)}"
        )
    return kind
