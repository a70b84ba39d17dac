"""A small trained model, and a server of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serve.live import Live, live

from convsight.run import Run


@pytest.fixture(scope="session")
def trained(exported_run: Run) -> Path:
    """A run with a proven graph, so that servers start without PyTorch."""
    return exported_run.path


@pytest.fixture(scope="session")
def server(trained: Path) -> Iterator[Live]:
    """One server for all tests that leave it as it was; that it lives on after each is a part of the test."""
    with live(trained) as running:
        yield running
