"""A fingerprint of data: equal for the same pictures with the same truth, however they are stored or split."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Pictures
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError

_BYTES = 16  # 128 bits
_CHUNK = 256  # pictures a thread takes at a time


def fingerprint(dataset: Dataset, *, workers: int = 4) -> str:
    """128 bits in hexadecimal of the class names and of every picture's name, truth and content.

    The content is the file's bytes, or the pixels with their shape and, but for 8 bits, their type. Neither the order
    of the pictures nor the split they are in counts. BLAKE2b, RFC 7693.

    Raises `UserError` naming a file that cannot be read.
    """
    entries = []
    for split in dataset.splits.values():
        digests = _digests(split.pictures, workers)
        entries += [list(entry) for entry in zip(split.names, split.truths.lines(), digests, strict=True)]
    whole = hashlib.blake2b(json.dumps(dataset.target.names).encode(), digest_size=_BYTES)
    for entry in sorted(entries):
        whole.update(json.dumps(entry).encode())
    return whole.hexdigest()


def _digests(pictures: Pictures, workers: int) -> list[str]:
    """The digest of each picture, in order."""

    def digest(rows: range) -> list[str]:
        return [_digest(pictures[row]) for row in rows]

    chunks = (range(start, min(start + _CHUNK, len(pictures))) for start in range(0, len(pictures), _CHUNK))
    return [each for part in map_in_threads(digest, chunks, workers) for each in part]


def _digest(picture: Path | NDArray[Any]) -> str:
    if isinstance(picture, np.ndarray):
        kind = "" if picture.dtype == np.uint8 else f"{picture.dtype.str} "
        seen = hashlib.blake2b(f"{kind}{picture.shape}".encode(), digest_size=_BYTES)
        seen.update(picture.tobytes())
        return seen.hexdigest()
    try:
        with picture.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_BYTES)).hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {picture}: {error.strerror}; restore it or leave it out") from error
