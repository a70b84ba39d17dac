"""What the shell offers next."""

import pytest
from tests.command import within


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("convsight tr", ["train", "track"]),
        ("convsight predict --form", ["--format"]),
        ("convsight train photos --opti", ["--optimizer"]),
        ("convsight train --optimizer ", ["muon", "adamw", "adam", "sgd", "rmsprop"]),
        ("convsight train photos --optimizer m", ["muon"]),
        ("convsight train --task detection --mos", ["--mosaic"]),
        ("convsight train photos --no-exp", ["--no-export"]),
    ],
)
def test_verbs_options_and_their_values(words: str, offered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_CONVSIGHT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    assert within().stdout.split() == offered
