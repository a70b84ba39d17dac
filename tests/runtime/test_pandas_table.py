"""Predictions as a table of pandas."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import convsight
from convsight.errors import UserError
from convsight.results import Label
from convsight.run import Run
from convsight.runtime.pandas_table import to_pandas
from convsight.runtime.prediction import Prediction
from convsight.runtime.print_predictions import print_csv
from convsight.runtime.sources import read_sources

COLUMNS = ("label", "probability", "cat", "dog")


def test_rows_are_what_the_results_say(exported_run: Run, photos: Path) -> None:
    (photos / "bad.png").write_bytes(b"no image")
    model = convsight.load(exported_run.path)
    files = [photos / "dark" / "0.png", photos / "bad.png", photos / "bright" / "1.png"]
    table = to_pandas(model.predict_many(read_sources(files)), model.columns())
    assert table.columns.tolist() == ["file", *model.columns(), "error"]
    assert table["file"].tolist() == [str(file) for file in files]
    assert table["error"].isna().tolist() == [True, False, True]
    assert "bad.png" in table["error"][1]
    assert table.loc[1, ["label", "probability", "0"]].isna().all()
    expected = model.predict(files[2])
    assert isinstance(expected, Label)
    assert table["label"][2] == expected.name
    np.testing.assert_allclose(
        table.loc[2, list(model.card.target.names)].to_numpy(float), expected.probabilities, 1e-5
    )
    assert table["probability"].dtype == "float64"
    assert table["label"].dtype == "string"


def test_it_is_the_table_that_csv_holds(capsys: pytest.CaptureFixture[str]) -> None:
    predictions = [
        Prediction("a.png", Label(("cat", "dog"), np.array([0.25, 0.75]))),
        Prediction("b.png", error="b.png is empty"),
    ]
    print_csv(predictions, COLUMNS)
    printed = pd.read_csv(io.StringIO(capsys.readouterr().out))
    pd.testing.assert_frame_equal(to_pandas(predictions, COLUMNS), printed, check_dtype=False)


def test_types_do_not_depend_on_what_went_wrong() -> None:
    table = to_pandas([Prediction("b.png", error="b.png is empty")], COLUMNS)
    assert table["probability"].dtype == "float64"
    assert to_pandas([], COLUMNS).columns.tolist() == ["file", *COLUMNS, "error"]


def test_classes_may_be_called_like_columns() -> None:
    classes = ("file", "label")
    predictions = [Prediction("a.png", Label(classes, np.array([0.25, 0.75])))]
    table = to_pandas(predictions, ("label", "probability", *classes))
    assert table.iloc[0].tolist()[:5] == ["a.png", "label", 0.75, 0.25, 0.75]


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("convsight.extras.import_module", missing)
    with pytest.raises(UserError, match=r'pip install "\.\[pandas\]" in the clone of convsight'):
        to_pandas([], COLUMNS)
