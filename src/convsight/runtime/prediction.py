"""`Prediction`: what became of one image, and how it is written for programs."""

from dataclasses import dataclass
from typing import Any

from convsight.images import Source
from convsight.printing import json_document
from convsight.results import Result, Tabular
from convsight.results.capabilities import lacking


@dataclass(frozen=True, slots=True)
class Prediction:
    """What became of one image: a result, or the reason why there is none.

    `image` is its content, where it was asked to be kept. `remark` says what is wrong with an image that could be read
    all the same; it is empty for most.
    """

    file: str
    result: Result | None = None
    error: str | None = None
    image: Source | None = None
    remark: str = ""


def json_text(prediction: Prediction) -> str:
    """One JSON document.

    >>> json_text(Prediction("cat.jpg", error="cat.jpg is empty"))
    '{"version": 1, "file": "cat.jpg", "error": "cat.jpg is empty"}'
    """
    # A result may be empty, and is one all the same: no boxes were found.
    document = prediction.result.to_json() if prediction.result is not None else {"error": prediction.error}
    remark = {"remark": prediction.remark} if prediction.remark else {}
    return json_document({"file": prediction.file, **document, **remark})


def table_rows(prediction: Prediction, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The rows of a table with the columns file, those of the result, and error; at least one row an image.

    Raises `UserError` where the result is no `Tabular`.

    >>> table_rows(Prediction("cat.jpg", error="cat.jpg is empty"), ("label", "probability"))
    [('cat.jpg', None, None, 'cat.jpg is empty')]
    """
    rows = _rows(prediction.result) if prediction.result is not None else []
    return [(prediction.file, *row, prediction.error) for row in rows] or [
        (prediction.file, *[None] * len(columns), prediction.error)
    ]


def _rows(result: Result) -> list[tuple[str | float, ...]]:
    if not isinstance(result, Tabular):
        raise lacking(Tabular, "a table", f"the kind {type(result).__name__}", "take their to_json()")
    return result.to_rows()
