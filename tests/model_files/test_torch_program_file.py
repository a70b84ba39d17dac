"""Cards in PyTorch programs, and what is wrong with these; nothing in them is ever carried out."""

import zipfile
from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.model_files import read_card, torch_program_file

CARD = (
    '{"task":"classification","net":"small","classes":["a","b"],'
    '"input":{"kind":"image","height":4,"width":4,"mean":[0,0,0],"std":[1,1,1]}}'
)


def write(folder: Path, records: dict[str, str], compression: int = zipfile.ZIP_STORED) -> Path:
    file = folder / "model.pt2"
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, text in records.items():
            archive.writestr(name, text)
    return file


def test_a_card_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, {"any/models/model.json": "{}", "any/extra/convsight": CARD})
    assert read_card(file).classes == ("a", "b")


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ({"a/models/model.json": "{}"}, "a PyTorch program without a convsight card; it was not made by convsight"),
        ({"a/data.pkl": "x", "a/version": "3"}, "without a convsight card"),
        ({"extra/convsight": CARD}, "without a convsight card"),
        ({"a/b/extra/convsight": CARD}, "without a convsight card"),
        ({"a/extra/convsight": CARD, "b/extra/convsight": CARD}, "cut short or damaged"),
        ({"a/extra/convsight": "{}"}, "not valid at"),
        ({"a/extra/convsight": "\udc80"}, "cut short or damaged"),
    ],
)
def test_what_is_no_card_is_said(tmp_path: Path, records: dict[str, str], message: str) -> None:
    file = tmp_path / "model.pt2"
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in records.items():
            archive.writestr(name, text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=message):
        read_card(file)


def test_what_is_damaged_is_said(tmp_path: Path) -> None:
    whole = write(tmp_path, {"a/extra/convsight": CARD}).read_bytes()
    for content in (b"", b"no zip", whole[:-30], whole.replace(b'"net"', b'"bad"')):
        (tmp_path / "model.pt2").write_bytes(content)
        with pytest.raises(UserError, match=r"model\.pt2 is not a PyTorch program, or is cut short or damaged"):
            read_card(tmp_path / "model.pt2")
    with pytest.raises(UserError, match="No such file"):
        read_card(tmp_path / "none.pt2")


def test_a_card_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    """A megabyte of zip can hold a gigabyte of zeros."""
    file = write(tmp_path, {"a/extra/convsight": "0" * 10_000_000}, zipfile.ZIP_DEFLATED)
    with pytest.raises(UserError, match="is compressed, which no PyTorch program is"):
        read_card(file)


def test_whatever_byte_is_wrong_there_is_a_card_or_a_message(tmp_path: Path) -> None:
    whole = write(tmp_path, {"a/extra/convsight": CARD, "a/models/model.json": "{}"}).read_bytes()
    refused = 0
    for position in range(len(whole)):
        for value in (0, 1, 0x7F, 0xFF):
            (tmp_path / "model.pt2").write_bytes(whole[:position] + bytes([value]) + whole[position + 1 :])
            try:
                read_card(tmp_path / "model.pt2")
            except UserError:
                refused += 1
    assert refused > len(whole)


def test_only_what_is_looked_for_is_read(tmp_path: Path) -> None:
    file = tmp_path / "model.pt2"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/models/model.json", "{}" * 1000, zipfile.ZIP_DEFLATED)
        archive.writestr("a/extra/convsight", CARD, zipfile.ZIP_STORED)
    assert read_card(file).classes == ("a", "b")


def test_a_card_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, {"a/extra/convsight": CARD})
    monkeypatch.setattr(torch_program_file, "_LARGEST_CARD", len(CARD))
    read_card(file)
    monkeypatch.setattr(torch_program_file, "_LARGEST_CARD", len(CARD) - 1)
    with pytest.raises(UserError, match="cut short or damaged"):
        read_card(file)
