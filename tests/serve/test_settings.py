from pathlib import Path

import pytest

from convsight.errors import UserError
from convsight.serve.served_models import load_models, named
from convsight.serve.settings import ServeSettings, read_token


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"host": "::"}, "--token-file"),
        ({"host": "some.name"}, "CONVSIGHT_TOKEN"),
        ({"port": 70_000}, "--port 70000"),
        ({"queue": 10}, "--max-pictures 64"),
        ({"max_body_mb": 300}, "--max-waiting-mb"),
        ({"timeout": 0}, "--timeout 0"),
        ({"max_megapixels": -1}, "--max-megapixels -1"),
    ],
)
def test_settings_that_cannot_be(values: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        ServeSettings.of(**values)


def test_hosts_that_only_this_machine_reaches_need_no_token() -> None:
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert ServeSettings.of(host=host).known_hosts is not None
    assert ServeSettings.of(host="::", token="a-token").known_hosts is None


def test_the_token_of_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONVSIGHT_TOKEN", raising=False)
    assert read_token(None) is None
    monkeypatch.setenv("CONVSIGHT_TOKEN", "from-outside")
    found = read_token(None)
    assert found is not None
    assert found.get_secret_value() == "from-outside"
    assert "from-outside" not in repr(ServeSettings.of(token=found))
    (tmp_path / "token").write_text(" in-a-file\n")
    found = read_token(tmp_path / "token")
    assert found is not None
    assert found.get_secret_value() == "in-a-file"


@pytest.mark.parametrize("content", ["", "\n", "two words", "h\u00e4sslich"])
def test_a_token_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="openssl"):
        read_token(tmp_path / "token")
    with pytest.raises(UserError, match="cannot read"):
        read_token(tmp_path / "missing")


def test_names_of_models(trained: Path, tmp_path: Path) -> None:
    assert named(str(trained))[0] == "digits"
    assert named(str(trained / "model.safetensors"))[0] == "digits"
    assert named(f"mine={trained}") == ("mine", str(trained))
    (tmp_path / "a=b.safetensors").write_bytes((trained / "model.safetensors").read_bytes())
    assert named(str(tmp_path / "a=b.safetensors"))[0] == "a=b"
    for wrong in (f"a/b={trained}", f"={trained}", "name=", "a\nb=x"):
        with pytest.raises(UserError, match="NAME=PATH"):
            named(wrong)
    with pytest.raises(UserError, match="NAME="):
        load_models([str(trained), str(trained)])
    with pytest.raises(UserError, match="nowhere"):
        load_models(["nowhere"])
