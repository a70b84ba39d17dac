"""HTTP by the standard library under one limit of time and one of bytes, whatever a server does on the way.

The library's own time limit is for each step: an address that is tried, a piece that is received. A server that sends
a byte at a time, in its head or its body, or moves the client on and on, could hold it forever.
"""

import http.client
import io
import socket
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO


class TooLargeError(Exception):
    """More bytes came than are allowed."""


class Limits:
    """What one answer may take, redirects included: `seconds` from now, and so many `bytes` with all heads.

    The search for the address of a name alone is the system's, and bounded by it.
    """

    def __init__(self, seconds: float, largest_bytes: int) -> None:
        self._end = time.monotonic() + seconds
        self._bytes = largest_bytes

    def seconds_left(self) -> float:
        """How long the next step may take; raises TimeoutError where no time is left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def spend(self, count: int) -> None:
        """Count what came; raises `TooLargeError`."""
        self._bytes -= count
        if self._bytes < 0:
            raise TooLargeError


class LimitedHTTP(urllib.request.HTTPHandler):
    """Opens http addresses within `limits`."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_made(http.client.HTTPConnection, self._limits), req)


class LimitedHTTPS(urllib.request.HTTPSHandler):
    """Opens https addresses within `limits`."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_made(http.client.HTTPSConnection, self._limits), req)


def _made(kind: type[http.client.HTTPConnection], limits: Limits) -> Callable[..., http.client.HTTPConnection]:
    """What makes connections of a kind that keep to `limits`."""

    def make(host: str, timeout: float, **options: Any) -> http.client.HTTPConnection:
        connection = kind(host, timeout=limits.seconds_left(), **options)
        connection.response_class = partial(_Response, limits)  # type: ignore[assignment]  # it is only called
        # The one step that is not behind a public name: each address of a host would have the whole time.
        connection._create_connection = partial(_connected, limits)  # type: ignore[attr-defined]
        return connection

    return make


def _connected(limits: Limits, address: tuple[str, int], *_: object) -> socket.socket:
    """A connection to the first address of a host that takes one; raises OSError."""
    failure: OSError = OSError("the name has no address")
    for found in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        try:
            return socket.create_connection((str(found[4][0]), address[1]), limits.seconds_left())
        except OSError as error:
            failure = error
    raise failure


class _Response(http.client.HTTPResponse):
    def __init__(self, limits: Limits, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_LimitedReader(limits, sock, self.fp))


class _LimitedReader(io.RawIOBase):
    """What `file` reads from `sock`, each piece in what is left of the time."""

    def __init__(self, limits: Limits, sock: socket.socket, file: BinaryIO) -> None:
        self._limits = limits
        self._sock = sock
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            self._sock.settimeout(self._limits.seconds_left())
            piece: bytes = self._file.read1(len(buffer))  # type: ignore[attr-defined]
            self._limits.spend(len(piece))
        except BaseException:
            self._file.close()  # the library leaves that of a redirect open
            raise
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()
