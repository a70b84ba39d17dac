"""A fingerprint of data: equal for the same images with the same targets, however they are stored or split."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Images
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.images import content_of_small

_BYTES = 16  # 128 bits
_CHUNK = 256  # images a thread takes at a time


def fingerprint(dataset: Dataset, *, workers: int = 4, progress: Callable[[int], object] | None = None) -> str:
    """128 bits in hexadecimal of what is predicted (names, units) and of every image's name, target and content.

    The content is the file's bytes, or the pixels with their shape and, but for 8 bits, their type. Neither the order
    of the images nor the split they are in counts. BLAKE2b, RFC 7693. `progress` is told how many more were read.

    Raises `UserError` naming a file that cannot be read.
    """
    entries = []
    for split in dataset.splits.values():
        digests = _digests(split.images, workers, progress or _nobody)
        entries += [list(entry) for entry in zip(split.names, split.targets.lines(), digests, strict=True)]
    whole = hashlib.blake2b(json.dumps(dataset.target.meaning()).encode(), digest_size=_BYTES)
    for entry in sorted(entries):
        whole.update(json.dumps(entry).encode())
    return whole.hexdigest()


def _digests(images: Images, workers: int, tell: Callable[[int], object]) -> list[str]:
    """The digest of each image, in order."""

    def digest(rows: range) -> list[str]:
        return [_digest(images[row]) for row in rows]

    chunks = (range(start, min(start + _CHUNK, len(images))) for start in range(0, len(images), _CHUNK))
    found: list[str] = []
    for part in map_in_threads(digest, chunks, workers):
        found += part
        tell(len(part))
    return found


def _digest(image: Path | NDArray[Any]) -> str:
    if isinstance(image, np.ndarray):
        kind = "" if image.dtype == np.uint8 else f"{image.dtype.str} "
        seen = hashlib.blake2b(f"{kind}{image.shape}".encode(), digest_size=_BYTES)
        seen.update(image.tobytes())
        return seen.hexdigest()
    if (content := content_of_small(image)) is not None:
        return hashlib.blake2b(content, digest_size=_BYTES).hexdigest()
    try:
        with image.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_BYTES)).hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {image}: {error.strerror}; restore it or leave it out") from error


def _nobody(count: int) -> None:
    """Hears of progress and does nothing."""
