"""Two real processes that speak by gloo, and what both leave in a folder."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run_pair(module: str, *arguments: str | Path, count: int = 2) -> list["subprocess.CompletedProcess[str]"]:
    """Run `python -m MODULE ARGUMENTS` in processes started as torchrun would; one may end before the other."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "GLOO_SOCKET_IFNAME": "lo"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]
    try:
        said = [process.communicate(timeout=280) for process in started]
    finally:
        for process in started:
            process.kill()
            process.communicate()
    return [
        subprocess.CompletedProcess(module, process.returncode, *words)
        for process, words in zip(started, said, strict=True)
    ]
