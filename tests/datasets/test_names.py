from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.datasets.names import (
    class_name,
    data_name,
    split_called,
    storable,
)


@pytest.mark.parametrize(
    ("text", "split"),
    [("Train", "train"), ("training", "train"), ("valid", "val"), (" VALIDATION ", "val"), ("testing", "test")],
)
def test_default_spellings_of_splits(text: str, split: str) -> None:
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
