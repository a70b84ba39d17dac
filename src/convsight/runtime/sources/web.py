"""An image from the web, only where the user names its URL."""

import http.client
import urllib.error
import urllib.request
from typing import IO

from convsight.images import ImageError
from convsight.runtime.sources.item import Item
from convsight.runtime.sources.limited_http import LimitedHTTP, LimitedHTTPS, Limits, TooLargeError

TIMEOUT_S = 30.0  # for the whole image: connections, heads, redirects and body
LARGEST_BYTES = 200_000_000
_REDIRECTS = 5
_CHUNK = 1 << 16  # bytes
_HEADS = 1_000_000  # bytes; of all heads, and of what redirects say beside the address


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
    too_large = f"{url} is larger than {largest_bytes:,} bytes; download it and make it smaller"
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "convsight"})  # noqa: S310 -- see _opener
        with _opener(Limits(timeout_s, largest_bytes + _HEADS)).open(request) as response:
            content = _read(response, url)
    except TooLargeError as error:
        raise ImageError(too_large) from error
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
    if len(content) > largest_bytes:
        raise ImageError(too_large)
    return content


def _read(response: IO[bytes], url: str) -> bytes:
    """The body, read piece by piece: what is told of its length need not be true."""
    expected = getattr(response, "length", None)
    parts: list[bytes] = []
    while chunk := response.read1(_CHUNK):  # type: ignore[attr-defined]
        parts.append(chunk)
    content = b"".join(parts)
    if expected is not None and len(content) < expected:
        raise ImageError(f"{url} was cut short: {len(content):,} of {expected:,} bytes came; try again")
    return content


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


def _opener(limits: Limits) -> urllib.request.OpenerDirector:
    """Of http and https alone: what the standard library offers would open local files too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        LimitedHTTP(limits),
        LimitedHTTPS(limits),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error) or type(error).__name__
