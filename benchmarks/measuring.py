"""What every benchmark prints: the machine, the versions, medians with their spread, and the growth of memory."""

import os
import platform
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent / ".bench"
# An allocator of C that returns freed memory at once: what it keeps else rises and falls by 20 MiB, and hides a leak.
RETURNING_MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
MAX_GROWN_MIB = 8.0  # that a fuzzed process may grow by; over 50,000 inputs 170 bytes each


def machine() -> str:
    """The processor, its cores, and Python."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def versions(*packages: str) -> str:
    """The installed versions of packages."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Median and range.

    >>> spread([3.0, 1.0, 2.0])
    '2.0 (1.0 to 3.0, n = 3)'
    """
    if len(values) == 1:
        return f"{values[0]:.{digits}f} (n = 1)"
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f}, n = {len(values)})"


def resident_mib(process: int) -> float:
    """The memory a process holds now, in MiB; Linux only."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def grown(memory: Sequence[float]) -> float:
    """By how much the later half of readings of memory grew; the first half is warm-up: arenas, caches.

    >>> grown([700.0, 740.0, 750.0, 751.0, 752.0])
    2.0
    """
    return memory[-1] - memory[(len(memory) - 1) // 2]


def peer_python(name: str) -> Path:
    """The interpreter of a peer's own environment, made from `peers/<name>.txt` where it is missing."""
    home = ENVIRONMENTS / name
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = home / ".ready"
    if not ready.exists():
        print(f"setting up {home} ...", file=sys.stderr)
        venv.create(home, with_pip=True)
        requirements = HERE / "peers" / f"{name}.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
        ready.touch()
    return python


def peer_packages(name: str) -> Path:
    """A folder of a peer's packages alone, without what they need, for `PYTHONPATH`: they then see our PyTorch."""
    home = ENVIRONMENTS / name
    ready = home / ".ready"
    if not ready.exists():
        print(f"setting up {home} ...", file=sys.stderr)
        requirements = HERE / "peers" / f"{name}.txt"
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(home)]
        subprocess.run([*install, "--requirement", str(requirements)], check=True)
        ready.touch()
    return home


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table, which reads as well on a terminal."""
    print(f"\n## {title}\n\n{machine()}\n")
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    for row in [columns, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
