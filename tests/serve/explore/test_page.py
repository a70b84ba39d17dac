"""The page of the explorer, of a real server, in a real browser."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import Browser, browser
from tests.serve.explore.page import given, opened_at, press, until, value
from tests.serve.live import Live, image, request, slow_image, started

from convsight.card import Card
from convsight.export.torch_engine import save_network
from convsight.inputs import ImageInput
from convsight.inside.open_network import open_network
from convsight.targets import Classes
from convsight.tasks import task_of


def explored(run: Path, *arguments: str) -> Any:
    command = [sys.executable, "-m", "convsight", "explore", str(run), *arguments]
    return started(command, os.environ)


@pytest.fixture(scope="module")
def explorer(trained: Path) -> Iterator[Live]:
    with explored(trained, "--port", "0") as running:
        running.url, _, _ = running.url.partition(";")
        yield running


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def opened(page: Browser, explorer: Live, address: str = "", width: int = 1300, scheme: str = "light") -> None:
    opened_at(page, f"{explorer.url}/explore{address}", width, scheme)


def test_from_a_picture_to_a_sum(page: Browser, explorer: Live, trained: Path) -> None:
    opened(page, explorer)
    page.run('document.querySelector("#samples button").click()')
    until(page, 'document.querySelectorAll("#answer .row").length > 1')
    file = explorer.get("/explore/samples/0").content
    surest = explorer.post(file).json()["answers"][0]["labels"][0]
    shown = page.run('document.querySelector("#answer .row").innerText')
    assert surest["name"] in shown
    assert f"{100 * surest['probability']:.1f} %" in shown
    first = page.run('document.querySelector("#strip button").dataset.layer')
    page.run('document.querySelector("#strip button").click()')
    until(page, 'document.querySelectorAll("#maps button").length > 0')
    page.run('document.querySelector("#maps button").click()')
    value(page)
    page.run(
        '(() => { const map = document.querySelector("#map"), box = map.getBoundingClientRect(); '
        'map.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: box.left + 0.4 * box.width, '
        "clientY: box.top + 0.6 * box.height })); })()"
    )
    row, column = (int(page.run(f'document.querySelector("#{side}").value')) for side in ("row", "column"))
    assert min(row, column) > 0
    until(page, f'document.querySelector("#cell-heading").innerText.includes("row {row}, column {column}")')
    channel = int(page.run('document.querySelector("#channel").value'))
    assert value(page) == pytest.approx(first_layer(trained, file, first)[channel, row, column], abs=1e-5)
    # What is written on the page sums up to what the convolution gives.
    written = page.run(
        '[...document.querySelectorAll(".step:first-child .product")].map((line) => '
        '[...line.querySelectorAll("table")].map((table) => '
        '[...table.querySelectorAll("td")].map((cell) => Number(cell.title))))'
    )
    products = sum(float(np.dot(*pair)) for pair in written if len(pair) == 2)
    bias = page.run(
        '[...document.querySelectorAll(".product")].map((each) => each.innerText)'
        '.find((each) => each.startsWith("bias"))'
    )
    total = products + (float(bias.split()[1]) if bias else 0.0)
    formula = page.run('document.querySelector(".formula").innerText')
    assert float(formula.rpartition("= ")[2]) == pytest.approx(total, abs=1e-3)
    assert page.complaints == []


def first_layer(run: Path, file: bytes, name: str) -> Any:
    """The first convolution with what follows it, in NumPy."""
    network = open_network(run)
    spec: Any = network.card.input
    planes = network.planes(spec.load(file).array[None]).detach().double().numpy()[0]
    modules = list(network.model.named_modules())
    at = next(n for n, (each, _) in enumerate(modules) if each == name)
    conv: Any = modules[at][1]
    weight = conv.weight.double().numpy()
    pads = ((0, 0), *((side, side) for side in conv.padding))
    cut = np.lib.stride_tricks.sliding_window_view(np.pad(planes, pads), weight.shape[2:], axis=(1, 2))
    found = np.einsum("crxij,kcij->krx", cut[:, :: conv.stride[0], :: conv.stride[1]], weight)
    if conv.bias is not None:
        found = found + conv.bias.double().numpy()[:, None, None]
    follows: Any = modules[at + 1][1]
    if hasattr(follows, "running_mean"):
        mean, variance, gain, shift = (
            getattr(follows, each).double().numpy()[:, None, None]
            for each in ("running_mean", "running_var", "weight", "bias")
        )
        found = (found - mean) / np.sqrt(variance + follows.eps) * gain + shift
    return np.maximum(found, 0)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1300, "light")])
def test_a_link_reproduces_the_view(page: Browser, explorer: Live, width: int, scheme: str) -> None:
    layers = explorer.get("/explore/network").json()["layers"]
    opened(page, explorer, f"#sample=1&layer={layers[0]['name']}&channel=1&row=2&column=3", width, scheme)
    number = value(page)
    assert page.sideways() == 0
    assert page.run("location.hash").startswith("#sample=1&layer=")
    heading = page.run('document.querySelector("#cell-heading").innerText')
    assert heading.endswith(f"{layers[0]['name']}, channel 1, row 2, column 3")
    press(page, "#map", "ArrowRight")
    until(page, 'document.querySelector("#cell-heading").innerText.endsWith("column 4")')
    assert "column=4" in page.run("location.hash")
    press(page, "#map", "ArrowLeft")
    until(page, 'document.querySelector("#cell-heading").innerText.endsWith("column 3")')
    assert value(page) == number
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):  # faster than answers come
        press(page, "#map", key)
    until(page, 'document.querySelector("#cell-heading").innerText.endsWith("row 3, column 4")')
    assert page.complaints == []


def test_all_can_be_reached_with_the_keyboard(page: Browser, explorer: Live) -> None:
    opened(page, explorer, "#sample=0")
    until(page, '!document.querySelector("#inside").hidden')
    page.run('document.querySelector("#strip button").focus()')
    for key, place in (("ArrowRight", 1), ("End", -1), ("Home", 0)):
        press(page, ":focus", key)
        assert page.run(f'[...document.querySelectorAll("#strip button")].at({place}) === document.activeElement')
    assert page.run("[...document.images].filter((one) => !one.hidden).every((one) => one.alt.length > 0)")


def test_bad_pictures_are_told_and_others_go_on(page: Browser, explorer: Live) -> None:
    opened(page, explorer)
    given(page, b"no picture at all", "notes.txt")
    until(page, 'document.querySelector("#status").innerText.includes("is not an image")')
    assert page.run('document.querySelector("#inside").hidden')
    given(page, slow_image(8000), "huge.png")
    until(page, 'document.querySelector("#status").innerText.includes("64 megapixels, over the limit of 50")')
    assert page.run('document.querySelector("#inside").hidden')
    given(page, image(3, side=40), "<img src=x onerror=alert(1)>.png")
    until(page, '!document.querySelector("#inside").hidden')
    assert "<img src=x" in page.run('document.querySelector("#caption").innerText')
    assert page.run('document.querySelectorAll("img[src=x]").length') == 0


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("#sample=0&layer=nosuch", "unknown layer 'nosuch'"),
        ("#sample=99", "no picture 99"),
        ("#sample=0&layer={layer}&channel=900&row=0&column=0", "no channel 900"),
        ("#picture=0123", "give it here again"),
    ],
)
def test_what_an_address_names_and_is_not_there_is_told(
    page: Browser, explorer: Live, address: str, words: str
) -> None:
    layer = explorer.get("/explore/network").json()["layers"][0]["name"]
    opened(page, explorer, address.replace("{layer}", layer))
    until(page, f'document.querySelector("#status").innerText.includes({json.dumps(words)})')
    page.run('document.querySelector("#samples button").click()')
    until(page, 'document.querySelectorAll("#answer .row").length > 1')


def test_a_cell_that_is_not_there_is_told_and_forgotten(page: Browser, explorer: Live) -> None:
    layer = explorer.get("/explore/network").json()["layers"][0]["name"]
    opened(page, explorer, f"#sample=0&layer={layer}&channel=1&row=2&column=3")
    value(page)
    page.run(
        '(() => { const row = document.querySelector("#row"); row.value = 999; '
        'row.dispatchEvent(new Event("change", { bubbles: true })); })()'
    )
    until(page, 'document.querySelector("#status").innerText.includes("no row 999")')
    assert page.run('document.querySelector("#row").value') == "2"
    assert "row=2&" in page.run("location.hash")
    page.run('document.querySelectorAll("#samples button")[1].click()')
    until(page, 'document.querySelectorAll("#samples button")[1].ariaPressed === "true"')
    until(page, 'document.querySelectorAll("#strip .thumbs canvas").length > 0')
    page.run('document.querySelector("#maps [aria-pressed=false]").click()')
    until(page, 'document.querySelector("#cell-heading").innerText.endsWith("row 2, column 3")')
    assert [each for each in page.complaints if "row=999" not in each] == []


def test_a_link_to_no_cell_shows_its_picture_and_the_maps_of_all_layers(page: Browser, explorer: Live) -> None:
    opened(page, explorer, "#sample=0&layer=nosuch")
    until(page, 'document.querySelector("#status").innerText.includes("unknown layer")')
    until(page, 'document.querySelectorAll("#strip .thumbs canvas").length > 0')
    assert page.run("location.hash") == "#sample=0"
    assert page.run("document.querySelectorAll(\"#strip [tabindex='0']\").length") == 1


def test_the_open_map_is_walked_on_while_another_picture_comes(page: Browser, explorer: Live) -> None:
    layer = explorer.get("/explore/network").json()["layers"][0]["name"]
    opened(page, explorer, f"#sample=0&layer={layer}&channel=1&row=2&column=3")
    value(page)
    page.run(  # the maps of the next picture come when the user has gone on
        "window.came = new Promise((done) => { window.come = done; }); window.asks = window.fetch; "
        'window.fetch = async (...all) => { if (all[0].includes("/layers/")) await came; return asks(...all); }; '
        'document.querySelectorAll("#samples button")[1].click()'
    )
    until(page, 'document.querySelectorAll("#samples button")[1].ariaPressed === "true"')
    assert page.run('document.querySelectorAll("#strip .thumbs canvas").length') == 0
    press(page, "#map", "ArrowRight")
    page.run(
        '(() => { const map = document.querySelector("#map"), box = map.getBoundingClientRect(); '
        'map.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: box.left + 0.99 * box.width, '
        "clientY: box.top + 0.01 * box.height })); come(); })()"
    )
    last = explorer.get("/explore/network").json()["layers"][0]["volume"][1] - 1
    until(page, f'document.querySelector("#cell-heading").innerText.endsWith("row 0, column {last}")')
    assert page.complaints == []


@pytest.mark.slow
def test_two_tabs_do_not_disturb_each_other(page: Browser, explorer: Live, tmp_path: Path) -> None:
    layers = explorer.get("/explore/network").json()["layers"]
    cells = "#sample={}&layer={}&channel=1&row=2&column=3"
    with browser(tmp_path) as other:
        opened(page, explorer, cells.format(0, layers[0]["name"]))
        right = value(page)
        opened(other, explorer, cells.format(1, layers[2]["name"]))
        value(other)
        for key, column in (("ArrowRight", 4), ("ArrowRight", 5), ("ArrowLeft", 4), ("ArrowLeft", 3)):
            for tab in (page, other):
                press(tab, "#map", key)
            for tab in (page, other):
                until(tab, f'document.querySelector("#cell-heading").innerText.endsWith("column {column}")')
        assert value(page) == right
        assert other.run('document.querySelector("#cell-heading").innerText').startswith(
            f"One number, written out: {layers[2]['name']}, "
        )


@pytest.fixture(scope="module")
def many_classes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A network of 1,000 classes, whose names would be markup, with pictures whose names would be too."""
    folder = tmp_path_factory.mktemp("many")
    names = tuple(f"<img src=x onerror=alert({n})>" for n in range(1000))
    spec = ImageInput(height=16, width=16, mean=(0.5,) * 3, std=(0.25,) * 3)
    card = Card(task="classification", net="lecture3", target=Classes(names=names), input=spec)
    save_network(folder / "model.safetensors", task_of(card.task).build(card).eval(), card)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "<b>bold.png").write_bytes(image(1))
    with explored(folder / "model.safetensors", str(folder / "pictures"), "--port", "0") as running:
        running.url, _, _ = running.url.partition(";")
        yield running


