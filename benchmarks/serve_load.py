"""A server under load, beside `convsight predict` on the same images in the same run.

    python benchmarks/serve_load.py MODEL PICTURE_FOLDER [--clients 64] [--seconds 60] [--per-request 1]

The clients are one process of their own, since they share the machine; each keeps its connection and sends its next
request when it has its answer. A 503 is asked again after its Retry-After, as a client should, and is no error. A
request is lost where its connection ends without an answer. `predict` is run before and after, as a process, and
measured between its first answers and its last, so neither start nor end counts. Where others use the machine too,
rates follow them, processor time an image less so; with OMP_NUM_THREADS=1 no thread spends it on waiting for another.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from measuring import print_table, versions
from serving import cpu_seconds, server

from convsight.images import is_image_file

_BATCH = 32  # images whose answers `predict` prints at once


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--per-request", type=int, default=1, help="images a request; more than one as a form")
    parser.add_argument("--url", help=argparse.SUPPRESS)  # set for the process of the clients
    arguments = parser.parse_args()
    if arguments.url:
        host, _, port = arguments.url.rpartition(":")
        print(json.dumps(asyncio.run(load(arguments, host, int(port)))))
        return
    beside = [predict_speed(arguments.model, arguments.folder, arguments.seconds / 2)]
    with server(arguments.model) as running:
        url = f"{running.host}:{running.port}"
        before = running.cpu_seconds()
        clients = subprocess.run([sys.executable, *sys.argv, "--url", url], capture_output=True, text=True, check=True)
        cpu, memory = running.cpu_seconds() - before, running.memory_mib()
    beside.append(predict_speed(arguments.model, arguments.folder, arguments.seconds / 2))
    report(json.loads(clients.stdout), beside, cpu, memory)


def predict_speed(model: str, folder: Path, seconds: float) -> tuple[float, float]:
    """Images a second of `convsight predict`, and processor time an image in ms, over about `seconds`."""
    command = [sys.executable, "-m", "convsight", "predict", model, *[str(folder)] * 1000, "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in islice(process.stdout, _BATCH):
            pass
        start, before = time.perf_counter(), cpu_seconds(process.pid)
        count = 0
        while time.perf_counter() < start + seconds:
            count += sum(1 for _ in islice(process.stdout, _BATCH))
        elapsed, cpu = time.perf_counter() - start, cpu_seconds(process.pid) - before
        process.kill()
    return count / elapsed, 1000 * cpu / count


@dataclass
class Tally:
    """What the clients saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lost: int = 0
    images: int = 0


async def load(arguments: argparse.Namespace, host: str, port: int) -> dict[str, object]:
    """Let all clients ask until time is up; what they saw."""
    files = sorted(file for file in arguments.folder.rglob("*") if is_image_file(file))[:2000]
    per = arguments.per_request
    requests = [request(files[start : start + per], host) for start in range(0, len(files) - per + 1, per)]
    tally = Tally()
    start = time.perf_counter()
    end = start + arguments.seconds
    await asyncio.gather(*(client(requests, n, host, port, end, tally, per) for n in range(arguments.clients)))
    elapsed = time.perf_counter() - start
    cuts = statistics.quantiles(tally.seconds, n=100)
    return {
        "clients": arguments.clients,
        "images a request": per,
        "seconds": elapsed,
        "requests": sum(tally.statuses.values()),
        "statuses": dict(tally.statuses),
        "lost": tally.lost,
        "rate": tally.images / elapsed,
        "ms": [1000 * cuts[n - 1] for n in (50, 90, 99)],
        "client cpu": time.process_time(),
    }


def request(files: list[Path], host: str) -> bytes:
    """A whole request, with one image as its body or several in a form."""
    if len(files) == 1:
        kind, body = "application/octet-stream", files[0].read_bytes()
    else:
        kind = "multipart/form-data; boundary=between-pictures"
        parts = [
            b'--between-pictures\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n'
            % (file.name.encode(), file.read_bytes())
            for file in files
        ]
        body = b"".join(parts) + b"--between-pictures--\r\n"
    head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def client(requests: list[bytes], first: int, host: str, port: int, end: float, tally: Tally, per: int) -> None:
    """One client: asks, waits for the answer, asks again."""
    number = first * 7919
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < end:
        start = time.perf_counter()
        try:
            writer.write(requests[number % len(requests)])
            status, headers = await head(reader)
            await reader.readexactly(int(headers["content-length"]))
        except (ConnectionError, asyncio.IncompleteReadError):
            tally.lost += 1
            reader, writer = await asyncio.open_connection(host, port)
            continue
        tally.statuses[status] += 1
        if status == "503":
            await asyncio.sleep(float(headers["retry-after"]))
        else:
            tally.seconds.append(time.perf_counter() - start)
            tally.images += per if status == "200" else 0
            number += 1
        if headers.get("connection") == "close":
            writer.close()
            reader, writer = await asyncio.open_connection(host, port)
    writer.close()


async def head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """Status and headers of a response."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines[1:] if line)
    return lines[0].split()[1], {name.lower(): value for name, value in pairs}


def report(seen: dict[str, object], beside: list[tuple[float, float]], cpu: float, memory: float) -> None:
    """One table."""
    rate, p = float(str(seen["rate"])), seen["ms"]
    assert isinstance(p, list)
    predict, predict_ms = (statistics.mean(values) for values in zip(*beside, strict=True))
    served_ms = 1000 * cpu / (rate * float(str(seen["seconds"])))
    rows = [[name, f"{seen[name]}"] for name in ("clients", "images a request", "requests", "statuses", "lost")] + [
        ["seconds", f"{seen['seconds']:.1f}"],
        ["latency p50 / p90 / p99, ms", " / ".join(f"{ms:.0f}" for ms in p)],
        ["served, images/s", f"{rate:.1f}"],
        ["predict before and after, images/s", " and ".join(f"{one:.1f}" for one, _ in beside)],
        ["served / predict", f"{rate / predict:.2f}"],
        ["processor time an image, server, ms", f"{served_ms:.2f}"],
        ["the same of predict, ms", f"{predict_ms:.2f}"],
        ["predict / served by processor time", f"{predict_ms / served_ms:.2f}"],
        ["processor time of all clients, s", f"{seen['client cpu']:.1f}"],
        ["memory of the server, MiB", f"{memory:.0f}"],
    ]
    print_table("convsight serve under load", ["what", "value"], rows)
    print(versions("convsight", "torch", "fastapi", "uvicorn"))


if __name__ == "__main__":
    main()
