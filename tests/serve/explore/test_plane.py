"""The plane of a whole data set, of a real server, in a real browser."""

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from tests.browser import Browser, browser
from tests.serve.explore.page import opened_at, press, until
from tests.serve.live import Live, started, wait_until

from convsight.model_files import read_card
from convsight.run import find_weights_file
from convsight.serve.explore.whole_data import MOST, whole_data

COUNT = 45


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scanned digits in folders of their classes, one of them unreadable, and one in the wrong folder."""
    folder, digits = tmp_path_factory.mktemp("digits"), load_digits()
    for index in range(COUNT):
        label = 9 if index == 0 else digits.target[index]
        file = folder / str(label) / f"{index}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray((digits.images[index] * 15.9).astype(np.uint8)).save(file)
    (folder / "3" / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def explorer(trained: Path, data: Path) -> Iterator[Live]:
    command = [sys.executable, "-m", "convsight", "explore", str(trained), str(data), "--port", "0"]
    with started(command) as running:
        running.url, _, _ = running.url.partition(";")
        yield running


@pytest.fixture(scope="module")
def points(explorer: Live) -> dict[str, Any]:
    """What pages are told of the plane."""
    assert explorer.get("/explore/plane/points").status_code == 404
    assert explorer.get("/explore/plane/pictures/0").status_code == 404
    assert explorer.get("/explore/plane").json() == {"state": "not asked"}
    assert explorer.post(b"", path="/explore/plane").json()["state"] == "working"
    wait_until(lambda: explorer.get("/explore/plane").json()["state"] != "working")
    found: dict[str, Any] = explorer.get("/explore/plane/points").json()
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def plane(page: Browser, explorer: Live, points: dict[str, Any]) -> Browser:
    """The page with the plane laid out."""
    opened_at(page, f"{explorer.url}/explore")
    until(page, '!document.querySelector("#plane-make").hidden')
    page.run('document.querySelector("#plane-make").click()')
    until(page, 'document.querySelectorAll("#plane-legend button").length > 0')
    return page


def test_every_picture_has_its_truth_and_its_answer(explorer: Live, points: dict[str, Any], data: Path) -> None:
    assert (points["count"], points["unreadable"], len(points["x"])) == (COUNT + 1, 1, COUNT)
    for column in ("y", "names", "said", "parts", "truths", "answers", "confidences", "right"):
        assert len(points[column]) == COUNT, column
    folders = {file.name: file.parent.name for file in data.glob("*/*.png")}
    assert [folders[Path(name).name] for name in points["names"]] == points["truths"]
    assert points["right"] == [a == t for a, t in zip(points["answers"], points["truths"], strict=True)]
    for number in (0, COUNT - 1):
        file = explorer.get(f"/explore/plane/pictures/{number}").content
        surest = explorer.post(file).json()["answers"][0]["labels"][0]
        assert points["answers"][number] == surest["name"]
        assert points["confidences"][number] == pytest.approx(surest["probability"], abs=1e-3)
        assert (data / points["truths"][number] / Path(points["names"][number]).name).read_bytes() == file
    assert min(points["x"] + points["y"]) >= 0
    assert max(points["x"] + points["y"]) <= 1


def test_pictures_of_which_nothing_is_known_and_of_the_run_itself(trained: Path, data: Path) -> None:
    card = read_card(find_weights_file(trained))
    own = whole_data(str(trained), card, None)
    assert (own.count, len(own.pictures)) == (1797, 1797)
    assert {each.part for each in own.pictures} == {"train", "val", "test"}
    unknown = whole_data(str(trained), card, str(data / "9"))
    assert all(each.truth is None for each in unknown.pictures)
    assert MOST == 2_000


def table(plane: Browser) -> dict[str, list[str]]:
    """What the chosen pictures share, by what a row is about."""
    rows = plane.run(
        '[...document.querySelectorAll("#plane-table tbody tr")].map((row) => '
        "[...row.children].map((cell) => cell.innerText))"
    )
    return {name: values for name, *values in rows}


def test_a_group_is_chosen_and_what_it_shares_is_counted(plane: Browser, points: dict[str, Any]) -> None:
    legend = plane.run('[...document.querySelectorAll("#plane-legend button")].map((one) => one.innerText.trim())')
    assert legend == [f"{n} ({points['truths'].count(str(n))})" for n in range(10)]
    plane.run('document.querySelectorAll("#plane-legend button")[9].click()')
    nines = [n for n, truth in enumerate(points["truths"]) if truth == "9"]
    words = plane.run('document.querySelector("#plane-chosen-words").innerText')
    assert words == f"{len(nines)} of {COUNT} pictures are chosen, 100.0 % of them 9."
    shared = table(plane)
    assert shared["truth: 9"] == [f"{len(nines)} (100.0 %)", f"{100 * len(nines) / COUNT:.1f} %"]
    right = np.array(points["right"], float)
    assert shared["answered right"] == [f"{100 * right[nines].mean():.1f} %", f"{100 * right.mean():.1f} %"]
    for name in {points["answers"][n] for n in nines}:
        count = sum(points["answers"][n] == name for n in nines)
        assert shared[f"answer: {name}"][0] == f"{count} ({100 * count / len(nines):.1f} %)"
    assert plane.run('document.querySelectorAll("#plane-some img").length') == min(12, len(nines))
    plane.run('document.querySelector("#plane-none").click()')
    assert table(plane) == {}


@pytest.mark.parametrize("kind", ["lasso", "rectangle"])
def test_a_line_chooses_what_lies_within(plane: Browser, points: dict[str, Any], kind: str) -> None:
    """A triangle over half of the plane as a lasso; its first and last corner as a rectangle."""
    plane.run(f'document.querySelector("#plane-kind").value = "{kind}"')
    side = plane.run('document.querySelector("#plane-map").getBoundingClientRect().width')
    corners = [(0, 0), (side, 0), (0.5 * side, 0.9 * side)]
    plane.run(
        '(() => { const map = document.querySelector("#plane-map"), { left, top } = map.getBoundingClientRect(); '
        "const go = (kind, [x, y]) => map.dispatchEvent(new PointerEvent(kind, { bubbles: true, button: 0, "
        "clientX: left + x, clientY: top + y })); map.setPointerCapture = () => {}; "
        f"const corners = {[list(each) for each in corners]}; "
        'go("pointerdown", corners[0]); for (const one of corners.slice(1)) go("pointermove", one); '
        'go("pointerup", corners[2]); })()'
    )
    x, y = (16 + np.array(points[axis]) * (side - 32) for axis in "xy")
    inside = {
        "rectangle": (x < 0.5 * side) & (y < 0.9 * side),
        "lasso": (y < 1.8 * x) & (y < 1.8 * (side - x)),
    }[kind]
    assert 0 < inside.sum() < COUNT
    words = plane.run('document.querySelector("#plane-chosen-words").innerText')
    assert words.startswith(f"{inside.sum()} of {COUNT} pictures are chosen")


def test_with_the_keyboard_to_a_picture_and_into_it(plane: Browser, points: dict[str, Any]) -> None:
    press(plane, "#plane-map", "ArrowRight")
    first = points["names"][0]
    assert plane.run('document.querySelector("#plane-words").innerText').startswith(first)
    until(plane, 'document.querySelector("#plane-image").naturalWidth > 0')
    press(plane, "#plane-map", " ")
    assert plane.run('document.querySelector("#plane-chosen-words").innerText').startswith("1 of ")
    press(plane, "#plane-map", "Enter")
    until(plane, '!document.querySelector("#inside").hidden')
    assert plane.run('document.querySelector("#caption").innerText').startswith(first)
    press(plane, "#plane-map", "Escape")
    assert plane.run('document.querySelector("#plane-chosen-words").innerText') == "No picture is chosen."
    assert plane.complaints == []


def test_it_is_coloured_by_what_is_known(plane: Browser, points: dict[str, Any]) -> None:
    ways = plane.run('[...document.querySelectorAll("#plane-by option")].map((one) => one.value)')
    assert ways == ["truth", "answer", "right or wrong", "doubt"]
    plane.run(
        '(() => { const by = document.querySelector("#plane-by"); by.value = "doubt"; '
        'by.dispatchEvent(new Event("change")); })()'
    )
    counts = plane.run(
        '[...document.querySelectorAll("#plane-legend button")].map('
        "(one) => Number(/\\((\\d+)\\)/.exec(one.innerText)[1]))"
    )
    doubts = 1 - np.array(points["confidences"])
    steps = pairwise([-1, 0.05, 0.2, 0.4, 0.6, 1])
    assert counts == [int(((doubts > low + 1e-9) & (doubts <= high + 1e-9)).sum()) for low, high in steps]


def test_marks_of_groups_differ_in_shape_where_their_colours_do_not(plane: Browser) -> None:
    found = plane.run(
        'import("/explore/files/marks.js").then(({ waysOf }) => waysOf({ answers: [...Array(40).keys()].map(String), '
        "parts: Array(40).fill('') }).answer().groups.map(({ name, colour, shape }) => [colour, shape, name]))"
    )
    assert len({(colour, shape) for colour, shape, _ in found}) == len(found) == 36
    assert found[-1][2] == "others"


def test_a_class_called_others_is_not_the_rest(plane: Browser) -> None:
    rest, own = plane.run(
        'import("/explore/files/marks.js").then(({ waysOf }) => { '
        'const answers = [...[...Array(40).keys()].map(String), "others", "others"]; '
        'const { of } = waysOf({ answers, parts: answers.map(() => "") }).answer(); return [of[39], of.at(-1)]; })'
    )
    assert (rest, own) == (35, 34)
