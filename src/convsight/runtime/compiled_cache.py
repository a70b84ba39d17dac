"""Compiled networks kept between calls: OpenVINO reads one back in half the time of reading and compiling the graph.

They lie in the user's own cache folder, `$XDG_CACHE_HOME/convsight/openvino` (by default under `~/.cache`). Nothing
there is ever needed, and `CONVSIGHT_CACHE=0` turns the cache off. Whatever goes wrong with it, the graph is compiled.
"""

import hashlib
import mmap
import os
from contextlib import suppress
from pathlib import Path

from convsight.errors import UserError
from convsight.files import write_atomic

_WORTHWHILE = 4_000_000  # bytes of a graph; smaller ones compile at once
_KEPT = 8  # compiled networks, the last used ones


def cache_file(graph: Path, *circumstances: str) -> Path | None:
    """Where the compiled form of `graph` belongs, or None where it is not kept.

    Its name follows from place, size and time of the graph, and from all `circumstances` a compiled form depends on.
    """
    state = graph.stat()
    if state.st_size < _WORTHWHILE or os.environ.get("CONVSIGHT_CACHE") == "0":
        return None
    facts = [str(graph.resolve()), str(state.st_size), str(state.st_mtime_ns), *circumstances]
    name = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:32]
    try:
        return _folder() / f"{name}.blob"
    except RuntimeError:  # a user without a home
        return None


def read_cached(file: Path) -> mmap.mmap | None:
    """A compiled network as a map of its file, which is read as far as it is used; None where there is none.

    Files here are replaced whole or removed, never changed, so that the map keeps what it shows.
    """
    try:
        with open(file, "rb") as opened:
            content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
        file.touch()  # used now
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    return content


def write_cached(file: Path, content: bytes) -> None:
    """Keep a compiled network, and remove those not used for longest."""
    with suppress(UserError, OSError):  # a full disk or a read-only home costs time, and no prediction
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(file, content)
        old = sorted(file.parent.glob("*.blob"), key=lambda blob: blob.stat().st_mtime, reverse=True)
        for blob in old[_KEPT:]:
            blob.unlink(missing_ok=True)


def _folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "convsight" / "openvino"
