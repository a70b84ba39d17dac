"""An image from the web, only where the user names its URL."""

import http.client
import time
import urllib.error
import urllib.request
from typing import IO

from convsight.images import ImageError
from convsight.runtime.sources.item import Item

TIMEOUT_S = 30.0  # for the whole image
LARGEST_BYTES = 200_000_000
_REDIRECTS = 5
_CHUNK = 1 << 16  # bytes


def is_url(text: str) -> bool:
    """Whether `text` is an address that can be fetched.

    >>> is_url("https://example.org/cat.jpg"), is_url("file:///etc/passwd")
    (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


def url_item(url: str, timeout_s: float = TIMEOUT_S, largest_bytes: int = LARGEST_BYTES) -> Item:
    """The image at `url`, fetched at its turn."""
    return Item(url, lambda: fetch(url, timeout_s, largest_bytes))


def fetch(url: str, timeout_s: float = TIMEOUT_S, largest_bytes: int = LARGEST_BYTES) -> bytes:
    """What is at `url`, an http or https address.

    Raises `ImageError` that says what happened: refused, missing, moved in circles, too slow, too large, cut short.
    """
    deadline = time.monotonic() + timeout_s
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "convsight"})  # noqa: S310 -- see _opener
        with _opener().open(request, timeout=timeout_s) as response:
            return _read(response, url, deadline, largest_bytes)
    except TimeoutError as error:
        raise ImageError(f"{url} took longer than {timeout_s:g} s; try again later, or download it") from error
    except urllib.error.HTTPError as error:
        with error:  # it holds the connection
            reason = str(error.reason).splitlines()[0]
        raise ImageError(f"cannot fetch {url}: the server answers {error.code} {reason}; check the address") from error
    # Reasons of URLError may be exceptions themselves; InvalidURL and its like are HTTPException or ValueError.
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(getattr(error, "reason", None), TimeoutError):
            raise ImageError(f"{url} took longer than {timeout_s:g} s; try again later, or download it") from error
        raise ImageError(f"cannot fetch {url}: {_reason(error)}; check the address") from error


def _read(response: IO[bytes], url: str, deadline: float, largest_bytes: int) -> bytes:
    """The body, read piece by piece, so that no server can make it take forever or fill the memory."""
    expected = getattr(response, "length", None)
    parts: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):  # type: ignore[attr-defined]
        size += len(chunk)
        if size > largest_bytes:
            raise ImageError(f"{url} is larger than {largest_bytes:,} bytes; download it and make it smaller")
        if time.monotonic() > deadline:
            raise TimeoutError
        parts.append(chunk)
    if expected is not None and size < expected:
        raise ImageError(f"{url} was cut short: {size:,} of {expected:,} bytes came; try again")
    return b"".join(parts)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, and none away from the web; the standard library would allow ftp."""

    max_redirections = _REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not is_url(newurl):
            reason = f"{msg} - Redirection to {newurl}, which is neither http nor https"
            raise urllib.error.HTTPError(req.full_url, code, reason, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Of http and https alone: what the standard library offers would open local files too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
        _Redirects,
    ):
        opener.add_handler(handler())
    return opener


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__
