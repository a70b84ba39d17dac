"""The page to drop images on, in a real browser: narrow and wide, light and dark."""

import json
import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.browser import Browser, browser
from tests.contrast import contrast
from tests.serve.live import image

from convsight.explain.method import METHODS
from convsight.pages.page import style
from convsight.serve.pages import PAGE_HEADERS, front_page

CARD = {
    "task": "detection",
    "net": "small",
    "input": {"kind": "image", "width": 64, "height": 64},
    "target": {"kind": "classes", "names": ["dog", "a rather long name of a rare kind of cat"]},
}
BOXES = [
    {"name": "dog", "score": 0.98, "xyxy": [10, 40, 90, 190]},
    {"name": "a rather long name of a rare kind of cat", "score": 0.61, "xyxy": [120, 2, 199, 80]},
]
CLASSES = [
    {"name": "a rather long name of a rare kind of cat", "probability": 0.9},
    {"name": "dog", "probability": 0.1},
]
# What the server answers to an image of so many bytes begins to be sent after so many seconds.
ANSWERS: dict[int, tuple[float, dict[str, object]]] = {}


class Handler(BaseHTTPRequestHandler):
    """A server of the page alone: its answers are made up."""

    def do_GET(self) -> None:
        if self.path == "/":
            return self.answer(front_page().encode(), "text/html; charset=utf-8")
        return self.answer(json.dumps({"models": [MODEL]}).encode(), "application/json")

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("?explain=occlusion"):
            assert self.headers["Accept"] == "image/png"
            self.answer(image(9, side=300), "image/png")
            return
        delay, found = ANSWERS[len(data)]
        time.sleep(delay)
        self.answer(json.dumps({"answers": [{"file": "body", **found}]}).encode(), "application/json")

    def answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        for name, value in {**PAGE_HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


MODEL = {"name": "pets", "engine": "openvino", "precision": "float32", "card": CARD}
IMAGES = [image(0, side=200), image(1, side=60), b"no image", image(2, side=180), image(3, side=100), image(4, side=90)]
# Seven labels that are present, and one that is not; none that is.
PRESENT = [{"name": f"label {k}", "probability": 0.9 - k / 10, "present": k < 7, "threshold": 0.25} for k in range(8)]
ABSENT = [{"name": f"label {k}", "probability": 0.2, "present": False, "threshold": 0.25} for k in range(8)]
MANY = [
    {"name": "a red blood cell", "score": 0.9 - place / 100, "xyxy": [x, y, x + 20, y + 20]}
    for place, (x, y) in enumerate((30 * column, 30 * row) for row in range(6) for column in range(6))
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    told: tuple[dict[str, object], ...] = (
        {"boxes": BOXES},
        {"name": CLASSES[0]["name"], "classes": CLASSES},
        {"error": "it is not an image"},
        {"boxes": MANY},
        {"labels": PRESENT},
        {"labels": ABSENT},
    )
    ANSWERS.update({len(data): (0.2 if index == 0 else 0.0, found) for index, (data, found) in
                    enumerate(zip(IMAGES, told, strict=True))})  # fmt: skip
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def transfer(*indices: int) -> str:
    """JavaScript that makes a DataTransfer of some of the images."""
    files = ", ".join(f'[{list(IMAGES[i])}, "image{i}.png"]' for i in indices)
    return (
        f"(() => {{ const all = new DataTransfer(); for (const [bytes, name] of [{files}]) "
        'all.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" })); return all; })()'
    )


def drop(page: Browser, *indices: int, on: str = "document.body") -> bool:
    """Drop images; returns whether the browser leaves the page."""
    event = f'new DragEvent("drop", {{ dataTransfer: {transfer(*indices)}, bubbles: true, cancelable: true }})'
    return bool(page.run(f"{on}.dispatchEvent({event})"))


def answered(page: Browser, count: int) -> None:
    page.run(
        "new Promise((done, fail) => { const end = Date.now() + 10000; (function look() { "
        f'const all = document.querySelectorAll(".answer"); if (all.length === {count} && '
        '[...all].every((one) => one.querySelector(".row, .error"))) done(); '
        "else if (Date.now() > end) fail(document.body.innerText); else setTimeout(look, 20); })(); })"
    )


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_fit_any_width(page: Browser, url: str, width: int, scheme: str) -> None:
    page.open(url, width, scheme)
    drop(page, 0, 1, 2, on="document.querySelector('#drop')")
    answered(page, 3)
    assert page.sideways() == 0
    tracks = page.run('[...document.querySelectorAll(".row .share")].map((one) => one.clientWidth)')
    assert min(tracks) >= 40
    overlaps = page.run(
        '[...document.querySelectorAll(".answer:has(.image)")].filter((one) => { '
        'const [a, b] = [".image", ".told"].map((kind) => one.querySelector(kind).getBoundingClientRect()); '
        "return a.right > b.left && a.bottom > b.top; }).length"
    )
    assert overlaps == 0


def test_boxes_carry_words(page: Browser, url: str) -> None:
    page.open(url, 390)
    drop(page, 0, on="document.querySelector('#drop')")
    answered(page, 1)
    assert page.run('[...document.querySelectorAll(".image .tag")].map((one) => one.innerText).sort()') == [
        "1 dog",
        "2 a rather long name of a rare kind of cat",
    ]
    assert page.run(
        '[...document.querySelectorAll(".tag")].every((tag) => { const [a, b] = [tag, tag.parentElement].map('
        "(one) => one.getBoundingClientRect()); return a.left >= b.left - 1 && a.right <= b.right + 1 && "
        "a.top >= b.top - 1; })"
    )
    assert page.run('[...document.querySelectorAll(".row span")].map((one) => one.innerText)')[0] == "1 dog"
    assert page.run('document.querySelector("img").alt').startswith("image0.png: dog 98.0 %")


def test_an_image_dropped_anywhere_is_taken(page: Browser, url: str) -> None:
    page.open(url)
    assert not drop(page, 1, on="document.body")
    answered(page, 1)
    assert not drop(page)
    assert "save the image first" in page.run('document.querySelector("#status").innerText')


def test_a_pasted_image_is_taken(page: Browser, url: str) -> None:
    page.open(url)
    page.run(f'document.dispatchEvent(new ClipboardEvent("paste", {{ clipboardData: {transfer(1)} }}))')
    answered(page, 1)


def test_answers_stand_in_the_order_of_the_images(page: Browser, url: str) -> None:
    page.open(url)
    drop(page, 0, 1, on="document.querySelector('#drop')")
    drop(page, 2, on="document.querySelector('#drop')")  # while the first, which takes long, is not answered
    answered(page, 3)
    names = page.run('[...document.querySelectorAll(".file")].map((one) => one.innerText)')
    assert names == ["image0.png", "image1.png", "image2.png"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_told_from_what_is_behind_them(page: Browser, url: str, scheme: str) -> None:
    page.open(url, scheme=scheme)
    drop(page, 1, 2, on="document.querySelector('#drop')")
    answered(page, 2)
    for kind in (".error", ".file", "#facts", "#status", ".row span", ".saved button", "footer a"):
        colours = page.run(
            f'[document.querySelector("{kind}"), document.body].map((one) => getComputedStyle(one))'
            ".flatMap((style) => [style.color, style.backgroundColor])"
        )
        assert contrast(colours[0], colours[3]) >= 4.5, kind


def test_its_style_is_that_of_all_pages() -> None:
    page = front_page()
    assert style() in page
    own = page.split("<style>")[1].split("</style>")[0].replace(style(), "")
    assert "--page:" not in own
    stated = {rule.strip() for rule in re.findall(r"([^{}]+\{[^{}]*\})", style())}
    assert not stated & {rule.strip() for rule in re.findall(r"([^{}]+\{[^{}]*\})", own)}


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_colours_of_the_page_contrast(scheme: int) -> None:
    """The same from the style sheet, where there is no browser."""
    colours = dict(re.findall(r"--(\w+): (#\w{6})", re.findall(r":root \{[^}]*\}", front_page())[scheme]))
    for name in ("ink", "dim", "bad", "link"):
        for behind in ("page", "soft"):
            assert contrast(colours[name], colours[behind]) >= 4.5, (name, behind)
    assert contrast(colours["bar"], colours["soft"]) >= 3


def test_all_can_be_done_with_the_keyboard(page: Browser, url: str) -> None:
    page.open(url)
    drop(page, 1, on="document.querySelector('#drop')")
    answered(page, 1)
    reached = page.run(
        '[...document.querySelectorAll("#files, select, button, summary, a")].filter((one) => one.offsetParent)'
        ".map((one) => { one.focus(); return document.activeElement === one && (one.id || one.innerText); })"
    )
    assert reached[:4] == ["method", "files", "the drawn image", "an archive"]
    assert all(reached)
    assert page.run("document.querySelectorAll(\"a[href='#']\").length") == 0


def test_an_image_that_nobody_can_read_leaves_no_gap(page: Browser, url: str) -> None:
    page.open(url)
    drop(page, 2)  # at once: it waits until the page knows the models
    answered(page, 1)
    assert page.run('document.querySelector(".error").innerText') == "it is not an image"
    assert page.run('document.querySelectorAll(".image").length') == 0


def test_the_words_of_many_boxes_leave_the_image_to_be_seen(page: Browser, url: str) -> None:
    page.open(url, 390)
    drop(page, 3)
    answered(page, 1)
    over = page.run(
        '(() => { const wide = document.querySelector(".image").clientWidth; '
        'return [...document.querySelectorAll(".tag")].filter((one) => one.offsetWidth > wide / 8).length; })()'
    )
    assert over == 0
    assert page.run('document.querySelectorAll(".tag").length') == 36
    assert page.run('document.querySelector("summary").innerText') == "and 24 more"
    assert page.run('document.querySelectorAll("details .row").length') == 24


def test_every_label_that_is_present_is_shown_and_said(page: Browser, url: str) -> None:
    page.open(url, 390)
    drop(page, 4, 5)
    answered(page, 2)
    names = page.run(
        '[...document.querySelectorAll(".answer")].map((one) => '
        '[...one.querySelectorAll(".row span:first-child")].map((two) => two.innerText))'
    )
    assert names == [[f"✓ label {k}" for k in range(7)], [f"label {k}" for k in range(5)]]
    assert page.run('document.querySelectorAll(".absent").length') == 5
    spoken = page.run('[...document.querySelectorAll(".image img")].map((one) => one.alt)')
    assert spoken[0].startswith("image4.png: label 0 90.0 %, label 1")
    assert "label 6" in spoken[0]
    assert spoken[1] == "image5.png: none"


def test_an_explanation_is_drawn_by_the_server(page: Browser, url: str) -> None:
    page.open(url, 390)
    methods = page.run('[...document.querySelectorAll("#method option")].map((one) => one.value)')
    assert methods == ["", *METHODS]
    page.run('document.querySelector("#method").value = "occlusion"')
    drop(page, 0, 1)
    page.run(
        "new Promise((done, fail) => { const end = Date.now() + 10000; (function look() { "
        'if (document.querySelectorAll("a.saved").length === 2) done(); '
        "else if (Date.now() > end) fail(document.body.innerText); else setTimeout(look, 20); })(); })"
    )
    assert page.run('[...document.querySelectorAll(".answer img")].map((one) => one.naturalWidth)') == [300, 300]
    assert page.run('document.querySelector("img").alt') == "image0.png: what the answer depends on, by occlusion"
    assert page.run('document.querySelector("a.saved").download') == "image0.occlusion.png"
    assert page.sideways() == 0
