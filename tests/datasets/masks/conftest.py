"""What the tests of masks share: an image, and a mask of its size, below the test's folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

# Writes an array as an image, or one of a size in one colour; returns where.
Write = Callable[..., Path]

SIZE = (6, 4)  # width and height in px, of images where nothing else is said


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(
        name: str, values: NDArray[Any] | Sequence[Any] | None = None, *, kind: type = np.uint8, **more: Any
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = (
            Image.new("RGB", SIZE, (len(name), 90, 60)) if values is None else Image.fromarray(np.array(values, kind))
        )
        image.save(path, **more)
        return path

    return write


@pytest.fixture
def text(tmp_path: Path) -> Callable[[str, str], Path]:
    def text(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return text
