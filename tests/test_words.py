"""What is left out of messages and figures."""

import shlex
import sys

import pytest

from convsight.words import first_few, shell_word, shortened, visible


def test_a_long_list_says_how_much_is_left_out() -> None:
    assert first_few(["a", "b"], most=2) == "a, b"
    assert first_few(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert first_few([str(n) for n in range(2000)], most=1) == "0 and 1,999 more"


@pytest.mark.parametrize(("most", "expected"), [(10, "rhinoceros"), (9, "rhinocer…"), (1, "…")])
def test_a_long_text_says_that_something_is_left_out(most: int, expected: str) -> None:
    assert shortened("rhinoceros", most) == expected


def test_text_that_can_be_printed_stays_as_it_is() -> None:
    assert visible("cat, é, 猫") == "cat, é, 猫"


def test_a_word_of_a_command_is_read_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for text in ("runs", "my runs", "it's", "a&b", ""):
        assert shlex.split(shell_word(text)) == [text]


def test_on_windows_it_has_quotes_that_its_shell_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert shell_word(r"C:\runs\one") == r"C:\runs\one"
    assert shell_word(r"C:\my runs") == r'"C:\my runs"'
    assert shell_word("R&D") == '"R&D"'
    assert shell_word("R & D") == '"R & D"'
    assert shell_word("it's") == "it's"
