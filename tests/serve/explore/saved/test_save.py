"""A saved page in a real browser, from a file, against PyTorch; and what is not saved."""

import json
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from tests.browser import Browser, browser
from tests.serve.explore.page import given, opened_file, until, value
from tests.serve.live import image

from convsight.errors import UserError
from convsight.images import ImageError
from convsight.inside.open_network import OpenNetwork, open_network
from convsight.inside.written.network_view import NetworkView
from convsight.run import Run
from convsight.serve.explore.saved import save
from convsight.serve.explore.saved.page import saved_page
from convsight.serve.explore.verb import ExploreOptions, SaveOptions, save_explorer
from convsight.tasks import task_of


class Page(NamedTuple):
    """A saved page, and the network that it is of."""

    file: Path
    network: OpenNetwork

    @property
    def saved(self) -> Any:
        """What stands in it beside the weights."""
        found = re.search(r'<script type="application/json" id="saved">(.*?)</script>', self.file.read_text("utf-8"))
        assert found is not None
        return json.loads(found[1])

    def probabilities(self, file: bytes) -> Any:
        """By class, of a picture, as PyTorch has them in float32."""
        card = self.network.card
        spec: Any = card.input
        with torch.no_grad():
            found = task_of(card.task).graph(self.network.model, card)(torch.from_numpy(spec.load(file).array[None]))
        return dict(zip(card.target.names, found["probabilities"][0].tolist(), strict=True))


