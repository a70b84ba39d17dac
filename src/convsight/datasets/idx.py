"""IDX: the format of MNIST and Fashion-MNIST, one file of pixels and one of labels a split, perhaps gzipped.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits": two zero bytes, a type code
(8: unsigned byte), the number of axes, each axis as a big-endian 32-bit number, then the values.
"""

import gzip
import hashlib
import math
import re
import zlib
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.names import class_name
from convsight.datasets.numbered_labels import NumberedSplit, numbered_dataset
from convsight.errors import UserError
from convsight.memory import check_memory
from convsight.words import counted

_FILE = re.compile(r"(train|t10k|test)-(images|labels)[-.]idx([13])-ubyte(?:\.gz)?")
_SPLITS = {"train": "train", "t10k": "test", "test": "test"}
_AXES = {"images": 3, "labels": 1}
_UNSIGNED_BYTE = 8
_NAME_FILES = ("classes.txt", "labels.txt")
_CHUNK_BYTES = 2**20
_BEST_GZIP = 1040  # gzip shrinks by no larger factor, so a header that claims more is false

_MNIST = tuple("0123456789")
_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# Class names by the MD5 of an uncompressed label file.
_KNOWN_LABELS = {
    "a25bea736e30d166cdddb491f175f624": _MNIST,
    "27ae3e4e09519cfbb04c329615203637": _MNIST,
    "9018921c3c673c538a1fc5bad174d6f9": _FASHION,
    "15d484375f8d13e6eb1aabb0c3f46965": _FASHION,
}


class _Pair(NamedTuple):
    images: Path
    labels: Path


def is_idx(path: Path) -> bool:
    """Whether `path` is a folder with an IDX file of a training or test split."""
    return path.is_dir() and any(_FILE.fullmatch(file.name) for file in path.iterdir())


def read_idx(path: Path) -> Dataset:
    """The splits train and test of a folder of IDX files; a single pair becomes one uncut split.

    Class names come from `classes.txt` or `labels.txt` beside the files (one a line, line k naming class
    k); Fashion-MNIST and MNIST are recognised; else the numbers are the names.

    Raises `UserError` naming the file for a missing partner, a damaged file, or a label out of range.
    """
    pairs = _pairs(path)
    splits = {}
    names = _named_beside(path)
    for split, pair in pairs.items():
        images, labels = _read_array(pair.images, "images"), _read_array(pair.labels, "labels")
        if len(images) != len(labels):
            raise UserError(
                f"{pair.images} holds {counted(len(images), 'image')} but {pair.labels} {counted(len(labels), 'label')}"
            )
        names = names or _recognised(labels)
        splits[split if len(pairs) > 1 else UNSPLIT] = NumberedSplit(images, labels, str(pair.labels))
    return numbered_dataset(path, splits, names)


def _pairs(folder: Path) -> dict[str, _Pair]:
    found: dict[str, dict[str, Path]] = {}
    # Reversed, so that of a file and its gzipped copy the uncompressed one is taken.
    for file in sorted(folder.iterdir(), reverse=True):
        match = _FILE.fullmatch(file.name)
        if match:
            found.setdefault(_SPLITS[match[1]], {})[match[2]] = file
    for files in found.values():
        for kind in _AXES.keys() - files.keys():
            other = next(iter(files.values()))
            raise UserError(f"{other} has no file of {kind} beside it; IDX data needs images and labels")
    return {split: _Pair(**found[split]) for split in sorted(found, reverse=True)}


def _read_array(path: Path, kind: str) -> NDArray[np.uint8]:
    """The values of an IDX file of `kind`, checked against its header."""
    try:
        with path.open("rb") as raw:
            if path.suffix != ".gz":
                return _read_values(path, raw, kind, largest=path.stat().st_size)
            with gzip.open(raw) as unpacked:
                return _read_values(path, unpacked, kind, largest=path.stat().st_size * _BEST_GZIP)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}; copy or download it again") from error


def _read_values(path: Path, file: BufferedIOBase, kind: str, largest: int) -> NDArray[np.uint8]:
    shape = _read_header(path, file, kind)
    size = math.prod(shape)
    if size > largest:
        raise _wrong_length(path, kind, size, f"at most {largest:,}")
    check_memory(path, size)
    data = bytearray()
    try:
        # One byte more than promised shows a file that is too long; a file is never unpacked beyond it.
        while len(data) <= size and (chunk := file.read1(min(_CHUNK_BYTES, size + 1 - len(data)))):
            data += chunk
    except EOFError as error:  # a gzip file cut short
        raise _wrong_length(path, kind, size, f"only {len(data):,} before it breaks off") from error
    if len(data) != size:
        raise _wrong_length(path, kind, size, f"{len(data):,}" if len(data) < size else "more")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _wrong_length(path: Path, kind: str, size: int, found: str) -> UserError:
    return UserError(
        f"{path}: its header promises {size:,} bytes of {kind} but there are {found}; copy or download it again"
    )


def _read_header(path: Path, file: BufferedIOBase, kind: str) -> tuple[int, ...]:
    axes = _AXES[kind]
    header = file.read(4 + 4 * axes)
    if len(header) < 4 or header[:2] != b"\0\0":
        raise UserError(f"{path} is no IDX file: it starts with {header[:4].hex(' ') or 'nothing'}, not 00 00 08")
    if header[2] != _UNSIGNED_BYTE or header[3] != axes:
        raise UserError(
            f"{path}: type code {header[2]} and {header[3]} axes; "
            f"{kind} need type code {_UNSIGNED_BYTE} (unsigned byte) and {axes}"
        )
    if len(header) < 4 + 4 * axes:
        raise UserError(f"{path} is cut short: it ends within its header; copy or download it again")
    return tuple(int.from_bytes(header[start : start + 4], "big") for start in range(4, 4 + 4 * axes, 4))


def _named_beside(folder: Path) -> tuple[str, ...] | None:
    file = next((folder / name for name in _NAME_FILES if (folder / name).is_file()), None)
    if file is None:
        return None
    try:
        names = tuple(class_name(line) for line in file.read_text(encoding="utf-8-sig").strip().splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}; expected UTF-8 text, one class name a line") from error
    if not names or "" in names or len(set(names)) < len(names):
        raise UserError(f"{file}: expected one class name a line, each once, no empty line; it has {names}")
    return names


def _recognised(labels: NDArray[np.uint8]) -> tuple[str, ...] | None:
    header = bytes((0, 0, _UNSIGNED_BYTE, 1)) + len(labels).to_bytes(4, "big")
    return _KNOWN_LABELS.get(hashlib.md5(header + labels.tobytes(), usedforsecurity=False).hexdigest())