@pytest.mark.slow
def test_a_thousand_classes_with_markup_in_their_names_are_text_and_few(page: Browser, many_classes: Live) -> None:
    last = many_classes.get("/explore/network").json()["layers"][-1]["name"]
    opened(page, many_classes, f"#sample=0&layer={last}&channel=999")
    value(page)
    until(page, 'document.querySelector("#excited-words").innerText.startsWith("Of ")')
    assert "<img src=x onerror=alert(" in page.run('document.querySelector("#answer .row").innerText')
    assert page.run('document.querySelectorAll("#answer .row").length') == 6
    assert page.run('document.querySelectorAll("#maps button").length') == 24
    assert "<img src=x onerror=alert(999)>" in page.run('document.querySelector("#maps").innerText')
    assert "<b>bold.png" in page.run('document.querySelector("#caption").innerText')
    assert "<b>bold.png" in page.run('document.querySelector("#exciting").innerText')
    assert page.run('document.querySelectorAll("img[src=x], figcaption b, #exciting b").length') == 0
    assert page.complaints == []


def test_a_hidden_part_changes_the_answer_and_a_map_has_its_verdict(page: Browser, explorer: Live) -> None:
    opened(page, explorer, "#sample=2&method=occlusion")
    until(page, '!document.querySelector("#overlay").hidden')
    assert page.run('document.querySelector("#verdict").innerText').startswith("occlusion, of ")
    page.run('document.querySelector("#hide").click(); document.querySelector("#brush").value = 50')
    press(page, "#paint", " ")
    changed = until(
        page, '/[+−]/.test(document.querySelector("#answer").innerText) && document.querySelector("#answer").innerText'
    )
    page.run('document.querySelector("#unhide").click()')
    assert page.run('document.querySelector("#answer").innerText') != changed
    assert page.complaints == []


