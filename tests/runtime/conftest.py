"""A small trained network, shared by the tests of the runtime."""

from pathlib import Path

import pytest

import convsight
from convsight.runtime.model import Model


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    convsight.train("digits", net="lecture3", size=14, epochs=1, run=str(path), quiet=True, export=False)
    return path


@pytest.fixture(scope="session")
def model(digits: Path) -> Model:
    return convsight.load(digits)
