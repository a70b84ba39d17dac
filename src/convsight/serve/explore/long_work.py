"""`LongWork`: what takes minutes, done once in small steps between which others have their turn, with its progress."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

from convsight.errors import UserError

_log = logging.getLogger(__name__)

InTurn = Callable[[Callable[[], Any]], Awaitable[Any]]  # does something when its turn has come


@dataclass(frozen=True)
class Step:
    """How far the work is: so many are `done` of `count`, of what `doing` says.

    `apart` says that what follows needs nothing that others wait for, so that it may be done beside them.
    """

    doing: str
    done: int = 0
    count: int = 0
    apart: bool = False


Steps = Generator[Step, None, Any]  # what is returned is what was looked for

_BEGIN = Step("the data", apart=True)


class LongWork:
    """Does what `steps` says, when it is asked to; what its generator returns is kept.

    Used by the loop of the server alone.
    """

    def __init__(self, steps: Callable[[], Steps]) -> None:
        self._steps = steps
        self._task: asyncio.Task[None] | None = None
        self._at = _BEGIN
        self._error = ""
        self.found: Any = None

    def told(self) -> dict[str, Any]:
        """Whether it was `asked`, is `working`, is `done` or has `failed`, and how far it is."""
        if self._error:
            return {"state": "failed", "error": self._error}
        if self._task is None:
            return {"state": "not asked"}
        if self.found is not None:
            return {"state": "done"}
        return {"state": "working", "doing": self._at.doing, "done": self._at.done, "count": self._at.count}

    def ask(self, in_turn: InTurn) -> None:
        """Begin, unless it has begun, or again where it has failed; `in_turn` does one step when its turn has come."""
        if self._task is not None and not self._error:
            return
        self._error, self._at = "", _BEGIN
        self._task = asyncio.get_running_loop().create_task(self._do(in_turn))

    async def _do(self, in_turn: InTurn) -> None:
        steps = self._steps()
        try:
            while True:
                at, found = await (_beside if self._at.apart else in_turn)(lambda: _next(steps))
                if at is None:
                    self.found = found
                    return
                self._at = at
        except UserError as error:
            self._error = str(error)
        except Exception as error:  # else the page would wait for ever
            self._error = f"{type(error).__name__}: {error}"
            _log.exception("%s of the explorer failed", self._at.doing)


async def in_thread(thread: Executor, work: Callable[[], Any]) -> Any:
    """What `work` gives in `thread`; whoever waits is cancelled where that is shut, as by a server that stops."""
    try:
        begun = thread.submit(work)
    except RuntimeError:
        raise asyncio.CancelledError from None
    return await asyncio.wrap_future(begun)


def _next(steps: Steps) -> tuple[Step | None, Any]:
    """The next step, or None and what the generator returns."""
    try:
        return next(steps), None
    except StopIteration as ended:
        return None, ended.value


async def _beside(work: Callable[[], Any]) -> Any:
    """What `work` gives in a thread of its own, which a server that stops does not wait for."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: Exception | None) -> None:
        if found.done():  # cancelled by a server that stops
            return
        if error is None:
            found.set_result(result)
        else:
            found.set_exception(error)

    def do() -> None:
        result: Any = None
        failed: Exception | None = None
        try:
            result = work()
        except Exception as error:
            failed = error
        with suppress(RuntimeError):  # the loop is closed: the server has stopped
            loop.call_soon_threadsafe(settle, result, failed)

    Thread(target=do, name="beside", daemon=True).start()
    return await found
