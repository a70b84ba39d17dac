"""`Job`: the pictures of one request on their way through a model."""

import asyncio
from collections.abc import Sequence
from typing import Any

from convsight.serve.admission import Ticket
from convsight.serve.refusal import ClientGoneError
from convsight.serve.uploads import Upload

Answer = dict[str, Any]  # an answer, or {"error": ...}, as JSON values


class Job:
    """Gathers the answers of a request's pictures; its ticket is released when the last has left the model.

    Made and settled in the event loop. Other threads read `is_dropped` and take each picture once.
    """

    def __init__(self, pictures: Sequence[Upload], ticket: Ticket) -> None:
        self.answers: list[Answer] = [{"file": picture.name} for picture in pictures]
        self.done: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self.is_dropped = False
        self._data = [picture.data for picture in pictures]
        self._left = len(pictures)
        self._ticket = ticket

    def __len__(self) -> int:
        return len(self._data)

    def take(self, index: int) -> bytes:
        """The file of one picture, which the job then holds no longer."""
        data, self._data[index] = self._data[index], b""
        return data

    def settle(self, index: int, answer: Answer) -> None:
        """Put in what became of one picture."""
        self.answers[index].update(answer)
        self._left -= 1
        if self._left == 0:
            self._ticket.release()
            if not self.done.done():
                self.done.set_result(self.answers)

    def drop(self) -> None:
        """Nobody waits any more: what has not been read or run yet will not be."""
        self.is_dropped = True
        if not self.done.done():
            self.done.set_exception(ClientGoneError())
            self.done.exception()  # looked at, so that asyncio does not complain where nobody awaits it