@pytest.mark.slow
def test_a_server_that_was_stopped_is_told_and_the_page_goes_on(page: Browser, trained: Path) -> None:
    with explored(trained, "--port", "0") as first:
        first.url, _, _ = first.url.partition(";")
        opened(page, first, "#sample=0")
        until(page, '!document.querySelector("#inside").hidden')
        page.run('document.querySelector("#strip button").click()')
        until(page, 'document.querySelectorAll("#maps button").length > 0')
        first.stop()
        page.run('document.querySelector("#maps button").click()')
        until(page, '!document.querySelector("#trouble").hidden')
        assert "stopped" in page.run('document.querySelector("#trouble").innerText')
        with explored(trained, "--port", str(first.address[1])):
            value(page)  # though the picture that it is of had to be sent again
            assert page.run('document.querySelector("#trouble").hidden')


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/explore/layers/nosuch?picture={}", 404, "unknown layer 'nosuch'"),
        ("/explore/layers/{layer}?picture=gone", 410, "send it again"),
        ("/explore/layers/{layer}?picture={}&channel=900", 404, "no channel 900"),
        ("/explore/cells/{layer}?picture={}&channel=0&row=-1&column=0", 404, "no row '-1'"),
        ("/explore/cells/{layer}?picture={}&channel=0&row=0&column=99", 404, "no column 99"),
        ("/explore/samples/77", 404, "no picture 77"),
        ("/explore/filters/nosuch?channel=0", 404, "unknown layer 'nosuch'"),
        ("/explore/filters/{layer}?channel=900", 404, "no channel 900"),
        ("/explore/exciting/{layer}?channel=900", 404, "no channel 900"),
        ("/explore/exciting/{layer}?channel=x", 404, "no channel 'x'"),
        ("/explore/files/secret.py", 404, "Not Found"),
    ],
)
def test_what_is_not_there_is_refused(explorer: Live, path: str, status: int, words: str) -> None:
    layer = explorer.get("/explore/network").json()["layers"][0]["name"]
    taken = explorer.post(image(1), path="/explore/pictures").json()["picture"]
    found = explorer.get(path.replace("{layer}", layer).replace("{}", taken))
    assert (found.status_code, words in found.json()["error"]) == (status, True), found.text


