"""Connections that are opened and left, all at work, idle or slow: who asks is answered."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.serve.live import image, live, read_all, wait_until

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
HEALTH = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


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
    with live(trained, "--max-connections", "20") as running, ExitStack() as left:
        for _ in range(20):
            left.enter_context(socket.create_connection(running.address)).sendall(HEAD)
        time.sleep(1)  # what has not sent its head yet would make room
        said = running.raw(b"")
        assert b"503" in said
        assert b"retry-after: 1" in said
        # Bodies that do not come are given up after a few seconds.
        wait_until(lambda: running.raw(HEALTH).startswith(b"HTTP/1.1 200"))


def test_a_slow_head_is_given_up_be_it_the_first_or_not(trained: Path) -> None:
    with live(trained) as running, ExitStack() as left:
        first, later = (left.enter_context(socket.create_connection(running.address, timeout=20)) for _ in range(2))
        later.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        while not said.endswith(b"}}}"):
            said += later.recv(1000)
        slow = {first, later}
        end = time.monotonic() + 45  # a connection may be idle for longer
        while slow and time.monotonic() < end:
            for connection in list(slow):
                connection.settimeout(0.5)
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
