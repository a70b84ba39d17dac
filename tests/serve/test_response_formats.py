"""Predictions as drawn images and as archives: what is in them, when they are refused, what they may hold."""

import io
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.serve.live import Live, image, live, request, wait_until

import convsight
from convsight.images import decode_image
from convsight.results import Difference, Label, Result
from convsight.serve.admission import Admission
from convsight.serve.refusal import RefusedError
from convsight.serve.response_formats import JSON, PNG, ZIP, Archive, format_of, formats_for

HOSTILE = ["../../etc/passwd", "C:\\windows\\x.png", "/a/b.png", "<script>.png", "..", ""]


@pytest.fixture(autouse=True)
def lives_on(server: Live) -> Iterator[None]:
    """After each of these tests nothing is held any more."""
    yield
    wait_until(lambda: server.metric("convsight_waiting_pictures") == server.metric("convsight_waiting_bytes") == 0)


def ask(server: Live, files: list[tuple[str, bytes]], accept: str) -> httpx.Response:
    form = [("file", file) for file in files]
    return request("POST", server.url + "/predict", files=form, headers={"Accept": accept})


def drawn(trained: Path, file: bytes) -> bytes:
    result = convsight.load(trained).predict(file)
    assert isinstance(result, Label)
    return result.draw(decode_image(file)).tobytes()


