"""The page about what a network looks at: small, readable anywhere, and safe from names that hold markup."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.browser import Browser, browser
from tests.contrast import contrast

from convsight.explain.class_maps import ClassMaps, Example, Gathered, Place, Places
from convsight.explain.class_page import MOST_BYTES, PageFacts, class_page
from convsight.explain.region import Region
from convsight.explain.shortcuts import BLIND, Tried
from convsight.metrics import Measured

MARKUP = "<b onclick=alert(1)>cat & 'dog'</b>"
FACTS = PageFacts("a net", "photos/", 120, "occlusion", signed=True)


def gathered(name: str, side: int = 40) -> Gathered:
    random = np.random.default_rng(len(name))
    map_ = np.zeros((28, 28))
    map_[:6, :6] = 1.0
    noise = random.integers(0, 255, (side, side, 3)).astype(np.uint8)
    examples = [Example(f"{name}/{index}.png", 0.9, frozenset([name]), Image.fromarray(noise)) for index in range(4)]
    places = Places([Place(0.6, True, 0.2), Place(0.4, False, 0.3)])
    return Gathered(5, map_ / 36, random.random((28, 28)), examples, places)


def class_maps(name: str, side: int = 40) -> ClassMaps:
    region, numbers = Region(0, 0, 8, 8), (Measured(0.7, 0.5, 0.9), Measured(0.4, 0.2, 0.6), 0.5, 0.01, 0.02, 0.1)
    tried = Tried(name, region, (48, 48), *numbers, (12, 24))
    return ClassMaps(name, 5, 2, 1, gathered(name, side), gathered(name, side), [tried])


@pytest.fixture(scope="module")
def page() -> str:
    return class_page(FACTS, [class_maps(MARKUP), class_maps("a bird"), ClassMaps("nothing", 0, 0, 3)])


def test_names_with_markup_are_shown_as_text(page: str) -> None:
    assert "<b onclick" not in page
    assert "&lt;b onclick=alert(1)&gt;cat &amp; &#x27;dog&#x27;&lt;/b&gt;" in page


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    assert "<script" not in page
    assert "http" not in page
    assert "@import" not in page
    assert all(source.startswith("data:image/jpeg;base64,") for source in re.findall(r'src="([^"]*)"', page))


def test_every_picture_has_words_for_those_who_do_not_see_it(page: str) -> None:
    images = re.findall(r"<img[^>]*>", page)
    assert len(images) == 2 + 2 * 2 * 5  # scales of mean and of single maps
    assert all(re.search(r'alt="[^"]{10,}"', image) for image in images)
    assert 'alt="mean map of 5 pictures answered a bird, strongest at the top left"' in page


def test_shortcuts_are_told_and_what_maps_cannot_see(page: str) -> None:
    assert "a region of 8 x 8 px at the top left gives away a bird: covering it costs 0.70 [0.50, 0.90]" in page
    assert BLIND in page


def test_mass_inside_stands_beside_chance(page: str) -> None:
    row = page[page.index("<tr><td>a bird</td>") :].split("</tr>", maxsplit=1)[0]
    assert re.findall(r"<td>([^<]*)</td>", row)[:4] == ["a bird", "5", "2", "1"]
    assert [cell.split(" ")[0] for cell in re.findall(r"<td>([^<]*)</td>", row)[4:]] == ["0.50", "0.50", "0.25"]


def test_a_thousand_classes_of_noise_are_under_five_megabytes() -> None:
    few = class_maps("class", 180)
    classes = [ClassMaps(f"class {number}", 5, 2, 1, few.right, few.wrong) for number in range(1000)]
    page = class_page(FACTS, classes)
    assert len(page.encode()) < MOST_BYTES
    assert page.count("<tr>") == 1001  # numbers of all, pictures of some
    assert page.count("<img") > 100


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1300, "dark")])
def test_the_page_is_readable(running: Browser, page: str, tmp_path: Path, width: int, scheme: str) -> None:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    running.open((tmp_path / "page.html").as_uri(), width, scheme)
    assert running.sideways() == 0
    behind = running.run("getComputedStyle(document.body).backgroundColor")
    for kind in ("h1", "h2", "p", "td", "figcaption", ".told", ".told strong", "li"):
        colour = running.run(f'getComputedStyle(document.querySelector("{kind}")).color')
        assert contrast(colour, behind) >= 4.5, kind
