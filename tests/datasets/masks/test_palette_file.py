from collections.abc import Callable
from pathlib import Path

import pytest

from convsight.datasets.masks.palette_file import PaletteEntry, find_palette, read_palette
from convsight.errors import UserError

Text = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("name", "content", "entries"),
    [
        ("classes.txt", "sky\nroad 1\n\nbus stop\n", [("sky",), ("road 1",), ("bus stop",)]),
        ("classes.txt", "0 sky\n7: road\n", [("sky", 0), ("road", 7)]),
        ("classes.txt", "area 51\narea 52\n", [("area 51",), ("area 52",)]),
        (
            "label_colors.txt",
            "1 2 3 sky\n4, 5, 6, big road\n",
            [("sky", None, (1, 2, 3)), ("big road", None, (4, 5, 6))],
        ),
        ("label_colors.txt", "sky 1 2 3\n", [("sky", None, (1, 2, 3))]),
        ("label_colors.txt", "9 1 2 3 sky\n", [("sky", 9, (1, 2, 3))]),
        ("a.csv", "Label,Hex\nsky,#0102ff\n", [("sky", None, (1, 2, 255))]),
        ("a.csv", "sky\nroad\n", [("sky",), ("road",)]),
        ("a.json", '["sky", "road"]', [("sky",), ("road",)]),
        ("a.json", '{"0": "sky", "3": "road"}', [("sky", 0), ("road", 3)]),
        ("a.json", '{"sky": 4}', [("sky", 4)]),
        (
            "a.json",
            '{"labels": [{"name": "x", "color": [1, 2, 3], "evaluate": false}]}',
            [("x", None, (1, 2, 3), True)],
        ),
    ],
)
def test_what_is_read(text: Text, name: str, content: str, entries: list[tuple[object, ...]]) -> None:
    assert list(read_palette(text(name, content)).entries) == [PaletteEntry(*each) for each in entries]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "name,r,g,b\nsky,1,2,300\n", "line 2: the colour is .*; expected 0 to 255"),
        ("a.csv", "name,r,g,b\nsky,1,2,x\n", "line 2: the colour is .*; expected red, green and blue"),
        ("a.csv", "name,id\nsky,-1\n", "line 2: '-1' is no number of a class"),
        ("a.csv", "name,id\nsky,1\nroad,1\n", "the number 1 is there twice"),
        ("a.csv", "name,r,g,b\nsky,1,2,3\nroad,1,2,3\n", "the colour .1, 2, 3. is there twice"),
        ("a.csv", "name,id\nsky,1\nroad,\n", "'road' has no number, as others have"),
        ("classes.txt", "sky\nsky\n", "the name 'sky' is there twice"),
        ("a.json", '{"classes": 7}', "names no classes"),
        ("a.json", "[7]", "class 0 is 7; expected a name"),
        ("a.json", '[{"name": ""}]', "class 0: the name is ''"),
        ("a.json", "{", "damaged JSON"),
    ],
)
def test_what_is_refused(text: Text, name: str, content: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_palette(text(name, content))


def test_the_first_file_counts_with_the_options_of_another(text: Text, tmp_path: Path) -> None:
    assert find_palette([tmp_path]) is None
    text("masks/classes.txt", "a\n")
    text("classes.txt", "b\nc\n")
    text("masks.json", '{"nearest": true, "ignore": [7, 8]}')
    found = find_palette([tmp_path, tmp_path / "masks"])
    assert found is not None
    assert [each.name for each in found.entries] == ["b", "c"]
    assert (found.nearest, found.ignored) == (True, frozenset({7, 8}))
    only = find_palette([tmp_path / "masks"])
    assert only is not None
    assert (only.nearest, [each.name for each in only.entries]) == (False, ["a"])