@pytest.fixture(scope="module")
def saved_small(exported_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Of a network with residual sums and batch normalisation."""
    return written(exported_run, tmp_path_factory.mktemp("saved") / "small.html")


@pytest.fixture(scope="module")
def saved_lecture(photos_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Of a network of the lectures."""
    return written(photos_run, tmp_path_factory.mktemp("saved") / "lecture.html")


def written(run: Run, file: Path) -> Page:
    save_explorer(ExploreOptions(str(run.path)), SaveOptions(file, 4), lambda _: None)
    return Page(file, open_network(run.path))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def shown(page: Browser) -> dict[str, float]:
    """The shares on the page, by class, as they are told in full."""
    rows = '[...document.querySelectorAll("#answer .row")]'
    found = page.run(f"{rows}.map((row) => [row.children[0].innerText, row.children[2].title])")
    return {name: float(share) for name, share in found}


@pytest.mark.parametrize("which", [pytest.param("saved_small", marks=pytest.mark.slow), "saved_lecture"])
def test_answers_and_cells_are_those_of_the_network(page: Browser, request: pytest.FixtureRequest, which: str) -> None:
    saved: Page = request.getfixturevalue(which)
    opened_file(page, saved.file)
    for number in (0, 3):
        page.run(f'document.querySelectorAll("#samples button")[{number}].click()')
        until(page, f'document.querySelector("#samples li:nth-child({number + 1}) button").ariaPressed === "true" && '
                    '!document.querySelector("#status").innerText.startsWith("…")')  # fmt: skip
        right = saved.probabilities(b64decode(saved.saved["pictures"][number]["file"]))
        assert shown(page) == pytest.approx({name: right[name] for name in shown(page)}, abs=1e-5)
    clicked(page, saved)
    assert page.complaints == []


def clicked(page: Browser, saved: Page) -> None:
    """Cells of every layer, clicked: what stands in them, and the sums that are written out, against PyTorch."""
    spec: Any = saved.network.card.input
    array = spec.load(b64decode(saved.saved["pictures"][3]["file"])).array
    view = NetworkView(saved.network)
    for place, layer in enumerate(view.layers):
        page.run(f'document.querySelectorAll("#strip button")[{place}].click()')
        until(page, f'document.querySelector("#layer-heading").innerText === {json.dumps(layer.name)}')
        page.run('document.querySelector("#maps button").click()')
        heading = f"One number, written out: {layer.name}, "
        until(page, f'document.querySelector("#cell-heading").innerText.startsWith({json.dumps(heading)})')
        channel = int(page.run('document.querySelector("#channel").value'))
        row, column = (side // 2 for side in layer.volume[:2]) if len(layer.volume) == 3 else (0, 0)
        if len(layer.volume) == 3:
            page.run(
                f'document.querySelector("#row").value = {row}; document.querySelector("#column").value = {column};'
                'document.querySelector("#column").dispatchEvent(new Event("change", { bubbles: true }))'
            )
            until(page, f'document.querySelector("#cell-heading").innerText.endsWith("row {row}, column {column}")')
        cell = view.open(array, layer.name).cell(channel, row, column)
        assert value(page) == pytest.approx(cell["value"], abs=1e-5)
        looked_for = view.filter(layer.name, channel)
        until(page, f'document.querySelector("#filter-heading").innerText.endsWith(" {channel}")')
        weights = page.run('[...document.querySelectorAll("#weights td")].map((cell) => Number(cell.title))')
        assert weights == pytest.approx(flat(looked_for), abs=1e-6)
        first = page.run('document.querySelector(".step .formula").innerText')
        assert float(first.rpartition("= ")[2]) == pytest.approx(cell["steps"][0]["total"], rel=1e-5, abs=1e-5)


def flat(looked_for: dict[str, Any]) -> list[float]:
    """The numbers of a filter in their order."""
    kernels = [number for each in looked_for.get("kernels", ()) for row in each["kernel"] for number in row]
    return kernels + [number for each in looked_for.get("weights", ()) for number in (each["place"], each["weight"])]


def test_any_other_picture_is_answered_too(page: Browser, saved_small: Page) -> None:
    opened_file(page, saved_small.file)
    file = image(3, side=37)
    given(page, file, "<b>mine</b>.png")
    until(page, 'document.querySelector("#status").innerText.startsWith("<b>mine</b>.png: ")')
    right = saved_small.probabilities(file)
    assert shown(page) == pytest.approx({name: right[name] for name in shown(page)}, abs=1e-5)
    page.run('document.querySelector("#hide").click(); document.querySelector("#brush").value = 50')
    page.run(
        'document.querySelector("#paint").dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }))'
    )
    until(page, '/[+−]/.test(document.querySelector("#answer").innerText)')
    given(page, b"no picture", "notes.txt")
    until(page, 'document.querySelector("#status").innerText.includes("no picture that the browser can read")')
    assert page.complaints == []


def test_a_drawing_is_answered(page: Browser, saved_small: Page) -> None:
    opened_file(page, saved_small.file, width=390, scheme="dark")
    page.run(
        '(() => { document.querySelector("#drawing").open = true; const pad = document.querySelector("#pad"), '
        "box = pad.getBoundingClientRect(); "
        "const press = (kind, x, y) => pad.dispatchEvent(new PointerEvent(kind, { bubbles: true, cancelable: true, "
        "clientX: box.left + x, clientY: box.top + y })); "
        'press("pointerdown", 100, 30); press("pointermove", 100, 180); press("pointerup", 100, 180); })()'
    )
    until(page, 'document.querySelector("#status").innerText.startsWith("a drawing: ")')
    assert page.sideways() == 0
    assert page.complaints == []


def test_a_link_in_the_file_reproduces_the_view_and_unknown_names_are_told(page: Browser, saved_small: Page) -> None:
    name = saved_small.saved["network"]["layers"][0]["name"]
    opened_file(page, saved_small.file, f"#sample=1&layer={name}&channel=1&row=2&column=3")
    value(page)
    assert page.run('document.querySelector("#cell-heading").innerText').endswith("channel 1, row 2, column 3")
    opened_file(page, saved_small.file, "#sample=1&layer=nosuch")
    until(page, 'document.querySelector("#status").innerText.includes("unknown layer")')
    opened_file(page, saved_small.file, "#sample=77")
    until(page, 'document.querySelector("#status").innerText.includes("no picture 77")')


def test_it_asks_nobody(page: Browser, saved_small: Page) -> None:
    text = saved_small.file.read_text("utf-8")
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]+"', text)
    assert "default-src 'none'" in text
    opened_file(page, saved_small.file, "#sample=0")
    until(page, '!document.querySelector("#inside").hidden')
    assert page.run('performance.getEntriesByType("resource").every((one) => /^(blob|data):/.test(one.name))')


def saving(run: Run, file: Path, **choices: Any) -> None:
    save_explorer(ExploreOptions(str(run.path)), SaveOptions(file, **choices), lambda _: None)


def test_what_cannot_be_saved_is_refused(exported_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="--pictures 25: a page holds 0 to 24"):
        saving(exported_run, tmp_path / "a.html", pictures=25)
    with pytest.raises(UserError, match=r"ends in \.html"):
        saving(exported_run, tmp_path / "a.png")
    monkeypatch.setattr(save, "MOST_MB", 0.5)
    with pytest.raises(UserError, match=r"would have 0.\d MB, over the limit of 0.5 MB; take a smaller network"):
        saving(exported_run, tmp_path / "a.html", pictures=0)
    monkeypatch.setattr(save, "MOST_MB", 20.0)
    monkeypatch.setattr(save, "OPERATIONS", save.OPERATIONS - {"native_batch_norm", "add"})
    with pytest.raises(UserError, match="needs add, native_batch_norm, which a page does not compute yet"):
        saving(exported_run, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_read_is_named(photos_run: Run, tmp_path: Path) -> None:
    """Names may be no UTF-8 where the system allows that."""
    picture, page = tmp_path / os.fsdecode(b"caf\xe9.png"), tmp_path / "page.html"
    options = ExploreOptions(str(photos_run.path), str(picture))
    picture.write_bytes(image(1))
    save_explorer(options, SaveOptions(page), lambda _: None)
    assert "caf\ufffd.png" in page.read_text("utf-8")
    page.unlink()
    picture.write_bytes(b"no picture")
    with pytest.raises(ImageError, match=re.escape("caf\ufffd.png")):
        save_explorer(options, SaveOptions(page), lambda _: None)
    assert not page.exists()


def test_class_names_with_markup_are_text(page: Browser, saved_small: Page, tmp_path: Path) -> None:
    text = saved_small.file.read_text("utf-8")
    saved = saved_small.saved
    saved["network"]["classes"] = [f"</script><img src=x onerror=alert(1)>{n}" for n in range(10)]
    weights = re.search(r'id="numbers">([^<]*)<', text)
    assert weights is not None
    (tmp_path / "a.html").write_text(saved_page("<b>", saved, weights[1]), "utf-8")
    opened_file(page, tmp_path / "a.html", "#sample=0")
    until(page, 'document.querySelector("#answer .row")?.innerText.includes("onerror=alert(1)")')
    assert page.run('document.querySelectorAll("img[src=x]").length') == 0
    assert page.complaints == []


def test_maps_stand_in_the_file_for_its_pictures_alone(page: Browser, saved_small: Page) -> None:
    opened_file(page, saved_small.file, "#sample=2&method=occlusion")
    until(page, '!document.querySelector("#overlay").hidden')
    assert page.run('document.querySelector("#verdict").innerText').startswith("occlusion, of ")
    [_, _, third, _] = saved_small.saved["pictures"]
    assert third["maps"]["occlusion"]["map"] in page.run('document.querySelector("#overlay").src')
    assert third["maps"]["gradcam"]["map"] != third["maps"]["occlusion"]["map"]
    given(page, image(3, side=20))
    until(page, 'document.querySelector("#verdict").innerText.includes("its own pictures alone")')
    assert page.run('document.querySelector("#overlay").hidden')
