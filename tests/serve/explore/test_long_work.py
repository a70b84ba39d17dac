"""Long work is done once, step by step in turn with others, and tells how far it is."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from convsight.errors import UserError
from convsight.serve.explore.long_work import LongWork, Step, Steps


async def _turn(work: Callable[[], Any]) -> Any:
    await asyncio.sleep(0)
    return work()


async def _ended(work: LongWork) -> list[dict[str, Any]]:
    """What it tells until it has ended."""
    told = [work.told()]
    while told[-1]["state"] == "working":
        await asyncio.sleep(0.001)
        told.append(work.told())
    return told


def test_it_is_done_once_and_tells_how_far_it_is() -> None:
    begun, threads = [], {}

    def steps() -> Steps:
        begun.append(1)
        threads["data"] = threading.current_thread().name
        for done in range(3):
            yield Step("pictures", done, 3)
            threads["pictures"] = threading.current_thread().name
        yield Step("the plane", apart=True)
        threads["plane"] = threading.current_thread().name
        return "found"

    async def check() -> None:
        work = LongWork(steps)
        assert work.told() == {"state": "not asked"}
        told: list[dict[str, Any]] = []

        async def turn(do: Callable[[], Any]) -> Any:
            told.append(work.told())
            return await _turn(do)

        work.ask(turn)
        assert work.told() == {"state": "working", "doing": "the data", "done": 0, "count": 0}
        work.ask(turn)
        told.append((await _ended(work))[-1])
        assert told == [
            *({"state": "working", "doing": "pictures", "done": done, "count": 3} for done in range(3)),
            {"state": "done"},
        ]
        work.ask(_turn)
        assert (work.found, begun) == ("found", [1])

    asyncio.run(check())
    # What needs the network is done in turn, all else beside it.
    assert threads == {"data": "beside", "pictures": threading.current_thread().name, "plane": "beside"}


def test_what_fails_is_told_and_can_be_asked_for_again() -> None:
    tries: list[int] = []

    def steps() -> Steps:
        tries.append(1)
        yield Step("pictures", 0, 1)
        if len(tries) == 1:
            raise UserError("no pictures are there")
        return "found"

    async def check() -> None:
        work = LongWork(steps)
        work.ask(_turn)
        assert (await _ended(work))[-1] == {"state": "failed", "error": "no pictures are there"}
        work.ask(_turn)
        assert (await _ended(work))[-1] == {"state": "done"}

    asyncio.run(check())


def test_a_fault_of_ours_is_told_too() -> None:
    def steps() -> Steps:
        raise ValueError("a fault")
        yield

    async def check() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        work = LongWork(steps)
        work.ask(_turn)
        assert (await _ended(work))[-1] == {"state": "failed", "error": "ValueError: a fault"}

    asyncio.run(check())
