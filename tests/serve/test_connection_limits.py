"""Connections that are opened and left, all at work, idle or slow: who asks is answered."""

import asyncio
import socket
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from tests.serve.live import image, live, read_all, wait_until

from convsight.serve.connection_limits import Connections

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
HEALTH = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"
PREDICT = b"POST /predict HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


def test_thousands_of_connections_opened_and_left(trained: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < 10_500:
        pytest.skip(f"this system lets a process have {hard} files open")
    count = 10_000
    beginnings = (b"", b"POST /predict HTTP/1.1\r\nHost: local", b"GET /health HTTP/1.1\r\n")
    try:
        with live(trained) as running, ExitStack() as left:
            for number in range(count):
                connection = left.enter_context(socket.create_connection(running.address, timeout=20))
                connection.sendall(beginnings[number % 3])
                if number % 1000 == 999:
                    assert running.post(image()).status_code == 200
            assert running.memory_mib() < 2000
            assert running.stop() == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_connections_that_are_all_at_work(trained: Path) -> None:
    with live(trained, "--max-connections", "20", hasty=True) as running, ExitStack() as left:
        for _ in range(20):
            connection = left.enter_context(socket.create_connection(running.address, timeout=20))
            connection.sendall(HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # it is at work
        said = running.raw(PREDICT)
        assert said.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in said
        assert b"all its connections are taken" in said
        assert running.raw(HEALTH).startswith(b"HTTP/1.1 200")
        idle = [left.enter_context(socket.create_connection(running.address, timeout=20)) for _ in range(60)]
        assert running.raw(HEALTH).startswith(b"HTTP/1.1 200")
        assert read_all(idle[0]) == b""  # it made room
        # Bodies that do not come are given up.
        wait_until(lambda: running.raw(HEALTH).startswith(b"HTTP/1.1 200"))


def test_those_who_are_refused_keep_nobody_out(trained: Path) -> None:
    token = "correct-horse-battery-staple"
    with (
        live(trained, "--max-connections", "5", environment={"CONVSIGHT_TOKEN": token}) as running,
        ExitStack() as left,
    ):
        refused = [left.enter_context(socket.create_connection(running.address, timeout=20)) for _ in range(20)]
        for connection in refused:
            connection.sendall(HEAD + b"half a body")
        for connection in refused[-5:]:  # whose bodies are still waited for
            assert connection.recv(1000).startswith(b"HTTP/1.1 401")
        right = b"POST /predict HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Length: 0\r\n\r\n"
        assert running.raw(right % token.encode()).startswith(b"HTTP/1.1 422")
        assert running.raw(HEALTH).startswith(b"HTTP/1.1 200")


def test_a_slow_head_is_given_up_be_it_the_first_or_not(trained: Path) -> None:
    with live(trained, hasty=True) as running, ExitStack() as left:
        first, later = (left.enter_context(socket.create_connection(running.address, timeout=20)) for _ in range(2))
        later.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        while not said.endswith(b"}}}"):
            said += later.recv(1000)
        slow = {first, later}
        end = time.monotonic() + 45  # a connection may be idle for longer
        while slow and time.monotonic() < end:
            for connection in list(slow):
                connection.settimeout(0.2)
                try:
                    connection.sendall(b"X")
                    assert connection.recv(100) == b""
                except TimeoutError:
                    continue
                except ConnectionError:
                    pass
                slow.remove(connection)
        assert not slow


def test_clients_that_leave_in_the_middle_leave_their_places(trained: Path) -> None:
    with live(trained, "--max-connections", "5") as running:
        for _ in range(4):
            with ExitStack() as leaving:
                for _ in range(4):
                    leaving.enter_context(socket.create_connection(running.address)).sendall(HEAD + b"half a body")
                wait_until(lambda: running.metric("convsight_waiting_bytes") == 44)
            wait_until(lambda: running.metric("convsight_waiting_bytes") == 0)
        assert running.raw(HEALTH).startswith(b"HTTP/1.1 200")
        assert running.metric("convsight_requests_total", status="499") == 16


def test_the_longest_idle_connection_makes_room_and_those_at_work_do_not(trained: Path) -> None:
    with live(trained, "--max-connections", "3") as running, ExitStack() as left:

        def opened() -> socket.socket:
            return left.enter_context(socket.create_connection(running.address, timeout=20))

        at_work = opened()
        at_work.sendall(HEAD + bytes(50))
        wait_until(lambda: running.metric("convsight_waiting_bytes") == 50)
        first, second = opened(), opened()
        assert running.raw(HEALTH).startswith(b"HTTP/1.1 200")
        assert read_all(first) == b""  # it was idle longest
        second.sendall(HEALTH)
        assert second.recv(1000).startswith(b"HTTP/1.1 200")
        at_work.sendall(bytes(50))
        assert at_work.recv(1000).startswith(b"HTTP/1.1 422")


def test_what_is_answered_at_the_end_closes_its_connection() -> None:
    said: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("yes", headers={"a": "b"})(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        said.append(message)

    async def ask() -> None:
        connections = Connections(1, 10)
        for _ in range(2):
            scope: Scope = {"type": "http", "path": "/", "state": {"connection": nullcontext()}}
            scope["state"]["connection"].is_answered = False
            await connections.counted(app)(scope, receive, send)
            await connections.last_call()

    asyncio.run(ask())
    first, last = (dict(message["headers"]) for message in said if message["type"] == "http.response.start")
    assert b"connection" not in first
    assert (last[b"connection"], last[b"a"]) == (b"close", b"b")
