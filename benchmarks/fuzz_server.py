"""Mutated requests against a real server process: does it ever crash, hang or grow?

    python benchmarks/fuzz_server.py MODEL [--requests 50000] [--seed 0]

Bodies of all kinds, and the heads of requests, have bytes replaced, cut out, doubled and put in. A hang is a request
without an answer or an end of its connection in `--patience` seconds. After each thousand a good picture must be
answered as before.
"""

import argparse
import asyncio
import base64
import json
import random
import re
import time
from collections import Counter
from io import BytesIO

from measuring import print_table, versions
from PIL import Image
from serving import ServerProcess, server

_CLIENTS = 64
_QUIET_SECONDS = 1.0
_ROUND = 1000


def main() -> None:
    """Send all and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=60)
    arguments = parser.parse_args()
    with server(arguments.model) as running:
        asyncio.run(fuzz(running, random.Random(arguments.seed), 500, arguments.patience))  # noqa: S311
        before = running.memory_mib()
        start = time.perf_counter()
        chances = random.Random(arguments.seed + 1)  # noqa: S311
        statuses, wrong = asyncio.run(fuzz(running, chances, arguments.requests, arguments.patience))
        seconds = time.perf_counter() - start
        rows = [
            ["requests", f"{sum(statuses.values()):,}"],
            ["seconds", f"{seconds:.0f}"],
            ["answers", ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))],
            ["crashes of the server", str(int(running.process.poll() is not None))],
            ["hangs", str(statuses["hang"])],
            ["good pictures answered otherwise afterwards", str(wrong)],
            ["memory before and after, MiB", f"{before:.0f} and {running.memory_mib():.0f}"],
        ]
    print_table("Mutated requests", ["what", "value"], rows)
    print(versions("convsight", "fastapi", "uvicorn", "h11", "python-multipart", "pillow"))


async def fuzz(running: ServerProcess, chances: random.Random, count: int, patience: float) -> tuple[Counter[str], int]:
    """What `count` mutated requests were answered with, and how often a good one was answered otherwise."""
    seen: Counter[str] = Counter()
    expected = await answer(running, good_request(), patience)
    assert status_of(expected) == "200", expected
    wrong = 0
    for start in range(0, count, _ROUND):
        requests = iter([mutated_request(chances) for _ in range(min(_ROUND, count - start))])

        async def client(requests: object = requests) -> None:
            for request in requests:  # type: ignore[attr-defined]  # one iterator for all clients
                said = await answer(running, request, patience)
                seen[status_of(said)] += 1

        await asyncio.gather(*(client() for _ in range(_CLIENTS)))
        said = await answer(running, good_request(), patience)
        wrong += body_of(said) != body_of(expected)
    return seen, wrong


async def answer(running: ServerProcess, request: bytes, patience: float) -> bytes | None:
    """The response to `request`, empty where the connection ended without one; None where that takes too long.

    A server may wait for the rest of a request that lost a part. After a second without an answer the client ends its
    side of the connection, and the server has to end the other.
    """
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(running.host, running.port)
            try:
                writer.write(request)
                said = asyncio.ensure_future(response(reader))
                await asyncio.wait([said], timeout=_QUIET_SECONDS)
                if not said.done():
                    writer.write_eof()
                return await said
            finally:
                writer.close()
    except ConnectionError:
        return b""
    except TimeoutError:
        return None


async def response(reader: asyncio.StreamReader) -> bytes:
    """A whole response."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    length = re.search(rb"\r\ncontent-length: (\d+)", head)
    return head + (await reader.readexactly(int(length[1])) if length else await reader.read())


def status_of(said: bytes | None) -> str:
    """The status of a response, or what came instead."""
    if said is None:
        return "hang"
    return said.split()[1].decode() if said.startswith(b"HTTP/") else "closed"


def body_of(said: bytes | None) -> bytes:
    """The body of a response."""
    return (said or b"").partition(b"\r\n\r\n")[2]


def pictures() -> list[bytes]:
    """A small file of each format."""
    files = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        file = BytesIO()
        Image.effect_noise((24, 24), 80).convert("RGB").save(file, kind)
        files.append(file.getvalue())
    return files


_PICTURES = pictures()


def good_request() -> bytes:
    """A request that must be answered."""
    return written(b"image/png", _PICTURES[0])


def mutated_request(chances: random.Random) -> bytes:
    """A request of any kind with something wrong in its body, or anywhere in it."""
    picture = chances.choice(_PICTURES)
    kind, body = chances.choice(
        [
            (b"application/octet-stream", picture),
            (b"application/json", json.dumps({"pictures": [base64.b64encode(picture).decode()]}).encode()),
            (b"multipart/form-data; boundary=x", form([picture] * chances.randint(1, 3))),
        ]
    )
    if chances.random() < 0.7:
        return written(kind, mutated(body, chances))
    return mutated(written(kind, body), chances)


def form(files: list[bytes]) -> bytes:
    """A form of files."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return b"".join(head + file + b"\r\n" for file in files) + b"--x--\r\n"


def written(kind: bytes, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %b\r\n" % kind
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def mutated(data: bytes, chances: random.Random) -> bytes:
    """`data` with one to eight stretches changed."""
    for _ in range(chances.randint(1, 8)):
        at, length = chances.randint(0, len(data)), chances.choice([0, 1, 1, 2, 4, 16, 200])
        piece = chances.choice([b"", chances.randbytes(length), data[at : at + length] * 2, b"\r\n", b"\0", b"-1"])
        data = data[:at] + piece + data[at + length :]
    return data


if __name__ == "__main__":
    main()
