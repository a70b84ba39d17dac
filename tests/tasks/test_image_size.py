"""What images a network is given, before they are measured."""

from pathlib import Path

import numpy as np
from PIL import Image

from convsight.datasets import Split
from convsight.images import ValueRange
from convsight.results import Labels
from convsight.tasks.image_size import unmeasured


def split_of(folder: Path, pixels: np.ndarray) -> Split:
    """A split of one image file."""
    file = folder / "0.png"
    Image.fromarray(pixels).save(file)
    return Split("train", [file], Labels(np.zeros(1, np.int64), ("cat",)), ["0.png"])


def test_files_of_more_than_8_bits_have_a_range(tmp_path: Path) -> None:
    deep = unmeasured(4, 4, "crop", split_of(tmp_path, np.array([[0, 900]], np.uint16)))
    assert (deep.bits, deep.channels, deep.file_range) == (8, 3, ValueRange(0, 1023))
    plain = unmeasured(4, 4, "crop", split_of(tmp_path, np.zeros((4, 4), np.uint8)))
    assert plain.file_range is None
