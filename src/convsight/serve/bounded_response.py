"""`BoundedResponse`: a response of which no more is held than its sender counts."""

from collections.abc import Callable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_PIECE = 2**16  # bytes


class BoundedResponse(Response):
    """Sent piece by piece, as fast as it is taken; `when_sent` is called when the last has left, or the client has.

    A body that is sent in one go would lie in the connection's buffer however slowly it is taken, and nobody would
    count it.
    """

    def __init__(
        self,
        content: bytes | memoryview,
        status: int,
        media_type: str,
        when_sent: Callable[[], object],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(content, status, headers, media_type)
        self._when_sent = when_sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            size = len(self.body)
            for start in range(0, max(1, size), _PIECE):
                piece = bytes(self.body[start : start + _PIECE])
                await send({"type": "http.response.body", "body": piece, "more_body": start + _PIECE < size})
        finally:
            self._when_sent()
