"""The page about a network, in a real browser: narrow and wide, light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.browser import Browser, browser
from tests.contrast import contrast

from convsight.describe.description import Description, describe_module
from convsight.describe.html_page import description_html
from convsight.describe.resolve import resolve_net
from convsight.describe.volume_drawing import volume_figures, volumes_svg


@pytest.fixture(scope="module")
def described() -> Description:
    subject = resolve_net("mobilenet_v3_small", None, None)  # long names, kernels of several kinds
    return describe_module(subject.model, subject.shape, subject.name)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def url(described: Description, tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("page") / "net.html"
    file.write_text(description_html(described), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("width", [390, 800, 1300, 1610])
def test_the_page_does_not_scroll_sideways(page: Browser, url: str, width: int) -> None:
    page.open(url, width)
    assert page.sideways() == 0
    # Nor does anything stand out of its cell, or out of the page in a frame that scrolls.
    cut = '[...document.querySelectorAll("body *")].filter((one) => one.scrollWidth > one.clientWidth + 1'
    assert page.run(f'{cut} && getComputedStyle(one).display === "block" && one.clientWidth > 1).length') == 0
    assert page.run(
        '[...document.querySelectorAll("svg")].every((one) => one.getBoundingClientRect().right <= innerWidth)'
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_contrast_in_light_and_dark(page: Browser, url: str, scheme: str) -> None:
    page.open(url, 1300, scheme)
    behind = page.run("getComputedStyle(document.body).backgroundColor")
    assert (contrast(behind, "#000000") < 2) == (scheme == "dark")
    for kind in ("h1", "td", "td small", ".legend", "dd", "svg text"):
        style = f'getComputedStyle(document.querySelector("{kind}"))'
        colour = page.run(f'{style}[document.querySelector("{kind}").closest("svg") ? "fill" : "color"]')
        assert contrast(colour, behind) >= 4.5, kind


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_colours_of_the_page_contrast(described: Description, scheme: int) -> None:
    """The same from the style sheet, where there is no browser."""
    sheet = re.findall(r":root \{[^}]*\}", description_html(described))[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", sheet))
    assert all(
        contrast(colours[name], colours[behind]) >= 4.5 for name in ("ink", "dim") for behind in ("page", "soft")
    )


def test_every_volume_is_a_drawing_with_words(described: Description) -> None:
    figures = volume_figures(described)
    drawings = [ElementTree.fromstring(volume) for volume in figures.volumes]
    assert drawings[0].get("aria-label") == "224 x 224 x 3, input"
    assert all(drawing.get("role") == "img" and float(drawing.get("width", 1000)) < 350 for drawing in drawings)
    assert len(drawings) == volumes_svg(described).count("<g>")
    assert "cells of a side" in figures.legend


def test_cells_bring_the_names_of_their_columns(described: Description) -> None:
    page = description_html(described)
    assert page.count('data-column="receptive field"') == 1 + len(described.layers)
