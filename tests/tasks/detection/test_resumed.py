"""A detector whose training was stopped ends with the bits of an unbroken one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.same_bits import assert_same_bits
from tests.training.stopping import PressesCtrlC

from convsight.datasets import Dataset, Split, read_dataset
from convsight.progress import Silent
from convsight.tasks.choices import train_settings
from convsight.training.resume import resume
from convsight.training.train import train


@pytest.fixture(scope="module")
def few() -> Dataset:
    """Twelve of the drawn shapes, in colour."""
    shapes = read_dataset("shapes")
    some = {name: shapes.split(name).select(np.arange(count), name) for name, count in (("train", 8), ("val", 4))}
    splits: dict[str, Split] = {**some, "test": shapes.split("test").select(np.arange(4), "test")}
    return Dataset("few", "few", "detection", shapes.target, splits)


@pytest.mark.parametrize(("net", "optimizer"), [("yolo-n", "muon"), ("locate+small", "adamw"), ("locate+small", "sgd")])
def test_the_bits_are_those_of_an_unbroken_training(few: Dataset, tmp_path: Path, net: str, optimizer: str) -> None:
    fast: dict[str, Any] = {"size": 32, "epochs": 2, "batch": 4, "export": False, "augment": "strong"}
    choices = {**fast, "data": "few", "net": net, "optimizer": optimizer}
    whole = train(train_settings(run=f"{tmp_path}/whole", **choices), Silent(), few)
    with pytest.raises(KeyboardInterrupt):
        train(train_settings(run=f"{tmp_path}/part", **choices), PressesCtrlC(epoch=2), few)
    part = tmp_path / "part"
    resumed = resume(part, {}, Silent(), few)
    assert resumed.card.training["epochs"] == 2
    assert_same_bits(whole, resumed)
