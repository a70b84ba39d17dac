import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from convsight.card import METADATA_KEY, Card
from convsight.errors import UserError
from convsight.inputs import ImageInput
from convsight.metrics import Measured
from convsight.model_files import read_card
from convsight.targets import Classes

CARD = Card(
    task="classification",
    net="small",
    target=Classes(names=("cat", "dog")),
    input=ImageInput(height=28, width=28, mean=(0.1, 0.2, 0.3), std=(1, 1, 1)),
    metrics={"test/accuracy": Measured(0.9, 0.85, 0.94)},
)


def write(path: Path, text: str) -> Path:
    save_file({"weight": np.arange(12, dtype=np.float32)}, path, {METADATA_KEY: text})
    return path


def test_a_card_comes_back_as_it_was(tmp_path: Path) -> None:
    assert read_card(write(tmp_path / "m.safetensors", CARD.model_dump_json())) == CARD


def test_a_file_without_a_card(tmp_path: Path) -> None:
    save_file({"weight": np.zeros(3)}, tmp_path / "m.safetensors")
    with pytest.raises(UserError, match="not made by convsight"):
        read_card(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"target": {"kind": "classes", "names": []}}, "target.classes.names"),
        ({"target": {"kind": "guesses"}}, "target"),
        ({"format": 3}, "format"),
        ({"surprise": 1}, "surprise"),
        ({"net": None}, "net"),
    ],
)
def test_a_card_that_is_not_valid_says_where(tmp_path: Path, change: dict[str, object], named: str) -> None:
    text = json.dumps({**CARD.model_dump(mode="json"), **change})
    with pytest.raises(UserError, match=f"not valid at '{named}"):
        read_card(write(tmp_path / "m.safetensors", text))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.safetensors"):
        read_card(tmp_path / "nothing.safetensors")


@given(content=st.binary(max_size=300))
def test_any_bytes_give_a_user_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "m.safetensors"
    file.write_bytes(content)
    with pytest.raises(UserError):
        read_card(file)


@given(st.data())
def test_a_damaged_header_never_crashes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = write(tmp_path_factory.mktemp("torn") / "m.safetensors", CARD.model_dump_json())
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 50))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with contextlib.suppress(UserError):
        assert isinstance(read_card(file), Card)  # a changed letter in a name is still a card


@pytest.mark.parametrize(
    "header", [b"[" * 100_000, b'{"__metadata__":5}', b'{"a":{"data_offsets":["0","9"]}}', b'{"a":5}', b"[]"]
)
def test_headers_that_are_none(tmp_path: Path, header: bytes) -> None:
    file = tmp_path / "m.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(UserError, match=r"m\.safetensors"):
        read_card(file)


def test_a_header_whose_length_looks_like_a_pickle(tmp_path: Path) -> None:
    for spaces in range(0, 256, 8):  # one of them makes a length that begins with the byte 80
        card = CARD.model_copy(update={"training": {"note": "x" * spaces}})
        assert read_card(write(tmp_path / "m.safetensors", card.model_dump_json())) == card
