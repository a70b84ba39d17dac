"""Arrays as they are put in where an image file cannot hold them: NumPy's own, or files of it (`.npy`)."""

import math
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from PIL import Image

from convsight.images import ImageError, Source, opened_file
from convsight.inputs.byte_order import native

ARRAY_SUFFIXES = frozenset({".npy"})

_MAGIC = b"\x93NUMPY"
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_array(source: Source, most: float, name: str | None = None, others: str = "") -> NDArray[Any]:
    """The array in `source`: a `.npy` file, the content of one, a Pillow image, or itself; `name` is for errors.

    Its numbers are in the machine's byte order. `others` are words for what else the caller takes.

    Raises `ImageError` where there is none, where it is damaged, or has more than `most` values, which its header
    tells. Arrays of Python objects are refused: to read them would run their code.
    """
    if isinstance(source, np.ndarray):
        return native(source)
    if isinstance(source, Image.Image):
        return np.asarray(source)
    called = name or (str(source) if isinstance(source, Path) else f"the array ({len(source)} bytes)")
    try:
        with _opened(source) as file:
            return _read(file, most, called, others)
    except ImageError:
        raise
    except OSError as error:
        raise ImageError(f"cannot read {called}: {error.strerror or error}; check the path and its file") from error
    # What NumPy's parser runs into on damaged files, from SyntaxError to MemoryError.
    except Exception as error:
        raise ImageError(f"{called} cannot be read as an array ({error}); save it again with numpy.save") from error


def starts_like_array(start: bytes) -> bool:
    """Whether the content of a file that begins with `start` is an array."""
    return start.startswith(_MAGIC)


def _opened(source: Path | bytes) -> AbstractContextManager[BinaryIO]:
    return nullcontext(BytesIO(source)) if isinstance(source, bytes) else opened_file(source)


def _read(file: BinaryIO, most: float, name: str, others: str) -> NDArray[Any]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ImageError(
            f"{name} is no array, and this network takes {others}arrays: files that numpy.save writes, ending in .npy"
        )
    file.seek(0)
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise ImageError(f"{name} is an array file of version {version}; save it again with numpy.save")
    shape, _, dtype = _HEADERS[version](file)
    if math.prod(shape) > most:
        raise ImageError(
            f"{name} holds {math.prod(shape):,} values, over the limit of {most:,.0f}; raise it with --max-megapixels"
        )
    if dtype.hasobject:
        raise ImageError(f"{name} holds Python objects, which are not read; save numbers")
    file.seek(0)
    return native(npy.read_array(file, allow_pickle=False))
