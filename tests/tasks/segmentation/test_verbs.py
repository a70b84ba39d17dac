"""Every verb with classes of pixels: none of them knows what kind of question it is asked."""

from typing import Any

import numpy as np
import pytest
from tests.conftest import trained_once

import convsight
from convsight.datasets import Dataset
from convsight.run import Run
from convsight.tasks.adoption import data_for

FEW = {"train": 48, "val": 16, "test": 16}
CHOICES: dict[str, Any] = {"size": 32, "epochs": 4, "batch": 4, "ema": 0.9, "precision": "float32", "quiet": True}


def shapes() -> Dataset:
    """A few of the drawn shapes with their masks."""
    found = data_for("shapes", "segmentation")
    return found.with_splits({name: found.split(name).select(np.arange(few)) for name, few in FEW.items()})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that has seen a few drawn shapes twice; not to be changed."""
    return trained_once(
        tmp_path_factory, "segmentation-shapes", lambda run: convsight.train(shapes(), run=run, **CHOICES)
    )


def test_it_learns_and_its_graph_is_proven(trained: Run) -> None:
    metrics = trained.metrics
    assert metrics["test/pixel_accuracy"].value > 0.6  # a class drawn by lot has 0.2
    assert {"test/IoU/circle", "test/Dice/background", "val/pixel_accuracy"} <= set(metrics)
    assert trained.exported_file.is_file(), (trained.path / "log.txt").read_text()
    assert "holds" in (trained.path / "log.txt").read_text()