def pixels(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as opened:
        assert opened.format == "PNG"
        return opened.tobytes()


def test_one_image_is_drawn(server: Live, trained: Path) -> None:
    for kind in ("PNG", "JPEG"):
        file = image(1, kind, 300)
        found = ask(server, [("a", file)], "image/png")
        assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
        assert found.headers["vary"] == "Accept"
        assert pixels(found.content) == drawn(trained, file)


def test_a_response_of_many_pieces_is_whole(server: Live, trained: Path) -> None:
    file = image(side=700)
    found = ask(server, [("a", file)], "image/png")
    assert int(found.headers["content-length"]) == len(found.content) > 10 * 2**16
    assert pixels(found.content) == drawn(trained, file)


def test_an_archive_has_the_json_and_the_drawn_image_of_each(server: Live, trained: Path) -> None:
    files = [("cat.png", image(1)), ("notes.txt", b"no image"), ("cat.png", image(2))]
    found = ask(server, files, "application/zip")
    assert (found.status_code, found.headers["content-type"]) == (200, "application/zip")
    answers = ask(server, files, "application/json").json()["answers"]
    with ZipFile(io.BytesIO(found.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "000001-cat.json",
            "000001-cat.drawn.png",
            "000002-notes.json",
            "000003-cat.json",
            "000003-cat.drawn.png",
        ]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
        for position, answer in enumerate(answers, 1):
            [name] = [name for name in archive.namelist() if name.startswith(f"{position:06d}") and "json" in name]
            assert json.loads(archive.read(name)) == {"version": 1, "model": "digits", **answer}
        assert pixels(archive.read("000003-cat.drawn.png")) == drawn(trained, image(2))
    assert ask(server, files, "application/zip").content == found.content


def test_names_in_an_archive_are_no_paths(server: Live) -> None:
    found = ask(server, [(name, image()) for name in HOSTILE], "application/zip")
    with ZipFile(io.BytesIO(found.content)) as archive:
        names = archive.namelist()
    assert len(set(names)) == 2 * len(HOSTILE)
    for name in names:
        assert not set(name) & set("/\\<>\0")
        assert name[:6].isdigit()


@pytest.mark.parametrize(
    ("accept", "count", "kind"),
    [
        ("*/*", 1, JSON),
        ("text/html, */*;q=0.1", 1, JSON),
        ("image/*, application/json;q=0.5", 1, PNG),
        ("image/*, application/json;q=0.5", 2, JSON),
        ("image/png, application/zip;q=0.9, */*;q=0.1", 2, ZIP),
    ],
)
def test_the_format_is_what_the_client_wants_most_of_what_there_is(
    server: Live, accept: str, count: int, kind: str
) -> None:
    found = ask(server, [("a.png", image())] * count, accept)
    assert (found.status_code, found.headers["content-type"]) == (200, kind)


def test_no_accept_header_is_json(server: Live) -> None:
    body = image()
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert json.loads(server.raw(head + body).partition(b"\r\n\r\n")[2])["version"] == 1


@pytest.mark.parametrize(
    ("accept", "count", "words"),
    [
        ("text/html", 1, "application/json, image/png, application/zip"),
        ("image/jpeg", 1, "application/json, image/png, application/zip"),
        ("application/json;q=0", 1, "application/json"),
        ("image/png", 2, "2 were sent: ask for application/zip"),
    ],
)
def test_what_cannot_be_had_is_refused(server: Live, accept: str, count: int, words: str) -> None:
    found = ask(server, [("a.png", image())] * count, accept)
    assert (found.status_code, found.headers["content-type"]) == (406, "application/json")
    assert words in found.json()["error"]


@pytest.mark.parametrize("accept", ["image/png", "application/zip"])
def test_what_is_not_answered_is_told_as_json(server: Live, accept: str) -> None:
    found = ask(server, [("a.png", b"no image")], accept)
    assert (found.status_code, found.headers["content-type"]) == (422, "application/json")
    assert "no image" in found.json()["answers"][0]["error"]


class Plain(Result):
    """A result that cannot be drawn, and has files."""

    def to_json(self) -> dict[str, Any]:
        return {"words": "plain"}

    def summary(self) -> str:
        return "plain"

    def difference(self, other: "Plain") -> Difference:
        return Difference(0.0, 1.0)

    def files(self) -> dict[str, bytes]:
        return {"mask.png": b"a mask", "txt": b"words" * 100}


def test_results_that_cannot_be_drawn_offer_no_image(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = convsight.load(trained).reader
    assert formats_for("image/*, */*;q=0.1", reader) == [PNG, JSON, ZIP]
    monkeypatch.setattr(type(reader), "result", Plain)
    assert formats_for("image/*, */*;q=0.1", reader) == [JSON, ZIP]
    with pytest.raises(RefusedError, match="cannot be drawn on an image; ask for application/json or") as refused:
        formats_for("image/png", reader)
    assert refused.value.status == 406
    with pytest.raises(RefusedError, match="none of the types"):
        formats_for("text/html", reader)


def test_one_image_that_may_be_several() -> None:
    assert format_of([PNG], 1) == PNG
    assert format_of([PNG, ZIP], 2) == ZIP


def test_files_of_a_result_are_in_the_archive() -> None:
    archive = Archive("m", 50.0)
    grown = archive.add(1, {"file": "a.png", "words": "plain"}, Plain(), b"")
    grown += archive.add(2, {"file": "b.png", "error": "what"}, None, b"")
    whole = archive.close()
    assert 0 < grown < len(whole)
    with ZipFile(io.BytesIO(whole)) as read:
        assert read.namelist() == ["000001-a.json", "000001-a.mask.png", "000001-a.txt", "000002-b.json"]
        assert read.read("000001-a.txt") == b"words" * 100
        assert read.getinfo("000001-a.txt").compress_size < 100


def smooth(side: int) -> bytes:
    """A JPEG file that is small beside its PNG."""
    pixels = np.random.default_rng(0).integers(0, 256, (side // 50, side // 50, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return file.getvalue()


@pytest.mark.slow
def test_what_is_sent_is_bounded_like_what_comes(trained: Path) -> None:
    file = smooth(3000)
    with live(trained, "--max-body-mb", "8", "--max-waiting-mb", "16", "--workers", "1") as running:
        one = ask(running, [("a.jpg", file)], "image/png")
        size = len(one.content)
        assert one.status_code == 200
        assert 8 * len(file) < size
        assert 8e6 < size < 15e6  # more than a connection takes by itself, and than half of what may wait
        before = running.peak_mib()
        found = ask(running, [("a.jpg", file)] * 6, "application/zip")
        assert found.status_code == 413
        assert "--max-waiting-mb" in found.json()["error"]
        assert running.peak_mib() - before < 60
        wait_until(lambda: running.metric("convsight_waiting_bytes") == 0)
        # A client that does not read what it asked for holds it, and others are told so, until it goes.
        with socket.create_connection(running.address) as slow:
            head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nAccept: image/png\r\nContent-Length: %d\r\n\r\n"
            slow.sendall(head % len(file) + file)
            wait_until(lambda: running.metric("convsight_waiting_bytes") > size)
            assert ask(running, [("a.jpg", file)], "image/png").status_code == 503
        wait_until(lambda: running.metric("convsight_waiting_bytes") == 0)
        assert ask(running, [("a.jpg", file)], "image/png").status_code == 200


def test_a_client_that_goes_while_its_archive_is_written(trained: Path) -> None:
    with live(trained, "--workers", "1") as running:
        form = httpx.Request("POST", running.url, files=[("file", ("a.jpg", smooth(3000)))] * 16)
        body, kind = form.read(), form.headers["content-type"].encode()
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nAccept: application/zip\r\nContent-Type: " + kind
        with socket.create_connection(running.address) as connection:
            connection.sendall(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            wait_until(lambda: running.metric("convsight_pictures_total", outcome="answered") == 16)
        wait_until(lambda: running.metric("convsight_requests_total", status="499") == 1)
        wait_until(lambda: running.metric("convsight_waiting_bytes") == 0)


def test_one_request_that_takes_all_there_is_is_told_another_word_than_a_busy_server() -> None:
    admission = Admission(10, 1000)
    one, other = admission.ticket(), admission.ticket()
    one.add_bytes(900)
    with pytest.raises(RefusedError, match="try again") as refused:
        other.add_bytes(200)
    assert refused.value.status == 503
    with pytest.raises(RefusedError, match="--max-waiting-mb") as refused:
        one.add_bytes(200)
    assert refused.value.status == 413
    one.release()
    other.add_bytes(1000)
