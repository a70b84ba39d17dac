"""Receiving a body: counted, and not for longer than an honest client needs."""

import asyncio

from starlette.types import Receive

from convsight.serve.admission import Ticket
from convsight.serve.refusal import ClientGoneError, RefusedError

# A body has a few seconds, and more as long as it comes at no less than this rate.
GRACE_SECONDS = 5.0
_MIN_BYTES_PER_SECOND = 16_000


async def receive_body(receive: Receive, ticket: Ticket, deadline: float) -> bytes:
    """The whole body, held by `ticket` as it comes.

    Raises `RefusedError`: 408 where it comes too slowly or not before `deadline` (in the loop's time), 503 where there
    is no room for it; and `ClientGoneError`.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    pieces: list[bytes] = []
    received = 0
    while True:
        slowest = start + GRACE_SECONDS + received / _MIN_BYTES_PER_SECOND
        try:
            async with asyncio.timeout_at(min(slowest, deadline)):
                message = await receive()
        except TimeoutError:
            words = f"the body came too slowly: {received} bytes in {loop.time() - start:.0f} s"
            raise RefusedError(408, words, {"Connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece = message.get("body", b"")
        ticket.add_bytes(len(piece))
        received += len(piece)
        pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces)
