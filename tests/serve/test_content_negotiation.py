"""Which format a client gets, by its Accept header."""

import pytest

from convsight.serve.content_negotiation import acceptable

JSON, PNG, ZIP = FORMATS = ["application/json", "image/png", "application/zip"]


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", FORMATS),
        ("*/*", FORMATS),
        ("application/json", [JSON]),
        ("application/json; charset=utf-8", [JSON]),
        ("IMAGE/PNG", [PNG]),
        ("image/*", [PNG]),
        ("application/*", [JSON, ZIP]),
        ("application/json;q=0.2, application/zip;q=0.9", [ZIP, JSON]),
        ("application/zip, image/png", [PNG, ZIP]),  # as wanted, and offered first
        ("image/png, */*", [PNG, JSON, ZIP]),  # as wanted, and meant more closely
        ("text/html, */*;q=0.1", FORMATS),
        ("image/*;q=0, */*", [JSON, ZIP]),
        ("image/png;q=0, image/*", []),
        ("*/*;q=0", []),
        ("application/*;q=0.5, application/json;q=0.1", [ZIP, JSON]),
        ("text/html", []),
        ("nonsense", []),
        (",;,q=1,", []),
        ("image/png;q=abc", []),
        ("image/png;q=nan, application/zip;q=2, application/json;q=-1", []),
        ("image/png;q=0.5;level=1, application/zip;q=.4", [PNG, ZIP]),
    ],
)
def test_what_is_wanted_first(accept: str, wanted: list[str]) -> None:
    assert acceptable(accept, FORMATS) == wanted
