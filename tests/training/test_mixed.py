"""Trainings whose images are mixed, erased and operated on: losses take soft targets, resumed runs end the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.training.same_bits import assert_same_bits
from tests.training.stopping import PressesCtrlC
from torch import nn
from torch.nn import functional as F

from convsight.augmentation import Batch, ClassTarget
from convsight.datasets import Dataset
from convsight.datasets.in_memory import data_of
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.tasks.choices import train_settings
from convsight.tasks.classification.losses import ClassLoss, class_loss
from convsight.tasks.multilabel.losses import label_loss
from convsight.training.resume import resume
from convsight.training.train import train

ALL: dict[str, Any] = {"mixup": 0.2, "cutmix": 1.0, "rand_augment": 9, "erase": 0.3}
FAST: dict[str, Any] = {
    "net": "conv 8 3x3 same relu | globalavg | dense classes",
    "size": 12,
    "epochs": 2,
    "batch": 8,
    "export": False,
}


@pytest.fixture(scope="module")
def held() -> Dataset:
    pixels = np.random.default_rng(0).integers(0, 90, (40, 14, 14, 3), dtype=np.uint8)
    pixels[::2] += 120
    found = data_of((pixels, ["bright", "dark"] * 20))
    assert isinstance(found, Dataset)
    return found


def test_a_run_resumed_ends_with_the_same_bits(held: Dataset, tmp_path: Path) -> None:
    choices = {**FAST, **ALL, "data": held.source}
    whole = train(train_settings(run=f"{tmp_path}/whole", **choices), Silent(), held)
    with pytest.raises(KeyboardInterrupt):
        train(train_settings(run=f"{tmp_path}/part", **choices), PressesCtrlC(epoch=2), held)
    assert_same_bits(whole, resume(f"{tmp_path}/part", {}, Silent(), held))
    log = (whole.path / "log.txt").read_text()
    assert "mixup (alpha 0.2) or CutMix (alpha 1): each image is mixed with another" in log


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_a_mixture_is_that_of_both_in_their_shares(smoothing: float) -> None:
    network, images = nn.Sequential(nn.Flatten(), nn.Linear(12, 4)), torch.rand(5, 3, 2, 2)
    classes, partners, shares = torch.tensor([0, 3, 1, 1, 2]), torch.tensor([4, 0, 1, 3, 2]), torch.rand(5)
    soft = ClassTarget(4).mixed(classes, partners, shares)
    found = class_loss(network, Batch({"image": images}, {"class": soft}), ClassLoss(smoothing=smoothing))["total"]
    each = [
        F.cross_entropy(network(images), wanted, label_smoothing=smoothing, reduction="none")
        for wanted in (classes, classes[partners])
    ]
    torch.testing.assert_close(found, (each[0] * shares + each[1] * (1 - shares)).mean())


def test_the_focal_loss_of_several_labels_takes_shares() -> None:
    logits = torch.tensor([[0.3, -1.2]])
    ends = [label_loss(logits, torch.tensor([[first, 1.0]]), gamma=2.0) for first in (0.0, 1.0)]
    between = label_loss(logits, torch.tensor([[0.4, 1.0]]), gamma=2.0)
    assert min(ends) < between < max(ends)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"rand_augment_ops": 3}, "--rand-augment-ops does nothing without --rand-augment"),
        ({"rand_augment": 31}, "rand_augment=31"),
        ({"erase": 1.5}, "erase=1.5"),
        ({"task": "classification", "mixup": -1}, "mixup=-1"),
        ({"task": "detection", "cutmix": 1.0}, "--cutmix is for classification and multilabel, not for detection"),
    ],
)
def test_what_cannot_be_is_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        train_settings(data="photos", **choices)
