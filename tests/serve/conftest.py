"""A tiny trained model, and a server of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serve.live import Live, live

import convsight


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    convsight.train("digits", net="lecture3", size=14, epochs=1, run=str(path), quiet=True)
    return path


@pytest.fixture(scope="session")
def server(trained: Path) -> Iterator[Live]:
    """One server for all tests that leave it as it was; that it lives on after each is a part of the test."""
    with live(trained) as running:
        yield running
