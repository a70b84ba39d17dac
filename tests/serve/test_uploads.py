"""Images in the body of a request, without a server."""

import base64
import json

import pytest

from convsight.serve.refusal import RefusedError
from convsight.serve.uploads import uploads

FILE = bytes(range(256)) * 3
BASE64 = base64.b64encode(FILE).decode()


def from_json(texts: list[str], most: int = 64) -> list[bytes]:
    return [each.data for each in uploads(json.dumps({"pictures": texts}).encode(), "application/json", most)]


@pytest.mark.parametrize(
    "text",
    [
        BASE64,
        base64.encodebytes(FILE).decode(),
        base64.encodebytes(FILE).decode().replace("\n", "\r\n"),
        f"data:image/png;base64,{BASE64}",
        f"DATA:image/png;name=a.png;Base64,{BASE64}",
        f" data:;base64,\n{base64.encodebytes(FILE).decode()}",
    ],
)
def test_base64_as_programs_write_it(text: str) -> None:
    assert from_json([text]) == [FILE]
    assert from_json([text] * 3, 3) == [FILE] * 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data:image/svg+xml,%3Csvg%3E", "without ;base64"),
        ("data:image/png;base64", "not base64"),
        (f"data:image/png;base64,{BASE64}!", "not base64"),
        (f"{BASE64},{BASE64}", "not base64"),
    ],
)
def test_what_is_no_base64(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as refusal:
        from_json([text])
    assert refusal.value.status == 400


@pytest.mark.parametrize("text", [BASE64, f"data:image/png;base64,{BASE64}"])
def test_images_are_counted_whatever_they_are_written_as(text: str) -> None:
    assert len(from_json([text] * 4, 4)) == 4
    for count in (5, 9, 100):
        with pytest.raises(RefusedError, match="more than 4 images") as refusal:
            from_json([text] * count, 4)
        assert refusal.value.status == 413
