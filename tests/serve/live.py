"""A real server process, and images to send to it."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

Serve = Callable[..., "Live"]

# httpx would read all certificates of the system for every request, which takes more of the processor than the answer.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def request(method: str, url: str, timeout: float = 60, **options: Any) -> httpx.Response:
    """What is answered over a connection of its own."""
    return httpx.request(method, url, verify=_NO_CERTIFICATES, timeout=timeout, **options)


@dataclass
class Live:
    """A running `convsight serve`."""

    process: subprocess.Popen[str]
    url: str
    told: list[str]  # before it listened

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return request("GET", self.url + path, **options)

    def post(
        self, content: Any, kind: str | None = "application/octet-stream", path: str = "/predict"
    ) -> httpx.Response:
        headers = {} if kind is None else {"Content-Type": kind}
        return request("POST", self.url + path, content=content, headers=headers)

    def raw(self, data: bytes, timeout: float = 60) -> bytes:
        """All that the server says to `data`, until it closes the connection."""
        with socket.create_connection(self.address, timeout=timeout) as connection:
            connection.sendall(data)
            return read_all(connection)

    def memory_mib(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def peak_mib(self) -> float:
        """The most memory that the process has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def metric(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples]
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


# A server that gives up soon what comes slowly, so that tests need not wait for as long as users may.
_HASTY = """
from convsight.serve import connection_limits, request_body
assert connection_limits.HEAD_SECONDS == 10 and request_body.GRACE_SECONDS == 5
connection_limits.HEAD_SECONDS = request_body.GRACE_SECONDS = 1
from convsight.cli import main
main()
"""


@contextmanager
def live(*arguments: str | Path, environment: dict[str, str] | None = None, hasty: bool = False) -> Iterator[Live]:
    """A server on a free port; killed at the end if it still runs."""
    convsight = ["-c", _HASTY] if hasty else ["-m", "convsight"]
    command = [sys.executable, *convsight, "serve", *map(str, arguments), "--port", "0"]
    with started(command, os.environ | (environment or {})) as running:
        yield running


@contextmanager
def started(command: list[str], environment: Mapping[str, str] | None = None) -> Iterator[Live]:
    """The server that `command` starts; killed at the end if it still runs."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    try:
        told: list[str] = []
        for line in process.stderr:
            if line.startswith("listening on "):
                yield Live(process, line.removeprefix("listening on ").strip(), told)
                break
            told.append(line.strip())
        else:
            pytest.fail("the server did not start: " + "\n".join(told))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def read_all(connection: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


def image(seed: int = 0, kind: str = "PNG", side: int = 14) -> bytes:
    """An image file of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def slow_image(side: int = 4000) -> bytes:
    """A small file that takes long to read, since it holds many pixels."""
    file = BytesIO()
    Image.new("RGB", (side, side)).save(file, "PNG")
    return file.getvalue()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
