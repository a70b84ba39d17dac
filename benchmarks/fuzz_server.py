"""Mutated requests against a real server process: does it ever crash, hang, grow or answer otherwise than it should?

    python benchmarks/fuzz_server.py MODEL [--requests 100000] [--seed 0]

Bodies of all kinds, what `Accept` says, and the heads of requests have bytes replaced, cut out, doubled and put in. A
hang is a request without an answer or an end of its connection in `--patience` seconds. A right answer has a status
that the interface documents, other than 500; where the head is whole, it is whole JSON, or the drawn image or archive
that `Accept` may have asked for. After each thousand a good image must be answered as
before. Memory is read after each tenth of the requests; the first half is warm-up, and over the second it may grow by
8 MiB. The exit code is 1 where any of this is not so. Linux only.
"""

import argparse
import asyncio
import base64
import json
import os
import random
import re
import sys
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple

from measuring import MAX_GROWN_MIB, RETURNING_MEMORY, grown, print_table, resident_mib, versions
from PIL import Image
from serving import ServerProcess, server

from convsight.serve.schemas import PREDICT_RESPONSES

_CLIENTS = 64
_QUIET_SECONDS = 1.0
_ROUNDS = 10
_THOUSAND = 1000
_RIGHT = {"200", *map(str, PREDICT_RESPONSES)} - {"500"}
# A head may have lost its method, its host or its end as well.
_RIGHT_TO_HEADS = _RIGHT | {"405", "421", "closed"}


class Request(NamedTuple):
    """A request as it goes over the wire."""

    data: bytes
    has_whole_head: bool  # and so a length that is right


@dataclass
class Found:
    """What became of the requests."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    good_otherwise: int = 0
    crashes: int = 0
    memory_mib: list[float] = field(default_factory=list)  # before the first round and after each

    def is_fine(self) -> bool:
        """Whether all went as it should."""
        return not (self.wrong or self.good_otherwise or self.crashes or grown(self.memory_mib) > MAX_GROWN_MIB)


def main() -> None:
    """Send all, print two tables, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=60)
    arguments = parser.parse_args()
    os.environ.update(RETURNING_MEMORY)  # the server inherits it
    start = time.perf_counter()
    with server(arguments.model) as running:
        rng = random.Random(arguments.seed)  # noqa: S311
        found = asyncio.run(fuzz(running, rng, arguments.requests, arguments.patience))
    print_found(found, time.perf_counter() - start)
    parts = versions("convsight", "fastapi", "uvicorn", "h11", "python-multipart", "pillow")
    print(f"\n{parts}; seed {arguments.seed}")
    sys.exit(0 if found.is_fine() else 1)


def print_found(found: Found, seconds: float) -> None:
    """Two tables: of the answers, and of the memory."""
    rows = [
        ["seconds", f"{seconds:.0f}"],
        ["answers", in_words(found.answers)],
        ["crashes of the server", str(found.crashes)],
        ["hangs", str(found.answers["hang"])],
        ["answers of a wrong kind, hangs among them", in_words(found.wrong) or "0"],
        ["good images answered otherwise in between", str(found.good_otherwise)],
        [f"growth in the second half, MiB (at most {MAX_GROWN_MIB:g})", f"{grown(found.memory_mib):.1f}"],
    ]
    print_table(f"{found.answers.total():,} mutated requests", ["what", "value"], rows)
    readings = [[f"{number} of {_ROUNDS}", f"{mib:.1f}"] for number, mib in enumerate(found.memory_mib)]
    print_table("Memory of the server after each round of them", ["round", "MiB"], readings)


def in_words(counts: Counter[str]) -> str:
    """Counts in words."""
    return ", ".join(f"{name}: {count:,}" for name, count in sorted(counts.items()))


async def fuzz(running: ServerProcess, rng: random.Random, count: int, patience: float) -> Found:
    """Send `count` mutated requests, in rounds; ends early after a crash or a hang."""
    expected = await answer(running, good_request(), patience)
    if status_of(expected) != "200":
        raise SystemExit(f"a good image is not answered: {expected!r}")
    found = Found(memory_mib=[resident_mib(running.process.pid)])
    for number in range(_ROUNDS):
        left = count * (number + 1) // _ROUNDS - count * number // _ROUNDS
        while left > 0:
            requests = [mutated_request(rng) for _ in range(min(_THOUSAND, left))]
            left -= len(requests)
            await send(running, requests, patience, found)
            said = await answer(running, good_request(), patience)
            found.good_otherwise += body_of(said) != body_of(expected)
            found.crashes += running.process.poll() is not None
            if found.crashes or found.answers["hang"]:
                return found
        found.memory_mib.append(resident_mib(running.process.pid))
    return found


