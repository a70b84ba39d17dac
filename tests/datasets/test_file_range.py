"""The range of the values in files of more than 8 bits: measured where there are such."""

from pathlib import Path

import numpy as np
from PIL import Image

from convsight.datasets.file_range import measured_file_range
from convsight.images import ValueRange


def files(folder: Path, most: list[int | None]) -> list[Path]:
    """Images of 16 bits with values up to each, or of 8 bits; a last one that is none."""
    found = []
    for number, high in enumerate(most):
        file = folder / f"{number}.png"
        pixels = np.full((4, 4), 7, np.uint8) if high is None else np.array([[0, high]], np.uint16)
        Image.fromarray(pixels).save(file)
        found.append(file)
    broken = folder / "broken.png"
    broken.write_bytes(b"nothing")
    return [*found, broken]


def test_of_files(tmp_path: Path) -> None:
    assert measured_file_range(files(tmp_path, [None, None])) is None
    assert measured_file_range(files(tmp_path, [255, 90, None])) == ValueRange(0, 255)
    assert measured_file_range(files(tmp_path, [90, 4000])) == ValueRange(0, 4095)
    assert measured_file_range(files(tmp_path, [65_535])) == ValueRange(0, 65_535)


def test_of_arrays_there_is_none() -> None:
    assert measured_file_range(np.zeros((3, 4, 4), np.uint16)) is None