def test_two_pages_look_at_two_pictures(explorer: Live) -> None:
    layer = explorer.get("/explore/network").json()["layers"][0]["name"]
    names = [explorer.post(image(seed), path="/explore/pictures").json()["picture"] for seed in (1, 2)]
    assert len(set(names)) == 2
    numbers = [
        [
            explorer.get(f"/explore/cells/{layer}?picture={name}&channel=0&row=3&column=3").json()["steps"][0]["value"]
            for name in names
        ]
        for _ in range(2)
    ]
    assert numbers[0] == numbers[1]
    assert numbers[0][0] != numbers[0][1]


def test_what_is_no_picture_or_too_large_is_refused(explorer: Live) -> None:
    assert explorer.post(b"text", path="/explore/pictures").status_code == 422
    assert explorer.post(bytes(21_000_000), path="/explore/pictures").status_code == 413
    assert request("GET", explorer.url + "/explore/network", headers={"Host": "elsewhere.example"}).status_code == 421


def test_a_map_tells_its_filter_and_what_it_answers_to_most(page: Browser, explorer: Live, trained: Path) -> None:
    network = open_network(trained)
    layer = explorer.get("/explore/network").json()["layers"][0]["name"]
    opened(page, explorer, f"#sample=0&layer={layer}&channel=3&row=0&column=0")
    until(page, 'document.querySelector("#excited-words").innerText.startsWith("Of ")')
    weight: Any = dict(network.model.named_modules())[layer].weight[3].numpy()
    grids = page.run(
        '[...document.querySelectorAll("#weights table")].map((table) => '
        '[...table.querySelectorAll("td")].map((cell) => Number(cell.title)))'
    )
    assert np.array(grids) == pytest.approx(weight.reshape(len(weight), -1))
    assert page.run('document.querySelectorAll("#weights canvas").length') == 1
    found = explorer.get(f"/explore/exciting/{layer}?channel=3").json()
    assert found["looked_at"] == found["of"] > 24
    values = [each["value"] for each in found["pictures"]]
    assert values == sorted(values, reverse=True)
    words = page.run('[...document.querySelectorAll("#exciting small")].map((one) => one.innerText)')
    assert [each["name"] in text for each, text in zip(found["pictures"], words, strict=True)] == [True] * 6
    left, top, right, bottom = found["pictures"][0]["box"]
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    last = explorer.get("/explore/network").json()["layers"][-1]["name"]
    opened(page, explorer, f"#sample=0&layer={last}&channel=1")
    until(page, 'document.querySelector("#excited-words").innerText.startsWith("Of ")')
    assert page.run('document.querySelector("#weights").innerText').startswith("the largest weights")
    assert page.complaints == []
