"""What the tests of data formats share: small real files on disk."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

MakeImages = Callable[..., Path]


@pytest.fixture
def make_images(tmp_path: Path) -> MakeImages:
    """Writes a small image of its own colour for each name, and returns the folder that holds all."""

    def make(*names: str, root: str = "photos") -> Path:
        folder = tmp_path / root
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            colour = crc32(name.encode())
            Image.new("RGB", (6, 5), (colour & 255, colour >> 8 & 255, colour >> 16 & 255)).save(path)
        return folder

    return make


@pytest.fixture
def write_idx() -> Callable[..., Path]:
    """Writes an array as an IDX file of unsigned bytes."""

    def write(path: Path, values: NDArray[np.uint8] | Sequence[int]) -> Path:
        array = np.asarray(values, np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        path.write_bytes(header + array.tobytes())
        return path

    return write
