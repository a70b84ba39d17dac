"""`JoiningTransport`: what is written in one go leaves in one go."""

import asyncio
from typing import Any


class JoiningTransport(asyncio.Transport):
    """A transport that gathers the writes of one turn of the event loop.

    Uvicorn writes the head and the body of a response one by one, and every write lets go of the interpreter lock and
    has to wait for it again, behind the threads that read pictures. A sixth of the event loop's time went there.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._held: list[bytes] = []

    def write(self, data: Any) -> None:
        if not data:
            return
        if not self._held:
            asyncio.get_running_loop().call_soon(self._flush)
        self._held.append(bytes(data))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._held.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._held and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
        self._held.clear()
