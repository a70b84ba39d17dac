"""`train --processes N`: the same command in N processes of this machine, and the end of all of them with any."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

LAUNCHED = "CONVSIGHT_LAUNCHED"  # set for processes that end with the one that started them
_GRACE = 20.0  # seconds in which the others may say what was lost before they are stopped
_AFTER = 3.0  # seconds that the others have after the first
_LOOK = 0.05  # seconds between two looks
_STOPPED, _BAD = 130, 2  # exit codes


@dataclass
class _Child:
    """One of the processes, and what it says on standard error where the user does not see it."""

    rank: int
    process: "subprocess.Popen[bytes]"
    said: IO[bytes] | None

    @property
    def code(self) -> int | None:
        return self.process.poll()

    def close(self) -> None:
        """Close what is open between the two processes."""
        for stream in (self.process.stdin, self.said):
            if stream is not None:
                stream.close()

    def words(self) -> str:
        if self.said is None:
            return ""
        self.said.seek(0)
        return self.said.read().decode(errors="replace").strip()


def launch(count: int, command: Sequence[str], tell: Callable[[str], object]) -> int:
    """Run `command` in `count` processes of this machine; returns the exit code when all have ended.

    The first one speaks to the user. Ctrl-C and SIGTERM end all, and so does one that ends before its time; `tell` is
    given the words about that.
    """
    port = _free_port()
    children: list[_Child] = []
    try:
        for rank in range(count):
            children.append(_start(rank, count, port, command))  # one by one, so that a stop ends those that run
        failed = _wait(children)
        if failed is None:
            return 0
        _tell(children, failed, tell)
    except KeyboardInterrupt:
        _end(children, signal.SIGINT)
        return _STOPPED
    finally:
        _end(children, signal.SIGTERM)
        for child in children:
            child.close()
    codes = [child.code or 0 for child in (children[0], failed)]
    return next((code for code in codes if code > 0), _BAD)


def without_processes(arguments: Sequence[str]) -> list[str]:
    """The command line without `--processes`.

    >>> without_processes(["train", "photos", "--processes", "2", "--epochs=3"])
    ['train', 'photos', '--epochs=3']
    """
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--processes":
            next(words, None)
        elif not word.startswith("--processes="):
            kept.append(word)
    return kept


def _start(rank: int, count: int, port: int, command: Sequence[str]) -> _Child:
    numbers = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    environment = {
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // count)),
        **({"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}),
        **os.environ,
        **{name: str(number) for name, number in numbers.items()},
        **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), LAUNCHED: "1"},
    }
    said = tempfile.TemporaryFile() if rank else None  # noqa: SIM115 - as long as the process
    process = subprocess.Popen(  # noqa: S603 - the command that the user has given, by this Python
        command,
        env=environment,
        stdin=subprocess.PIPE,  # which ends with this process, however it does
        stdout=subprocess.DEVNULL if rank else None,
        stderr=said,
        start_new_session=True,  # a terminal's Ctrl-C comes to this process alone, which passes it on once
    )
    return _Child(rank, process, said)


def _wait(children: Sequence[_Child]) -> _Child | None:
    """Wait until all have ended well, or one has not, which is returned."""
    while True:
        codes = [child.code for child in children]
        failed = [child for child, code in zip(children, codes, strict=True) if code]
        if failed:
            # Of several at once, one that was killed says most, then the first, which the user hears.
            return min(failed, key=lambda child: ((child.code or 0) > 0, child.rank))
        if all(code == 0 for code in codes):
            return None
        time.sleep(_LOOK)


def _tell(children: Sequence[_Child], failed: _Child, tell: Callable[[str], object]) -> None:
    """Say how `failed` ended where it could not say that itself, and what the others say of it."""
    code = failed.code or 0
    if code < 0:
        tell(f"process {failed.rank} of {len(children)} was killed ({signal.Signals(-code).name}); all end with it")
    until = time.monotonic() + _GRACE
    while time.monotonic() < until and any(child.code is None for child in children):
        time.sleep(_LOOK)
    _end(children, signal.SIGTERM)
    if code > 0 and code not in (_BAD, _STOPPED):  # a fault of ours, whose traceback helps
        tell(failed.words())
    elif (children[0].code or 0) < 0:  # the first cannot tell the user how to go on, but another can
        tell(next(filter(None, (child.words() for child in children[1:])), ""))


def _end(children: Sequence[_Child], how: signal.Signals) -> None:
    """Ask all that are still there to end, and after a while end them."""
    for child in children:
        if child.code is None:
            child.process.send_signal(how)
    for child in children:  # others end with the first, which may have something to keep
        try:
            child.process.wait(_AFTER if child.rank else _GRACE)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
