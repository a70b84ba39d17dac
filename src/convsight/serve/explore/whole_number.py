"""Numbers in addresses."""

from convsight.serve.refusal import RefusedError


def whole(name: str, text: str) -> int:
    """A number in an address; raises `RefusedError` with status 404 for what is none."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise RefusedError(404, f"no {name} {text[:50]!r}: give a whole number, counted from 0")
    return int(text)
