"""Long work is done once, step by step in turn with others, and tells how far it is."""

import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from convsight.errors import UserError
from convsight.serve.explore.long_work import LongWork, Step, Steps, in_thread


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


def test_a_fault_of_ours_is_told_too_and_logged_at_once(caplog: pytest.LogCaptureFixture) -> None:
    def steps() -> Steps:
        raise ValueError("a fault")
        yield

    async def check() -> None:
        work = LongWork(steps)
        work.ask(_turn)
        assert (await _ended(work))[-1] == {"state": "failed", "error": "ValueError: a fault"}
        [record] = caplog.records
        assert record.exc_info is not None
        assert record.getMessage() == "the data of the explorer failed"

    asyncio.run(check())
    assert len(caplog.records) == 1  # asyncio has nothing to add


def test_it_ends_without_a_word_where_the_server_stops(caplog: pytest.LogCaptureFixture) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def steps() -> Steps:
        yield Step("pictures", 0, 3)
        begun.set()
        assert may_end.wait(60)
        yield Step("pictures", 1, 3)
        yield Step("pictures", 2, 3)

    async def check() -> None:
        thread = ThreadPoolExecutor(1)
        work = LongWork(steps)
        work.ask(lambda do: in_thread(thread, do))
        await asyncio.to_thread(begun.wait, 60)
        thread.shutdown(wait=False, cancel_futures=True)
        may_end.set()
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.001)
        assert work.told()["done"] == 1

    asyncio.run(check())
    gc.collect()
    assert caplog.records == []


def test_what_is_done_beside_may_end_when_the_server_has_stopped() -> None:
    threads: list[threading.Thread] = []
    may_end = threading.Event()

    def steps() -> Steps:
        threads.append(threading.current_thread())
        assert may_end.wait(60)
        yield Step("pictures", 0, 3)

    async def check() -> None:
        LongWork(steps).ask(_turn)
        while not threads:
            await asyncio.sleep(0.001)

    asyncio.run(check())
    may_end.set()
    threads[0].join(60)  # a traceback of a thread is an error here
    gc.collect()
