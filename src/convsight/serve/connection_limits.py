"""`Connections`: HTTP over connections that cannot be used up by clients who open them and leave.

A connection without a request in work is idle. Idle ones are closed after a while, and the one that has been idle
longest at once where a new one comes and there is no room: however many are left open, who asks is answered. So are
those that have been refused and still send. Connections with a request in work are never closed for others: where as
many requests are in work as may be, another is told 503, but for those that are always taken (`ALWAYS`).
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import h11
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

KEEP_ALIVE_SECONDS = 60.0
HEAD_SECONDS = 10.0  # from the first byte of a request, or from a new connection, to the end of its headers
ALWAYS = "/health"  # the path that is answered however many requests are in work
_FLUSH_SECONDS = 10.0  # to take what was still written before a close
_SWEEP_SECONDS = 1.0
_LAST_CALL_SECONDS = 1.0  # for requests that are on their way when the server is told to stop
_SPARE = 50  # connections beyond the limit, for heads alone

_CONNECTION = "connection"  # the key of a request's connection in its state

_WORDS = b'{"error": "the server is busy: all its connections are taken; try again in a second"}'
_HEADERS = {"retry-after": "1", "connection": "close"}
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_WORDS), _WORDS)
)
# To a client that has ended its side: whoever is still there ignores it (RFC 9110, 15.2), and who is gone, resets.
_ARE_YOU_THERE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connections:
    """All connections of a server: which are idle, at work, refused or closing, and until when they may be.

    `protocol` makes each, and `counted` wraps the application, which tells when a request is in work. At most `most`
    requests are.
    """

    def __init__(self, most: int, longest_request_s: float) -> None:
        self._most = most
        self._longest_request_s = longest_request_s
        # Each with the time at which it is closed; the longest idle first.
        self._idle: dict[LimitedProtocol, float] = {}
        self._busy: dict[LimitedProtocol, float] = {}
        self._refused: dict[LimitedProtocol, float] = {}
        self._closing: dict[LimitedProtocol, float] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._is_ending = False

    def protocol(self) -> Callable[..., "LimitedProtocol"]:
        """What makes the protocol of a new connection."""
        return partial(LimitedProtocol, self)

    def counted(self, app: ASGIApp) -> ASGIApp:
        """`app`, whose requests keep their connection from being closed for others."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            connection: LimitedProtocol = scope["state"][_CONNECTION]
            if len(self._busy) >= self._most and scope["path"] != ALWAYS:
                await Response(_WORDS, 503, _HEADERS, "application/json")(scope, receive, send)
                return

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    connection.is_answered = True
                    if self._is_ending:
                        message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
                await send(message)

            with connection:
                await app(scope, receive, told)

        return counted

    async def last_call(self) -> None:
        """Answer what is on its way for a moment, but let no connection go on after that."""
        self._is_ending = True
        end = _now() + _LAST_CALL_SECONDS
        while self._idle and _now() < end:
            await asyncio.sleep(_LAST_CALL_SECONDS / 20)

    def add(self, new: "LimitedProtocol") -> bool:
        """Take on a new connection, in the place of one that may go if there must be; False where there is no room."""
        room = self._most if len(self._busy) < self._most else len(self._busy) + _SPARE
        if len(self._idle) + len(self._busy) + len(self._refused) + len(self._closing) >= room:
            goes = next(iter(self._refused), None) or next(iter(self._idle), None)
            if goes is None:
                return False
            self.remove(goes)
            goes.transport.abort()
        self._idle[new] = _now() + HEAD_SECONDS
        self._sweep_later()
        return True

    def remove(self, gone: "LimitedProtocol") -> None:
        """Forget a connection that is no more."""
        for state in (self._idle, self._busy, self._refused, self._closing):
            state.pop(gone, None)

    def is_busy(self, one: "LimitedProtocol") -> None:
        """A request is in work, with its own time even where it was sent ahead."""
        self.remove(one)
        self._busy[one] = _now() + self._longest_request_s

    def is_refused(self, one: "LimitedProtocol") -> None:
        """A request was refused, and its body is still on its way: it may be cut off for others."""
        self.remove(one)
        self._refused[one] = _now() + _FLUSH_SECONDS

    def is_idle(self, one: "LimitedProtocol", *, heard: bool) -> None:
        """No request is in work; `heard` if the start of one has come."""
        if one not in self._idle:
            self.remove(one)
            self._idle[one] = _now() + KEEP_ALIVE_SECONDS
        if heard:
            # Not renewed by further bytes, so that a head sent byte by byte ends here.
            self._idle[one] = min(self._idle[one], _now() + HEAD_SECONDS)

    def close(self, one: "LimitedProtocol") -> None:
        """Close after what is written has been taken, but not wait for that forever."""
        if one not in self._closing:
            self.remove(one)
            self._closing[one] = _now() + _FLUSH_SECONDS
            self._sweep_later()
        one.transport.close()

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now = _now()
        for one in [one for one, end in self._idle.items() if end < now]:
            self.close(one)
        for state in (self._busy, self._refused, self._closing):
            for one in [one for one, end in state.items() if end < now]:
                one.transport.abort()
        for one in list(self._busy):
            one.look_after()
        if self._idle or self._busy or self._refused or self._closing:
            self._sweep_later()


