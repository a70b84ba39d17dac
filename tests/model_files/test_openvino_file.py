"""Cards in OpenVINO files, and what is wrong with them."""

from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.model_files import read_card

CARD = (
    '{"task":"classification","net":"small","classes":["a","b"],'
    '"input":{"kind":"image","height":4,"width":4,"mean":[0,0,0],"std":[1,1,1]}}'
)


def write(folder: Path, text: str, weights: bool = True) -> Path:
    file = folder / "model.xml"
    file.write_text(text)
    if weights:
        file.with_suffix(".bin").write_bytes(b"")
    return file


def xml(card: str) -> str:
    quoted = card.replace('"', "&quot;")
    return f'<?xml version="1.0"?><net name="n"><rt_info><convsight value="{quoted}"/></rt_info></net>'


def test_a_card_is_read(tmp_path: Path) -> None:
    assert read_card(write(tmp_path, xml(CARD))).classes == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<net/>", "without a convsight card"),
        ("<net>", "not an OpenVINO file"),
        ('<!DOCTYPE net [<!ENTITY a "aaaa">]><net>&a;</net>', "entities"),
        (xml("{}"), "not valid at"),
        ("", "not an OpenVINO file"),
    ],
)
def test_what_is_no_card_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_card(write(tmp_path, text))


def test_weights_left_behind_are_missed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.bin beside it"):
        read_card(write(tmp_path, xml(CARD), weights=False))
