"""What the tests of the audit share: a clean set on disk, into which each test plants what must be found."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.datasets.audit.findings import MakeImage

TRAINING = 20  # images of each class; fewer would be a finding


@pytest.fixture(scope="session")
def image() -> MakeImage:
    """A smooth image, another for every seed."""

    def make(seed: int, side: int = 48) -> Image.Image:
        blotches = np.random.default_rng(seed).integers(0, 256, (9, 9, 3)).astype(np.uint8)
        return Image.fromarray(blotches).resize((side, side), Image.Resampling.BICUBIC)

    return make


@pytest.fixture
def clean(tmp_path: Path, image: MakeImage) -> Path:
    """Class folders in which there is nothing to find: cats and dogs, 20 each in train, 5 each in test."""
    seed = 0
    for split, count in (("train", TRAINING), ("test", 5)):
        for name in ("cat", "dog"):
            folder = tmp_path / "pets" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                seed += 1
                image(seed).save(folder / f"{number}.png")
    return tmp_path / "pets"
