"""Tables that fit the terminal."""

import re

import pytest
from tests.command import within

WIDTHS = [40, 60, 80, 120, 200]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["describe", "lecture1", "--input", "28x28x1"], ["conv1", "26 x 26 x 16", "12,832", "51,722"]),
        (["describe", "resnet18"], ["layer4.0.downsample.0", "7 x 7 x 512", "11,689,512"]),
        (["describe", "--compare", "alexnet", "vgg16"], ["alexnet", "61,100,840"]),
        (["nets", "resnet1"], ["resnet101", "44.5 M"]),
    ],
)
def test_no_cell_is_cut_at_any_width(
    arguments: list[str], needed: list[str], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    told = within(*arguments).stdout
    assert max(map(len, told.splitlines())) <= width
    assert "…" not in told
    for part in needed:
        assert part in told


def test_a_wide_terminal_has_the_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = within("describe", "lecture1", "--input", "28x28x1").stdout
    assert re.search(r"28 - 3 \+ 1 = 26 .* \(3\*3\*1 \+ 1\)\*16", told)
    assert "receptive field" in told
    monkeypatch.setenv("COLUMNS", "120")
    narrower = within("describe", "lecture1", "--input", "28x28x1").stdout
    assert "receptive field" in narrower
    assert "28 - 3" not in narrower
