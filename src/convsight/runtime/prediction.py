"""`Answer`: what became of one picture, and how it is told to programs."""

from dataclasses import dataclass
from typing import Any

from convsight.images import Source
from convsight.printing import json_document
from convsight.results import Result, Tabular
from convsight.results.capabilities import lacking


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one picture: a result, or the reason why there is none.

    `picture` is its content, where it was asked to be kept.
    """

    file: str
    result: Result | None = None
    error: str | None = None
    picture: Source | None = None


def answer_line(answer: Answer) -> str:
    """One JSON document.

    >>> answer_line(Answer("cat.jpg", error="cat.jpg is empty"))
    '{"version": 1, "file": "cat.jpg", "error": "cat.jpg is empty"}'
    """
    # A result may be empty, and is one all the same: no boxes were found.
    told = answer.result.to_json() if answer.result is not None else {"error": answer.error}
    return json_document({"file": answer.file, **told})


def answer_rows(answer: Answer, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The rows of a table with the columns file, those of the result, and error; at least one row a picture.

    Raises `UserError` where the result is no `Tabular`.

    >>> answer_rows(Answer("cat.jpg", error="cat.jpg is empty"), ("label", "probability"))
    [('cat.jpg', None, None, 'cat.jpg is empty')]
    """
    rows = _rows(answer.result) if answer.result is not None else []
    return [(answer.file, *row, answer.error) for row in rows] or [(answer.file, *[None] * len(columns), answer.error)]


def _rows(result: Result) -> list[tuple[str | float, ...]]:
    if not isinstance(result, Tabular):
        raise lacking(Tabular, "a table", f"the kind {type(result).__name__}", "take their to_json()")
    return result.to_rows()
