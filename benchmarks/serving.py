"""A server process to measure, and what it takes of the machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerProcess:
    """A running `convsight serve`."""

    process: subprocess.Popen[str]
    host: str
    port: int

    def memory_mib(self) -> float:
        """Resident memory; Linux only."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Processor time taken so far."""
        return cpu_seconds(self.process.pid)


def cpu_seconds(process: int) -> float:
    """Processor time that a process has taken so far, with all its threads; Linux only."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(*arguments: str | Path) -> Iterator[ServerProcess]:
    """A server on a free port of this machine, stopped by SIGTERM at the end."""
    command = [sys.executable, "-m", "convsight", "serve", *map(str, arguments), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        output = []
        for line in process.stderr:
            output.append(line)
            if line.startswith("listening on http://"):
                break
        else:
            raise SystemExit(f"the server did not start: {''.join(output)}")
        host, _, port = output[-1].removeprefix("listening on http://").strip().rpartition(":")
        yield ServerProcess(process, host, int(port))
    finally:
        process.terminate()
        process.wait(60)
