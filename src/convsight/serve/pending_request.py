"""`PendingRequest`: the images of one request on their way through a model."""

import asyncio
from collections.abc import Sequence
from typing import Any

from convsight.results import Result
from convsight.serve.admission import Ticket
from convsight.serve.refusal import ClientGoneError
from convsight.serve.uploads import Upload

JsonPrediction = dict[str, Any]  # the name of an image, and its prediction or an "error", as JSON values


class PendingRequest:
    """Gathers the predictions of a request's images.

    Its ticket is released when it has ended and the last of its images has left the model. With `keeps_images`, files
    and results are held until then, to be drawn.

    Made and settled in the event loop. Other threads read `is_dropped` and take images.
    """

    def __init__(self, images: Sequence[Upload], ticket: Ticket, *, keeps_images: bool = False) -> None:
        self.predictions: list[JsonPrediction] = [{"file": image.name} for image in images]
        self.results: list[Result | None] = [None] * len(images)
        self.ticket = ticket
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_dropped = False
        self._has_ended = False
        self._files = [image.data for image in images]
        self.keeps_images = keeps_images
        self._left = len(images)

    def __len__(self) -> int:
        return len(self._files)

    @property
    def client(self) -> str:
        """Who asks."""
        return self.ticket.client

    def file(self, index: int) -> bytes:
        """The file of one image, as long as it is held."""
        return self._files[index]

    def take(self, index: int) -> bytes:
        """The file of one image, which is held no longer where images are not kept."""
        file = self._files[index]
        if not self.keeps_images:
            self._files[index] = b""
        return file

    def settle(self, index: int, prediction: JsonPrediction, result: Result | None = None) -> None:
        """Put in what became of one image."""
        self.predictions[index].update(prediction)
        self.results[index] = result if self.keeps_images else None
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result(None)
        self._release()

    def drop(self) -> None:
        """Nobody waits any more: what has not been read or run yet will not be."""
        self.is_dropped = True
        if not self.done.done():
            self.done.set_exception(ClientGoneError())
            self.done.exception()  # looked at, so that asyncio does not complain where nobody awaits it

    def end(self) -> None:
        """The response is sent, or there will be none."""
        self.drop()
        self._has_ended = True
        self._release()

    def _release(self) -> None:
        if self._has_ended and self._left == 0:
            self.ticket.release()
