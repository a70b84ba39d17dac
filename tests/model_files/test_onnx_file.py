"""Cards in ONNX files, against the onnx library, and damaged files."""

from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convsight.card import METADATA_KEY
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.model_files.onnx_file import onnx_card_text
from convsight.run import Run


def test_the_card_is_what_the_onnx_library_reads(exported_run: Run) -> None:
    model = onnx.load(exported_run.exported_file)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert onnx_card_text(exported_run.exported_file) == properties[METADATA_KEY]
    card = read_card(exported_run.exported_file)
    assert card.source() == exported_run.card
    assert len(card.proofs) >= 3


def test_a_foreign_onnx_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "other.onnx"
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [])), file)
    with pytest.raises(UserError, match="without a convsight card"):
        read_card(file)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_file_cut_short_is_refused(exported_run: Run, tmp_path: Path, share: float) -> None:
    content = exported_run.exported_file.read_bytes()
    file = tmp_path / "model.onnx"
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=r"model\.onnx"):
        read_card(file)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_user_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.onnx"
    file.write_bytes(content)
    with pytest.raises(UserError):
        read_card(file)


@pytest.mark.parametrize("size", [b"\xff" * 9 + b"\x01", b"\x80\x80\x80\x80\x80\x80\x08"])
def test_a_length_beyond_the_entry_is_damage(tmp_path: Path, size: bytes) -> None:
    file = tmp_path / "m.onnx"
    entry = b"\x0a" + size + b"x"
    file.write_bytes(bytes([14 << 3 | 2, len(entry)]) + entry)
    with pytest.raises(UserError, match="damaged"):
        read_card(file)


CARD = '{"task": "any"}'


def entry(key: str, value: str) -> bytes:
    """An entry of the metadata, field 14: a message of two texts."""
    inner = b"".join(bytes([field << 3 | 2, len(text)]) + text.encode() for field, text in ((1, key), (2, value)))
    return bytes([14 << 3 | 2, len(inner)]) + inner


@pytest.mark.parametrize(
    "other",
    [
        bytes([1 << 3 | 0, 0x96, 0x01]),  # a number
        bytes([15 << 3 | 1]) + bytes(range(8)),  # eight bytes
        bytes([15 << 3 | 5]) + bytes(range(4)),  # four bytes
        bytes([7 << 3 | 2, 5]) + b"graph",
        entry("other", "value"),
    ],
)
def test_fields_of_every_kind_are_stepped_over(tmp_path: Path, other: bytes) -> None:
    file = tmp_path / "m.onnx"
    for content in (other + entry(METADATA_KEY, CARD), entry(METADATA_KEY, CARD) + other):
        file.write_bytes(content)
        assert onnx_card_text(file) == CARD


@pytest.mark.parametrize(
    "content",
    [
        bytes([7 << 3 | 2, 6]) + b"graph",  # one byte fewer than it says
        bytes([15 << 3 | 3]),  # a kind that is no longer used
        bytes([1 << 3 | 0, 0x96]),  # a number that goes on
        bytes([14 << 3 | 2, 2, 3 << 3 | 2, 0]),  # a third text in an entry
        bytes([14 << 3 | 2, 2, 1 << 3 | 0, 0]),  # a number instead of a text
    ],
)
def test_what_is_no_message_is_damage(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(entry(METADATA_KEY, CARD) + content)
    with pytest.raises(UserError, match="cut short or damaged"):
        onnx_card_text(file)