async def send(running: ServerProcess, requests: list[Request], patience: float, found: Found) -> None:
    """Send all of them, by many clients at once."""
    waiting = iter(requests)

    async def client() -> None:
        for request in waiting:  # one iterator for all clients
            said = await answer(running, request, patience)
            status = status_of(said)
            found.answers[status] += 1
            if not is_right(said, request):
                found.wrong[status] += 1

    await asyncio.gather(*(client() for _ in range(_CLIENTS)))


def is_right(said: bytes | None, request: Request) -> bool:
    """Whether an answer is of a kind that such a request may get."""
    if not request.has_whole_head:
        return status_of(said) in _RIGHT_TO_HEADS
    return status_of(said) in _RIGHT and is_whole(said or b"", status_of(said))


def is_whole(said: bytes, status: str) -> bool:
    """Whether the body is a whole document of the type that the response names; refusals are JSON."""
    named = re.search(rb"\r\ncontent-type: ([^\r;]*)", said)
    kind = named[1].decode() if named else ""
    try:
        if kind == "application/json":
            json.loads(body_of(said))
            return True
        with BytesIO(body_of(said)) as file:
            if kind == "image/png":
                Image.open(file).load()
                return status == "200"
            return kind == "application/zip" and status == "200" and zipfile.ZipFile(file).testzip() is None
    except (ValueError, OSError, zipfile.BadZipFile):
        return False


async def answer(running: ServerProcess, request: Request, patience: float) -> bytes | None:
    """The response to `request`, empty where the connection ended without one; None where that takes too long.

    A server may wait for the rest of a request that lost a part. After a second without an answer the client ends its
    side of the connection, and the server has to end the other.
    """
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(running.host, running.port)
            try:
                writer.write(request.data)
                said = asyncio.ensure_future(response(reader))
                if not request.has_whole_head:
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
    """A whole response, or what came of one before the connection ended."""
    head = b""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head)
        return head + (await reader.readexactly(int(length[1])) if length else await reader.read())
    except asyncio.IncompleteReadError as error:
        return b"cut short: " + head + error.partial if head or error.partial else b""


def status_of(said: bytes | None) -> str:
    """The status of a response, or what came instead."""
    if said is None:
        return "hang"
    if not said:
        return "closed"
    return said.split()[1].decode() if said.startswith(b"HTTP/") else "cut short"


def body_of(said: bytes | None) -> bytes:
    """The body of a response."""
    return (said or b"").partition(b"\r\n\r\n")[2]


def images() -> list[bytes]:
    """A small file of each format."""
    files = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        file = BytesIO()
        Image.effect_noise((24, 24), 80).convert("RGB").save(file, kind)
        files.append(file.getvalue())
    return files


_IMAGES = images()
_ACCEPTS = (
    b"",
    b"*/*",
    b"application/json",
    b"image/png",
    b"application/zip",
    b"image/png, application/json;q=0.5",
    b"application/zip;q=0.3, image/*;q=0.2, */*;q=0.1",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    b"text/plain",
)


def good_request() -> Request:
    """A request that must be answered."""
    return Request(written(b"image/png", _IMAGES[0]), has_whole_head=True)


def mutated_request(rng: random.Random) -> Request:
    """A request of any kind with something wrong in its body, or anywhere in it."""
    image = rng.choice(_IMAGES)
    kind, body = rng.choice(
        [
            (b"application/octet-stream", image),
            (b"application/json", json.dumps({"pictures": [base64.b64encode(image).decode()]}).encode()),
            (b"multipart/form-data; boundary=x", form([image] * rng.randint(1, 3))),
        ]
    )
    accept = mutated_accept(rng)
    if rng.random() < 0.7:
        body = body if rng.random() < 0.2 else mutated(body, rng)  # whole images are drawn
        return Request(written(kind, body, accept), has_whole_head=True)
    return Request(mutated(written(kind, body, accept), rng), has_whole_head=False)


def mutated_accept(rng: random.Random) -> bytes:
    """What a client takes: as browsers and programs say it, or something like it that a head may hold."""
    accept = rng.choice(_ACCEPTS)
    if rng.random() < 0.5:
        return accept
    return bytes(byte for byte in mutated(accept, rng) if byte >= 0x20 and byte != 0x7F)


def form(files: list[bytes]) -> bytes:
    """A form of files."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return b"".join(head + file + b"\r\n" for file in files) + b"--x--\r\n"


def written(kind: bytes, body: bytes, accept: bytes = b"*/*") -> bytes:
    """A request as it goes over the wire."""
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %b\r\n" % kind
    head += b"Accept: %b\r\n" % accept
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to eight stretches changed."""
    for _ in range(rng.randint(1, 8)):
        at, length = rng.randint(0, len(data)), rng.choice([0, 1, 1, 2, 4, 16, 200])
        piece = rng.choice([b"", rng.randbytes(length), data[at : at + length] * 2, b"\r\n", b"\0", b"-1"])
        data = data[:at] + piece + data[at + length :]
    return data


if __name__ == "__main__":
    main()