def may_be_cut_off(scope: Scope) -> None:
    """Say of a request that it has been refused, and that only what its client still sends is waited for."""
    connection = scope.get("state", {}).get(_CONNECTION)
    if connection is not None:
        connection.refuse()


class LimitedProtocol(asyncio.Protocol):
    """A connection: uvicorn speaks HTTP over it, and `Connections` is told what becomes of it.

    Of uvicorn it uses what asyncio says of any protocol, that a request's state is a copy of `app_state`, and how far
    its parser is. As a context it is at work. A client that ends its side when it has asked is still answered.
    """

    transport: asyncio.Transport

    def __init__(self, connections: Connections, *, app_state: dict[str, Any], **options: Any) -> None:
        self.is_answered = False  # the request in work: its response has begun
        self._connections = connections
        self._requests = 0  # in work
        self._is_lost = False
        self._has_ended = False  # the client's side
        self._ended_sweeps = 0  # since then
        self._http = H11Protocol(app_state=app_state | {_CONNECTION: self}, **options)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self._http.connection_made(transport)
        if not self._connections.add(self):
            self.transport.write(_REFUSAL)
            self._connections.close(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._connections.remove(self)
        self._http.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._http.data_received(data)
        self._tell(heard=True)

    def eof_received(self) -> bool:
        """Whether the connection stays open: a whole request that is not yet answered keeps it."""
        self._http.eof_received()
        self._has_ended = True
        return self._is_asked

    def pause_writing(self) -> None:
        self._http.pause_writing()

    def resume_writing(self) -> None:
        self._http.resume_writing()

    def refuse(self) -> None:
        """The request in work is refused."""
        if not self.transport.is_closing():
            self._connections.is_refused(self)

    def look_after(self) -> None:
        """Find out whether a client that ended its side is there, while its request is in work for longer."""
        if self._has_ended and not self.is_answered and self._http.conn.their_http_version != b"1.0":
            self._ended_sweeps += 1
            if self._ended_sweeps > 1:
                self.transport.write(_ARE_YOU_THERE)

    def __enter__(self) -> None:
        self._requests += 1
        self.is_answered = False
        if not self.transport.is_closing():
            self._connections.is_busy(self)

    def __exit__(self, *error: object) -> None:
        self._requests -= 1
        self._tell(heard=False)

    @property
    def _is_asked(self) -> bool:
        """Whether a whole request has come that is not yet answered."""
        return self._http.conn.their_state in {h11.DONE, h11.MUST_CLOSE}

    def _tell(self, *, heard: bool) -> None:
        if self._is_lost:
            return
        if self.transport.is_closing() or (self._has_ended and not self._is_asked):
            self._connections.close(self)
        elif not self._requests:
            self._connections.is_idle(self, heard=heard)


def _now() -> float:
    return asyncio.get_running_loop().time()
