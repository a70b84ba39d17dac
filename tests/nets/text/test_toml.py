"""Networks in TOML files."""

from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.nets.text.source import canonical, is_net_text, net_of, title_of
from convsight.nets.text.toml import read_toml

_LAYERS = 'layers = ["conv 16 3x3 relu", "flatten | dense classes"]\n'


def _file(folder: Path, content: str) -> Path:
    path = folder / "mynet.toml"
    path.write_text(content)
    return path


def test_all_keys(tmp_path: Path) -> None:
    path = _file(tmp_path, 'name = "mine"\ninput = "28x28x1"\ninit = "he"\n' + _LAYERS)
    text = "input 28x28x1 | init he | conv 16 3x3 relu | flatten | dense classes"
    assert read_toml(path) == ("mine", text)
    assert canonical(str(path)) == text
    assert title_of(str(path)) == "mine"
    assert is_net_text(str(path))


def test_layers_alone(tmp_path: Path) -> None:
    path = _file(tmp_path, _LAYERS)
    assert read_toml(path) == ("mynet", "conv 16 3x3 relu | flatten | dense classes")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("layer = []", "unknown key 'layer'; did you mean layers?"),
        ("", 'layers must be a list of texts, such as layers = ["conv 16 3x3 relu", "maxpool 2"]'),
        ("layers = []", "layers must be a list of texts"),
        ('layers = "conv 8 3"', "layers must be a list of texts"),
        ("layers = [3]", "layers must be a list of texts"),
        ("init = 3\n" + _LAYERS, "init must be a text in quotes, not 3"),
        ("name = true\n" + _LAYERS, "name must be a text in quotes, not True"),
        ("layers = [", "is no TOML file"),
        ("a" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: str, message: str) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(UserError) as found:
        read_toml(path)
    assert str(found.value).startswith(str(path))
    assert message in str(found.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mynet.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is no TOML file"):
        read_toml(path)


def test_a_missing_file() -> None:
    with pytest.raises(UserError, match=r"cannot read .*nowhere\.toml: No such file"):
        net_of("nowhere.toml")


def test_a_mistake_in_a_layer_names_the_file(tmp_path: Path) -> None:
    path = _file(tmp_path, 'layers = ["conv 8 3", "maxpol 2"]')
    with pytest.raises(UserError) as found:
        net_of(str(path))
    first, shown, carets = str(found.value).split("\n")
    assert first.startswith(f"{path}: unknown layer 'maxpol'")
    assert shown[carets.index("^") :] == "maxpol 2"
