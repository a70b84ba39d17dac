"""Which images a proof is made of."""

from pathlib import Path

import numpy as np
import pytest

from convsight.datasets import Dataset, Split
from convsight.errors import UserError
from convsight.export.parity_check import MIN_IMAGES
from convsight.export.proof_images import enough_images, proof_images
from convsight.inputs import ImageInput
from convsight.results import Labels
from convsight.targets import Classes

RGB = ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))


def test_proof_images_are_many_and_of_many_sizes(photos: Path) -> None:
    files = sorted(photos.rglob("*.png"))
    found = list(proof_images(files, RGB, 100))
    assert len(found) == MIN_IMAGES
    assert len({image.shape for image in found}) > 10


@pytest.mark.parametrize("count", [1, 2, 8, 30])
def test_images_of_a_proof_are_different_ones(count: int) -> None:
    random = np.random.default_rng(0)
    found = list(proof_images(random.integers(0, 256, (count, 60, 80, 3), np.uint8), RGB, 100))
    assert len(found) == MIN_IMAGES
    assert len({(image.shape, image.tobytes()) for image in found}) == MIN_IMAGES


def a_split(name: str, count: int, level: int) -> Split:
    images = np.full((count, 2, 2), level, np.uint8)
    return Split(name, images, Labels(np.zeros(count, np.int64), ("a",)), [str(number) for number in range(count)])


def test_a_small_validation_split_is_filled_up_from_the_others() -> None:
    splits = {"train": a_split("train", 500, 3), "val": a_split("val", 10, 1), "test": a_split("test", 20, 2)}
    found = enough_images(Dataset("x", "x", "classification", Classes(names=("a",)), splits))
    assert [int(np.asarray(image)[0, 0]) for image in found] == [1] * 10 + [2] * 20 + [3] * 34
    splits["val"] = a_split("val", 100, 1)
    assert len(enough_images(Dataset("x", "x", "classification", Classes(names=("a",)), splits))) == 100


def test_images_that_cannot_be_read_are_no_proof(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(UserError, match="--data"):
        list(proof_images([tmp_path / "a.png"], RGB, 100))
