"""`ImageThreads`: the threads that decode and draw images, fairly: small ones never wait behind all the large ones."""

import asyncio
from collections.abc import Callable, Hashable
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from convsight.images import image_size, is_decoded_alone
from convsight.serve.turns import Turns
from convsight.serve.worker_threads import WorkerThreads

_LIGHT_MEGAPIXELS = 4

Done = TypeVar("Done")


class Lane(Enum):
    """How much work an image is: little; more; or so much that `images` decodes only one such image at a time."""

    LIGHT = auto()
    HEAVY = auto()
    ALONE = auto()


class Place(NamedTuple):
    """Whose image it is, of which of their requests, and in which lane it waits."""

    client: Hashable
    request: Hashable
    lane: Lane


def lane_of(file: bytes, *, whole: bool = False) -> Lane:
    """The lane for decoding `file`, told from its head; `whole` if a JPEG will not be reduced on the way."""
    size = image_size(file)
    if size is None or size[0] * size[1] <= _LIGHT_MEGAPIXELS * 1e6:
        return Lane.LIGHT
    return Lane.ALONE if is_decoded_alone(file, whole=whole) else Lane.HEAVY


class ImageThreads:
    """`count` threads. The lanes take turns, in each lane the clients do, and of each client its requests.

    Of the lane `ALONE` one is in work at a time: another would only hold a thread while it waits for the first.
    """

    def __init__(self, count: int) -> None:
        self._lanes: dict[Lane, Turns[Callable[[], object]]] = {lane: Turns() for lane in Lane}
        self._is_one_alone = False
        self._threads = WorkerThreads("images", count, self._run)
        self._threads.start()

    def submit(self, place: Place, work: Callable[[], object]) -> None:
        """Do `work`, which raises nothing, when its turn comes."""
        with self._threads.changed:
            self._lanes[place.lane].put(place.client, place.request, work)
            self._threads.changed.notify()

    async def run(self, place: Place, work: Callable[[], Done]) -> Done:
        """What `work` returns or raises, done when its turn comes."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Done] = loop.create_future()

        def settle(done: Done | None, error: Exception | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(done)  # type: ignore[arg-type]  # of the type that work returns

        def do() -> None:
            if future.cancelled():  # nobody waits any more
                return
            try:
                done = work()
            except Exception as error:
                loop.call_soon_threadsafe(settle, None, error)
            else:
                loop.call_soon_threadsafe(settle, done, None)

        self.submit(place, do)
        return await future

    def close(self) -> None:
        """End the threads after what they are at; what waits is left undone."""
        self._threads.close()

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            lane, work = taken
            try:
                work()
            finally:
                if lane is Lane.ALONE:
                    with self._threads.changed:
                        self._is_one_alone = False
                        self._threads.changed.notify()
            del work  # and with it the image

    def _next(self) -> tuple[Lane, Callable[[], object]] | None:
        """The next thing to do, as soon as there is any; None once closed."""
        with self._threads.changed:
            self._threads.changed.wait_for(lambda: self._threads.is_closed or self._open_lane() is not None)
            lane = self._open_lane()
            if self._threads.is_closed or lane is None:
                return None
            turns = self._lanes.pop(lane)
            self._lanes[lane] = turns  # behind the others
            if lane is Lane.ALONE:
                self._is_one_alone = True
            return lane, turns.take()

    def _open_lane(self) -> Lane | None:
        for lane, turns in self._lanes.items():
            if turns and not (lane is Lane.ALONE and self._is_one_alone):
                return lane
        return None
