"""What tests share: real data beside the project, where it is there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convsight
from convsight.run import Run

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The folder of a real data set, or a skip that says which one is missing."""

    def folder(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"real data {name!r} is not beside the project")
        return path

    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of two classes, ten noisy pictures of 20 x 20 px each."""
    folder = tmp_path / "photos"
    random = np.random.default_rng(0)
    for name, level in (("dark", 60), ("bright", 190)):
        (folder / name).mkdir(parents=True)
        for index in range(10):
            noise = random.integers(-40, 40, (20, 20, 3)) + level
            Image.fromarray(noise.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="session")
def exported_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small network trained on scanned digits, with its proven `model.onnx`; not to be changed."""
    path = tmp_path_factory.mktemp("exported") / "digits"
    return convsight.train("digits", net="small", size=16, epochs=2, run=str(path), quiet=True)
