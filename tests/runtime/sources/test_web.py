"""URLs against a real server on this machine."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from convsight.images import ImageError
from convsight.runtime.model import Model
from convsight.runtime.sources import read_sources
from convsight.runtime.sources.web import fetch

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(50_000)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name, _, number = self.path.strip("/").partition("-")
        match name:
            case "missing":
                self.send_error(404)
            case "circle":
                self.move("/circle")
            case "away" | "inner" | "next":
                self.move({"away": "file:///etc/passwd", "inner": "ftp://127.0.0.1/cat.jpg", "next": "/picture"}[name])
            case "far":
                self.move(f"/far-{int(number) + 1}" if int(number) < 20 else "/picture")
            case "stuck":
                time.sleep(3)
            case "slow" | "endless":
                self.drip(0.1 if name == "slow" else 0)
            case "head":
                self.drip_head()
            case "onwards":
                time.sleep(0.2)
                self.move(f"/onwards-{int(number) + 1}")
            case "moved":
                self.send_response(302)
                self.send_header("Location", "/picture")
                self.end_headers()
                self.flood(0)
            case "short":
                self.answer(IMAGE, length=2 * len(IMAGE))
            case "text":
                self.answer(b"<html>no picture</html>")
            case _:
                self.answer(IMAGE)

    def answer(self, content: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def move(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.end_headers()

    def drip(self, pause_s: float) -> None:
        self.send_response(200)
        self.end_headers()
        self.flood(pause_s)

    def drip_head(self) -> None:
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            pass  # the client had enough

    def flood(self, pause_s: float) -> None:
        try:
            for _ in range(10_000):
                self.wfile.write(bytes(10_000))
                time.sleep(pause_s)
        except OSError:
            pass  # the client had enough

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("page", ["picture", "next"])
def test_what_is_there_comes_whole(site: str, page: str) -> None:
    assert fetch(f"{site}/{page}") == IMAGE


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("missing", "the server answers 404 Not Found"),
        ("circle", "redirect"),
        ("far-0", "redirect"),
        ("away", "file:///etc/passwd' is not allowed"),
        ("inner", "ftp://127.0.0.1/cat.jpg, which is neither http nor https"),
        ("stuck", "took longer than 0.5 s"),
        ("slow", "took longer than 0.5 s"),
        ("head", "took longer than 0.5 s"),
        ("onwards-0", "took longer than 0.5 s"),
        ("endless", "larger than 1,000,000 bytes"),
        ("moved", "larger than 1,000,000 bytes"),
        ("short", "50,008 of 100,016 bytes"),
    ],
)
def test_what_goes_wrong_is_said(site: str, page: str, message: str) -> None:
    start = time.monotonic()
    with pytest.raises(ImageError) as error:
        fetch(f"{site}/{page}", timeout_s=0.5 if "0.5" in message else 20, largest_bytes=1_000_000)
    assert f"{site}/{page}" in str(error.value)
    assert message in str(error.value)
    assert time.monotonic() - start < 30  # not the minutes that the server would take


def test_addresses_that_lead_nowhere() -> None:
    for url in ("http://127.0.0.1:1/cat.jpg", "http://nowhere.invalid/cat.jpg", "http://[broken/", "http://a b/"):
        with pytest.raises(ImageError, match="cannot fetch"):
            fetch(url)


def test_text_instead_of_an_image_is_reported_under_its_address(site: str, model: Model) -> None:
    [answer] = model.predict_many(read_sources([f"{site}/text"]))
    assert answer.error is not None
    assert answer.error.startswith(f"{site}/text is not an image that can be read")
