"""What tests share: real data beside the project, where it is there."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from tests.disk import Disk
from tests.onnx_translations import read_once
from tests.shapes import drawn_once

import convsight
from convsight.figures import figure_file
from convsight.run import Run

# A terminal's size that a worker of the tests happens to have: what is printed into a pipe follows from none.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

_draw_figure = figure_file._draw  # before it is replaced

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


@pytest.fixture(scope="session", autouse=True)
def _undrawn_figures() -> Iterator[None]:
    """Figures of trainings are made but not drawn, which would be most of the time of a small one."""
    with patch.object(figure_file, "_draw", lambda figure, file: Image.new("L", (8, 8)).save(file, "png")):
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Features of frozen stages are kept in a folder of the tests."""
    with patch.dict(os.environ, {"CONVSIGHT_FEATURES": str(tmp_path_factory.mktemp("features"))}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _shapes_drawn_once() -> Iterator[None]:
    """The data `shapes` are drawn once by each test process."""
    with drawn_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _translations_read_once() -> Iterator[None]:
    """What exports to ONNX need of PyTorch is read once by each test process."""
    with read_once():
        yield


@pytest.fixture
def drawn_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of trainings are drawn after all."""
    monkeypatch.setattr(figure_file, "_draw", _draw_figure)


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 of scikit-learn's scanned digits, 8 x 8 px, for trainings that need not learn well."""
    from sklearn.datasets import load_digits

    scans, path = load_digits(), tmp_path_factory.mktemp("data") / "digits.npz"
    images = np.round(scans.images * (255 / 16)).astype(np.uint8)
    parts = {"train": slice(0, 200), "val": slice(200, 250), "test": slice(250, 300)}
    arrays = {f"{split}_images": images[part] for split, part in parts.items()}
    np.savez(path, **arrays, **{f"{split}_labels": scans.target[part] for split, part in parts.items()})
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of two classes, ten noisy images of 20 x 20 px each."""
    return _write_photos(tmp_path / "photos")


def _write_photos(folder: Path) -> Path:
    random = np.random.default_rng(0)
    for name, level in (("dark", 60), ("bright", 190)):
        (folder / name).mkdir(parents=True)
        for index in range(10):
            noise = random.integers(-40, 40, (20, 20, 3)) + level
            Image.fromarray(noise.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """What is done to files under `tmp_path` from now on."""
    if sys.platform != "linux":
        pytest.skip("which file a descriptor is of is read from Linux's /proc")
    return Disk(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def exported_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small network trained on scanned digits, with its proven `model.onnx`; not to be changed."""
    choices: dict[str, Any] = {"net": "small", "size": 16, "epochs": 3}
    return trained_once(
        tmp_path_factory, "digits", lambda run: convsight.train("digits", run=run, quiet=True, **choices)
    )


@pytest.fixture(scope="session")
def photos_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A smaller network that tells dark photos from bright ones, with its proven `model.onnx`; not to be changed."""
    choices: dict[str, Any] = {"net": "lecture3", "size": 16, "epochs": 1}
    return trained_once(
        tmp_path_factory,
        "photos-run",
        lambda run: convsight.train(_write_photos(Path(f"{run}-data")), run=run, quiet=True, **choices),
    )


def trained_once(factory: pytest.TempPathFactory, name: str, train: Callable[[str], Run]) -> Run:
    """The run that `train` makes in a folder called `name`, which all test processes share."""
    # Each process has its own folder in that of the whole session, see the documentation of pytest-xdist.
    shared = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    done = shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            train(str(shared / name))
            done.touch()
    return Run.open(shared / name)
