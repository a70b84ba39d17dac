"""`RequestMiddleware`: before every endpoint, who may ask, how long a body may be, and what is counted."""

import asyncio
import hmac
import time

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from convsight.serve.connection_limits import ALWAYS, may_be_cut_off
from convsight.serve.refusal import ClientGoneError, RefusedError
from convsight.serve.server_metrics import ServerMetrics
from convsight.serve.settings import ServeSettings

_OPEN = ALWAYS  # what a container or a load balancer asks, without a token
_DRAIN_SECONDS = 1.0
_CLIENT_GONE = 499  # what access logs call a request whose client went away
_OTHER = "other"  # the path of requests for what is not there


class RequestMiddleware:
    """Checks host and token, counts the bytes of bodies as they come, and answers refusals."""

    def __init__(self, app: ASGIApp, settings: ServeSettings, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics
        self._max_body = settings.max_body
        self._hosts = settings.known_hosts
        self._token = None if settings.token is None else settings.token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, self._max_body)
        start = time.perf_counter()
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            if scope["path"] != _OPEN:
                self._check_token(headers)
            exchange.check_length(headers)
            await self._app(scope, exchange.receive, exchange.send)
        except RefusedError as refusal:
            await exchange.refuse(scope, refusal)
        except ClientGoneError:
            exchange.status = _CLIENT_GONE
        finally:
            path = _template(scope)
            self._metrics.requests.labels(path, str(exchange.status)).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - start)

    def _check_host(self, headers: Headers) -> None:
        if self._hosts is None:
            return
        host = headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in self._hosts:
            raise RefusedError(421, f"this server answers as {', '.join(sorted(self._hosts))}, not as {host[:255]!r}")

    def _check_token(self, headers: Headers) -> None:
        if self._token is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # Compared in constant time, so that how long it takes tells nothing about the token.
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
            raise RefusedError(
                401, "send the server's token as: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"}
            )


def _template(scope: Scope) -> str:
    """The path of the route that is asked for, as it is written there: `/model/{name}`, not `/model/digits`.

    Paths as they come would let anybody make labels without end.
    """
    # Not what routing notes in the scope: a request that is refused here never comes so far.
    for route in scope["app"].routes:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            return route.path
    return _OTHER


class _Exchange:
    """One request and its response, with what has to be known about both."""

    def __init__(self, receive: Receive, send: Send, max_body: int) -> None:
        self.status = 500  # unless a response starts
        self._receive = receive
        self._send = send
        self._max_body = max_body
        self._received = 0
        self._has_started = False
        self._has_ended = False  # the request, not the response

    def check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "")
        if length and "transfer-encoding" in headers:
            # A proxy before us may go by the other one, and see another end of the request (request smuggling).
            raise RefusedError(400, "both Content-Length and Transfer-Encoding: send one of them")
        self._has_ended = length in {"", "0"} and "transfer-encoding" not in headers
        if length.isdecimal() and int(length) > self._max_body:
            raise self._too_large()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._has_ended = not message.get("more_body", False)
            if self._received > self._max_body:
                raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._has_started = True
        await self._send(message)

    async def refuse(self, scope: Scope, refusal: RefusedError) -> None:
        """Answer with the refusal; what the client still sends is read and thrown away for a while.

        A connection closed with data unread is reset, and the client, still writing, would never see why.
        """
        if self._has_started:
            raise refusal
        response = JSONResponse({"error": str(refusal)}, refusal.status, refusal.headers)
        is_slow = refusal.status == 408  # and would be as slow after this
        if self._has_ended or is_slow:
            await response(scope, self._receive, self.send)
            return
        response.headers["Connection"] = "close"
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": response.raw_headers})
        await self.send({"type": "http.response.body", "body": response.body, "more_body": True})
        may_be_cut_off(scope)
        await self._drain()
        await self.send({"type": "http.response.body", "body": b""})

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while (message := await self._receive())["type"] == "http.request" and message.get("more_body"):
                    pass
        except TimeoutError:
            pass

    def _too_large(self) -> RefusedError:
        limit = f"{self._max_body / 1e6:g} MB"
        return RefusedError(413, f"the body is over {limit}: send fewer or smaller images, or raise --max-body-mb")
