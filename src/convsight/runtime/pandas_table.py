"""Predictions for many images as one table of pandas."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from convsight.extras import extra
from convsight.runtime.prediction import Prediction, table_rows

if TYPE_CHECKING:
    import pandas as pd


def to_pandas(predictions: Iterable[Prediction], columns: Sequence[str]) -> "pd.DataFrame":
    """A table with the columns file, `columns` and error: what `convsight predict --format csv` prints.

    `columns` are those of the model: `to_pandas(model.predict_many(items), model.columns())`. An image has as many
    rows as its result; one that could not be predicted has one, with the reason as its error and nothing else. Text is
    of pandas' type string, numbers are float64. Raises `UserError` where pandas is not installed, and where results
    are no rows of a table.

    >>> table = to_pandas([Prediction("cat.jpg", error="cat.jpg is empty")], ("label", "probability"))
    >>> table.columns.tolist(), table["error"].tolist()
    (['file', 'label', 'probability', 'error'], ['cat.jpg is empty'])
    """
    pandas = extra("pandas", "pandas")
    names = ("file", *columns, "error")
    rows = [row for prediction in predictions for row in table_rows(prediction, tuple(columns))]
    text = {0, len(names) - 1} | {place for row in rows for place, value in enumerate(row) if isinstance(value, str)}
    series = {
        place: pandas.Series([row[place] for row in rows], dtype="string" if place in text else "float64")
        for place in range(len(names))
    }
    # Numbered until here: a class may be called "label" or "file", as a column already is.
    table: pd.DataFrame = pandas.DataFrame(series)
    table.columns = pandas.Index(names)
    return table
