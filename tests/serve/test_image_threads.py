"""Threads for images: who goes first, what waits for what."""

import asyncio
from io import BytesIO
from threading import Event

import pytest
from PIL import Image
from tests.serve.live import slow_image

from convsight.serve.image_threads import ImageThreads, Lane, Place, lane_of


def encoded(side: int, kind: str) -> bytes:
    file = BytesIO()
    Image.new("L", (side, side)).save(file, kind)
    return file.getvalue()


def test_lanes() -> None:
    assert lane_of(b"no image") is Lane.LIGHT
    assert lane_of(encoded(1900, "JPEG")) is lane_of(encoded(1900, "PNG")) is Lane.LIGHT
    assert lane_of(encoded(3000, "PNG")) is Lane.HEAVY
    assert lane_of(slow_image(5000)) is Lane.ALONE
    large = encoded(5000, "JPEG")
    assert (lane_of(large), lane_of(large, whole=True)) == (Lane.HEAVY, Lane.ALONE)


def test_images_that_are_decoded_alone_leave_a_thread_for_others() -> None:
    threads, go, done = ImageThreads(2), Event(), Event()
    for number in range(5):
        threads.submit(Place("heavy", number, Lane.ALONE), lambda: go.wait(30))
    threads.submit(Place("heavy", 9, Lane.LIGHT), done.set)
    assert done.wait(30)
    go.set()
    threads.close()


def test_lanes_clients_and_requests_take_turns() -> None:
    threads, go, order = ImageThreads(1), Event(), list[str]()
    finished = Event()
    threads.submit(Place("", 0, Lane.LIGHT), lambda: go.wait(30))
    for name, place in {
        "a1": Place("a", 1, Lane.HEAVY),
        "a1 again": Place("a", 1, Lane.HEAVY),
        "a2": Place("a", 2, Lane.HEAVY),
        "b3": Place("b", 3, Lane.HEAVY),
        "small": Place("a", 1, Lane.LIGHT),
    }.items():
        threads.submit(place, lambda name=name: order.append(name))  # type: ignore[misc]
    threads.submit(Place("z", 4, Lane.HEAVY), lambda: None)
    threads.submit(Place("a", 1, Lane.HEAVY), finished.set)
    go.set()
    assert finished.wait(30)
    threads.close()
    assert order == ["a1", "small", "b3", "a2", "a1 again"]


def test_what_is_run_returns_or_raises() -> None:
    async def ask() -> int:
        threads = ImageThreads(1)
        place = Place("a", 1, Lane.LIGHT)
        with pytest.raises(ZeroDivisionError):
            await threads.run(place, lambda: 1 // 0)
        found = await threads.run(place, lambda: 42)
        threads.close()
        return found

    assert asyncio.run(ask()) == 42


def test_nothing_is_begun_after_the_close() -> None:
    threads, go, begun = ImageThreads(1), Event(), Event()
    threads.submit(Place("a", 1, Lane.ALONE), lambda: go.wait(30))
    threads.submit(Place("a", 1, Lane.ALONE), begun.set)
    threads._threads.is_closed = True
    go.set()
    threads.close()
    assert not begun.is_set()
