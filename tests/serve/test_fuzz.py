"""Mutated requests: whatever comes, the answer is one of the agreed ones and the server lives on."""

import base64
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serve.live import Live, image

AGREED = {200, 400, 404, 405, 408, 413, 415, 421, 422, 503}
GOOD = image(kind="JPEG")
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + GOOD + b"\r\n--x--\r\n"
JSON = json.dumps({"pictures": [base64.b64encode(GOOD).decode()]}).encode()
KINDS = ("image/jpeg", "application/json", "multipart/form-data; boundary=x", "text/plain", "")
BODIES = (GOOD, image(), FORM, JSON)

edits = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 5), st.binary(max_size=5)), max_size=6)


def mutated(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """`data` with stretches of it replaced."""
    for place, length, piece in changes:
        at = place % (len(data) + 1)
        data = data[:at] + piece + data[at + length :]
    return data


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(BODIES), st.sampled_from(KINDS), edits)
def test_mutated_bodies(server: Live, body: bytes, kind: str, changes: list[tuple[int, int, bytes]]) -> None:
    found = server.post(mutated(body, changes), kind)
    assert found.status_code in AGREED
    assert found.json()
    assert server.process.poll() is None


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits)
def test_mutated_requests(server: Live, changes: list[tuple[int, int, bytes]]) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: image/jpeg\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(GOOD)
    said = server.raw(mutated(request, changes) + GOOD + b"\r\n\r\n")
    assert said == b"" or int(said.split()[1]) in AGREED | {404}
    assert server.get("/health").status_code == 200
