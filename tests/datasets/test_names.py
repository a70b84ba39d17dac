from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.datasets.names import (
    class_name,
    data_name,
    natural_key,
    natural_order,
    split_called,
    storable,
)
from convsight.words import first_few


def test_numbers_in_names_sort_by_value() -> None:
    assert natural_order(["class 10", "class 9", "Class 1"]) == ("Class 1", "class 9", "class 10")


@given(st.sets(st.integers(min_value=0)))
def test_plain_numbers_sort_as_numbers(numbers: set[int]) -> None:
    assert [int(name) for name in natural_order({str(number) for number in numbers})] == sorted(numbers)


@given(st.lists(st.text(), unique=True))
def test_the_order_of_any_names_is_total(names: list[str]) -> None:
    assert natural_order(names) == natural_order(names[::-1])


def test_a_run_of_digits_longer_than_python_parses_is_sorted() -> None:
    assert natural_order(["1" * 5000, "2"]) == ("2", "1" * 5000)
    assert natural_key("007")[0] == natural_key("7")[0]


@pytest.mark.parametrize(
    ("text", "split"),
    [("Train", "train"), ("training", "train"), ("valid", "val"), (" VALIDATION ", "val"), ("testing", "test")],
)
def test_usual_spellings_of_splits(text: str, split: str) -> None:
    assert split_called(text) == split


def test_other_words_are_no_split() -> None:
    assert split_called("trains") is None


def test_a_class_name_is_the_same_however_its_accent_is_stored() -> None:
    assert class_name(" Ka\u0308se ") == class_name("K\u00e4se") == "K\u00e4se"


def test_a_name_that_is_no_utf8_can_be_stored() -> None:
    assert storable("caf\udce9.jpg") == "caf\\udce9.jpg"


@given(st.text(st.characters()))
def test_any_name_can_be_stored(name: str) -> None:
    storable(name).encode()


def test_the_data_is_called_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "photos.v2"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert data_name(folder) == data_name(Path()) == "photos.v2"
    (folder / "table.csv").touch()
    assert data_name(folder / "table.csv") == "table"


def test_long_lists_are_cut() -> None:
    assert first_few(["a", "b"], most=2) == "a, b"
    assert first_few([str(n) for n in range(2000)], most=1) == "0 and 1,999 more"
