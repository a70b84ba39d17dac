"""How much memory there is."""

import os
from pathlib import Path

from convsight.errors import UserError

_UNKNOWN_BYTES = 4 * 2**30  # assumed where the system does not tell
_MEMINFO = Path("/proc/meminfo")
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def available_memory_bytes() -> int:
    """Bytes that can be used without swapping, as far as the system tells; a container's limit counts."""
    limits = [_container_limit(), _from_meminfo() or _from_sysconf() or _UNKNOWN_BYTES]
    return min(limit for limit in limits if limit)


def check_memory(path: Path, needed_bytes: int) -> None:
    """Refuse data that cannot be held in memory, with a `UserError` that names the file and both sizes."""
    available = available_memory_bytes()
    if needed_bytes > available:
        raise UserError(
            f"{path} needs {needed_bytes / 2**30:,.1f} GiB of memory, of which {available / 2**30:,.1f} are available; "
            "use a smaller set, or one image a file in class folders"
        )


def _from_meminfo() -> int:
    # What Linux can free at once is in its caches too, which sysconf does not count.
    try:
        lines = _MEMINFO.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)


def _from_sysconf() -> int:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _container_limit() -> int:
    try:
        text = _CONTAINER_LIMIT.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0
