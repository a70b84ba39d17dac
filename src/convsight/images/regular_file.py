"""Files that end: pipes and devices may let a reader wait for ever."""

import stat
from pathlib import Path
from typing import BinaryIO

from convsight.images.errors import ImageError


def opened_file(path: Path) -> BinaryIO:
    """`path`, opened; raises `ImageError` for pipes and devices, `OSError` where it cannot be opened."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ImageError(
            f"{path} is a pipe, a device or a socket, not a file; save the image in a file, or pipe it into -"
        )
    return path.open("rb")
