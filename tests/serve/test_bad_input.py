"""Every bad request gets its own answer, and the server lives on."""

import base64
import json
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image
from tests.serve.live import Live, image, live, read_all, request, slow_image, wait_until

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@pytest.fixture(autouse=True)
def lives_on(server: Live) -> Iterator[None]:
    """After each of these tests a good image is answered, and nothing is held any more."""
    yield
    assert server.post(image()).status_code == 200
    wait_until(lambda: server.metric("convsight_waiting_pictures") == server.metric("convsight_waiting_bytes") == 0)


def huge_png(side: int = 20_000) -> bytes:
    """A few bytes that declare 400 megapixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    written = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello, this is text", "not an image"),
        (image(kind="JPEG", side=200)[:2000], "cut short"),
        (huge_png(), "megapixels"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "cannot be decoded"),
    ],
    ids=["empty", "text", "truncated", "bomb", "header-only"],
)
def test_a_body_that_is_no_image(server: Live, content: bytes, words: str) -> None:
    found = server.post(content)
    assert found.status_code == 422
    assert words in found.json()["answers"][0]["error"]


def test_a_gif_is_answered_by_its_first_frame(server: Live) -> None:
    first, second = (Image.open(BytesIO(image(seed))) for seed in (1, 2))
    animation, alone = BytesIO(), BytesIO()
    first.save(animation, "GIF", save_all=True, append_images=[second])
    first.save(alone, "GIF")
    found = server.post(animation.getvalue(), "image/gif")
    assert found.status_code == 200
    assert found.json() == server.post(alone.getvalue(), "image/gif").json()


@pytest.mark.parametrize("chunked", [False, True])
def test_fifty_megabytes(server: Live, chunked: bool) -> None:
    before = server.memory_mib()
    block = bytes(1_000_000)
    found = server.post((block for _ in range(50)) if chunked else block * 50)
    assert found.status_code == 413
    assert "--max-body-mb" in found.json()["error"]
    assert server.memory_mib() - before < 45


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "video/mp4", "nonsense"])
def test_another_content_type(server: Live, kind: str) -> None:
    found = server.post(image(), kind)
    assert found.status_code == 415
    assert "multipart/form-data" in found.json()["error"]


def test_a_compressed_body(server: Live) -> None:
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    assert request("POST", server.url + "/predict", content=image(), headers=headers).status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"pictures": 3}',
        b'{"pictures": []}',
        b'{"pictures": [3]}',
        b'{"images": ["AAAA"]}',
        b'{"pictures": ["AAAA"], "more": 1}',
        b'{"pictures": ["not base64!"]}',
        b'{"pictures": ["AAA"]}',
        '{"pictures": ["ä"]}'.encode(),
        b'{"pictures": ["\xff"]}',
        b'{"pictures": [NaN]}',
        b"[" * 100_000,
        b'{"pictures":' * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_json_that_is_not_as_agreed(server: Live, body: bytes) -> None:
    found = server.post(body, "application/json")
    assert found.status_code == 400
    assert found.json()["error"]


def test_base64_of_no_image(server: Live) -> None:
    body = json.dumps({"pictures": [base64.b64encode(b"text").decode()]}).encode()
    assert server.post(body, "application/json").status_code == 422


def test_too_many_images(server: Live) -> None:
    body = json.dumps({"pictures": [base64.b64encode(image()).decode()] * 65}).encode()
    assert server.post(body, "application/json").status_code == 413
    files = [("file", ("a.png", image()))] * 65
    assert request("POST", server.url + "/predict", files=files).status_code == 413
    before = server.memory_mib()
    assert server.post(b'{"pictures": [' + b"0," * 9_000_000 + b"0]}", "application/json").status_code == 413
    assert server.memory_mib() - before < 60


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\nabc\r\n--y--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc'),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 1000),
        ("multipart/form-data; boundary=" + "x" * 300, b"--" + b"x" * 300),
    ],
)
def test_a_form_that_is_none(server: Live, kind: str, body: bytes) -> None:
    assert server.post(body, kind).status_code == 400


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\windows\\x", "a\0b", "<script>", "ä" * 1000, ""])
def test_names_are_told_back_and_never_used(server: Live, name: str) -> None:
    quoted = name.replace("\\", "\\\\").encode()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + quoted
        + b'"\r\n\r\n'
        + image()
        + b"\r\n--x--"
    )
    found = server.post(body, "multipart/form-data; boundary=x")
    assert found.status_code in {200, 400}
    if found.status_code == 200:
        assert len(found.json()["answers"][0]["file"]) <= 255
        assert "labels" in found.json()["answers"][0]


@pytest.mark.parametrize("path", ["/predict/nothing", "/predict?model=nothing", "/predict/..digits%00"])
def test_an_unknown_model(server: Live, path: str) -> None:
    found = server.post(image(), path=path)
    assert found.status_code == 404
    assert "known: digits" in found.json()["error"]


def test_other_paths_and_methods(server: Live) -> None:
    assert server.get("/nothing").json() == {"error": "Not Found"}
    assert server.get("/../../etc/passwd").status_code == 404
    assert server.get("/predict").status_code == 405
    assert request("DELETE", server.url + "/predict").status_code == 405


@pytest.mark.parametrize(
    "length",
    [b"-1", b"abc", b"1e3", b"18446744073709551617", b"5\r\nContent-Length: 6", b"5\r\nTransfer-Encoding: chunked"],
)
def test_a_content_length_that_cannot_be(server: Live, length: bytes) -> None:
    said = server.raw(HEAD + b"Content-Length: " + length + b"\r\n\r\nhello")
    assert said.split()[1] in {b"400", b"413", b"422"}


def test_a_body_shorter_than_its_content_length(server: Live) -> None:
    with socket.create_connection(server.address) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nhello")
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b""


def test_a_client_that_ends_its_side_when_it_has_asked_is_answered(server: Live) -> None:
    body = image()
    one = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for count in (1, 3):
        with socket.create_connection(server.address, timeout=30) as connection:
            connection.sendall(one * count)
            connection.shutdown(socket.SHUT_WR)
            said = read_all(connection)
        assert said.startswith(b"HTTP/1.1 200")
        assert said.count(b"HTTP/1.1 ") == said.count(b'"labels"') == count


def test_no_http_at_all(server: Live) -> None:
    assert b"400" in server.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello\r\n\r\n")
    assert b"400" in server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a" * 100_000)
    assert b"400" in server.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello")


def test_a_body_that_comes_byte_by_byte(trained: Path) -> None:
    start = time.monotonic()
    with (
        live(trained, hasty=True) as running,
        socket.create_connection(running.address, timeout=30) as connection,
    ):
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        said = b""
        connection.settimeout(0.2)
        while not said and time.monotonic() < start + 20:
            connection.sendall(b"x")
            try:
                said = connection.recv(1000)
            except TimeoutError:
                continue
        assert said.split()[1] == b"408"
        assert running.post(image()).status_code == 200


def test_a_client_that_goes_in_the_middle(server: Live) -> None:
    gone = server.metric("convsight_requests_total", status="499")
    for _ in range(20):
        with socket.create_connection(server.address) as connection:
            connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n" + bytes(200_000))
    wait_until(lambda: server.metric("convsight_requests_total", status="499") >= gone + 20)


def test_a_client_that_goes_while_its_images_are_read(server: Live) -> None:
    gone = server.metric("convsight_requests_total", status="499")
    dropped = server.metric("convsight_pictures_total", outcome="dropped")
    form = httpx.Request("POST", server.url, files=[("file", ("a.png", slow_image(6000)))] * 24)
    body = form.read()
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + form.headers["content-type"].encode()
    with socket.create_connection(server.address) as connection:
        connection.sendall(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: server.metric("convsight_waiting_pictures") > 0)
    wait_until(lambda: server.metric("convsight_requests_total", status="499") == gone + 1)
    wait_until(lambda: server.metric("convsight_waiting_pictures") == 0)
    assert server.metric("convsight_pictures_total", outcome="dropped") > dropped


def grey_png(side: int) -> bytes:
    """A whole image, grey and half transparent: the more of these it holds, the smaller the file beside them."""
    file = BytesIO()
    Image.new("LA", (side, side), (100, 128)).save(file, "PNG")
    return file.getvalue()


def test_a_hundred_megapixels_are_refused_before_they_are_read(server: Live) -> None:
    before = server.peak_mib()
    found = server.post(grey_png(10_000))
    assert found.status_code == 422
    assert "100 megapixels, over the limit of 50" in found.json()["answers"][0]["error"]
    assert server.peak_mib() - before < 50


def test_images_just_under_the_limit_are_not_read_all_at_once(trained: Path) -> None:
    files = [("file", ("a.png", grey_png(7000)))] * 3
    with live(trained, "--workers", "3") as running:
        found = request("POST", running.url + "/predict", files=files, timeout=120)
        assert found.status_code == 200
        # One of them takes half a gigabyte on the way to RGB, which is given back before the next one is read.
        assert running.peak_mib() < 1000


def test_requests_behind_one_another_on_one_connection(server: Live) -> None:
    body = image()
    one = HEAD + b"Content-Length: %d\r\n" % len(body)
    said = server.raw((one + b"\r\n" + body) * 5 + one + b"Connection: close\r\n\r\n" + body)
    assert said.count(b"HTTP/1.1 200") == 6
