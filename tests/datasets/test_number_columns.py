from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convsight.datasets.dataset import Dataset
from convsight.datasets.read import read_as_it_is, read_dataset
from convsight.errors import UserError
from convsight.tasks.adoption import data_for

COUNT = 24


def table(folder: Path, header: str, *rows: str, name: str = "numbers.csv") -> Path:
    for number in range(max(COUNT, len(rows))):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(folder / f"{number}.png")
    lines = [f"{number}.png,{row}" for number, row in enumerate(rows)]
    (folder / name).write_text("\n".join([f"image,{header}", *lines]))
    return folder / name


def values(dataset: Dataset) -> Any:
    return dataset.split("all").targets.values  # type: ignore[attr-defined]


def test_columns_with_units_are_what_is_predicted(tmp_path: Path) -> None:
    rows = [f"{n}.5,{n},{180 - n},x" for n in range(COUNT)]
    found = read_dataset(table(tmp_path, "age [years],frame,height [cm],who", *rows))
    assert (found.task, found.target.names, found.target.units) == ("regression", ("age", "height"), ("years", "cm"))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(values(found)[3], [3.5, 177])
    assert "what is predicted: age, height, which have units" in found.notes
    assert "2 other columns ignored" in found.notes


def test_without_units_all_columns_of_numbers_are(tmp_path: Path) -> None:
    rows = [f"{n},{n / 2},{n % 3},kitchen" for n in range(COUNT)]
    found = read_dataset(table(tmp_path, "Unnamed: 0,angle,throttle,room", *rows))
    assert (found.task, found.target.names) == ("regression", ("angle", "throttle"))


def test_a_label_with_decimals_is_a_number_and_the_task_decides_otherwise(tmp_path: Path) -> None:
    file = table(tmp_path, "label", *(f"{n % 4 / 2}" for n in range(COUNT)))
    found = read_dataset(file)
    assert (found.task, found.target.names) == ("regression", ("label",))
    assert any("--task classification" in note for note in found.notes)
    classes = data_for(file, "classification")
    assert (classes.task, classes.target.names) == ("classification", ("0", "0.5", "1", "1.5"))
    assert [classes.split("all").targets[n].name for n in range(5)] == ["0", "0.5", "1", "1.5", "0"]  # type: ignore[attr-defined]


def test_few_whole_numbers_are_classes_and_the_task_decides_otherwise(tmp_path: Path) -> None:
    file = table(tmp_path, "label", *(f"{n % 4}" for n in range(COUNT)))
    assert read_dataset(file).task == "classification"
    found = data_for(file, "regression")
    assert (found.task, found.target.names) == ("regression", ("label",))
    np.testing.assert_array_equal(values(found)[:5, 0], [0, 1, 2, 3, 0])


def test_whole_numbers_that_mostly_differ_are_numbers(tmp_path: Path) -> None:
    found = read_dataset(table(tmp_path, "target", *(f"{n * n}" for n in range(COUNT))))
    assert found.task == "regression"
    assert any("most of its values differ" in note for note in found.notes)


def test_classes_that_are_no_numbers_stay_classes(tmp_path: Path) -> None:
    file = table(tmp_path, "label", *("1.5" if n < 3 else "cat" for n in range(COUNT)))
    assert read_as_it_is(file).task == "classification"
    assert data_for(file, "regression").task == "classification"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'age' is empty; fill it in or remove the row"),
        ("nan", "'age' is 'nan', which is no finite number"),
        ("-inf", "'age' is '-inf', which is no finite number"),
        ("old", "'age' is 'old', which is no number"),
        ("3;5", "'age' is '3;5', which is no number"),
    ],
)
def test_what_is_no_number_is_told_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    rows = [f"{n}.5" for n in range(COUNT)]
    rows[4] = text
    with pytest.raises(UserError, match=rf"numbers\.csv, line 6: {words}"):
        read_dataset(table(tmp_path, "age [years]", *rows))


def test_decimal_commas_are_told(tmp_path: Path) -> None:
    file = table(tmp_path, "age", *(f'"{n},5"' for n in range(COUNT)))
    with pytest.raises(UserError, match=r"line 2: 'age' is '0,5'; write decimals with a point"):
        read_dataset(file)


def test_an_image_with_two_numbers_is_refused(tmp_path: Path) -> None:
    file = table(tmp_path, "age", *(f"{n}.5" for n in range(COUNT)))
    file.write_text(file.read_text() + "\n3.png,9.5")
    with pytest.raises(UserError, match=r"3\.png is labelled 9\.5 here but 3\.5 in line 5"):
        read_dataset(file)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    file = table(tmp_path, "age [years],age [months]", *(f"{n},{12 * n}" for n in range(COUNT)))
    with pytest.raises(UserError, match="two columns of numbers have one name"):
        read_dataset(file)


def test_parquet_holds_numbers_too(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    text = table(tmp_path, "label,split", *(f"{n / 4},train" for n in range(COUNT)))
    pandas.read_csv(text).to_parquet(tmp_path / "numbers.parquet")
    one, other = read_dataset(text), read_dataset(tmp_path / "numbers.parquet")
    assert one.task == other.task == "regression"
    assert one.split("train").targets.lines() == other.split("train").targets.lines()
