"""A loss that is no number: the training stops, keeps what was good, and says where it began."""

import math
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tests.training.begun import begun
from torch import Tensor, nn
from torch.nn import functional as F

from convsight.augmentation import Batch
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.tasks.learner import OneNetwork
from convsight.training.fit import fit
from convsight.training.not_finite import NoUpdate, first_not_finite, weights_not_finite

NET = "conv 8 3x3 same | batchnorm | relu | conv 8 3x3 same relu | globalavg | dense classes"
FAST: dict[str, Any] = {"net": NET, "size": 12, "batch": 8, "export": False, "epochs": 3}


class Root(nn.Module):
    """The square root of what goes in, which is no number below 0."""

    def forward(self, values: Tensor) -> Tensor:
        return values.sqrt()


def square_loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    return {"total": network(batch.image).square().mean()}


def place(network: nn.Module, images: Tensor) -> str:
    learner = OneNetwork(network, square_loss)
    batch = Batch({"image": images}, {})
    return first_not_finite(learner, batch, lambda: learner.step(batch, NoUpdate()))


def test_the_first_layer_is_named_by_what_is_wrong_with_it() -> None:
    images = torch.ones(2, 3)
    first, second = nn.Linear(3, 4), nn.Linear(4, 2)
    network = nn.Sequential(first, nn.Sequential(Root(), second), nn.Linear(2, 1))
    with torch.no_grad():
        first.weight.abs_()
        first.bias.zero_()
    assert place(network, images) == ""
    assert place(network, torch.tensor([[1.0, 2.0, math.nan]])) == "first in the inputs themselves"
    assert place(network, -images) == "first in the output of 1.0 (Root)"
    with torch.no_grad():
        second.bias[1] = math.inf
    assert place(network, images) == "first in the weights of 1.1 (Linear)"
    assert weights_not_finite(network) == "1.1.bias"


def test_a_calculation_between_layers_is_told_by_the_layer_after_it() -> None:
    class Between(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

        def forward(self, values: Tensor) -> Tensor:
            last: Tensor = self.last((self.first(values) * 0 - 1).log())
            return last

    assert place(Between(), torch.ones(2, 3)) == "first in what goes into last (Linear)"


def test_a_training_stops_there_and_keeps_the_best_network(photos: Path, tmp_path: Path) -> None:
    t = begun(photos, tmp_path / "run", **FAST)
    t.run.path.mkdir()
    (t.run.path / "checkpoint").mkdir()
    layers = t.learner.network.named_modules()
    convolution, layer = next((name, layer) for name, layer in layers if isinstance(layer, nn.Conv2d))
    real, calls = F.cross_entropy, 0

    def spoils(*arguments: Any, **options: Any) -> Tensor:
        nonlocal calls
        calls += 1
        if t.epoch == 1 and calls > t.loader.steps + 1:
            layer.weight.data[0] = math.nan  # autograd does not see it, and goes back through the layer
            return real(*arguments, **options) * math.nan
        return real(*arguments, **options)

    with patch.object(F, "cross_entropy", spoils), pytest.raises(UserError) as raised:
        fit(t, Silent())
    words = str(raised.value)
    assert words.startswith(
        f"the loss became nan in epoch 2, first in the weights of {convolution} (Conv2d): the steps"
    )
    assert words.endswith(f"the network after epoch 1 is kept: {t.run.model_file}")
    assert all(np.isfinite(value).all() for value in load_file(t.run.model_file).values())
    assert t.run.checkpoint_file.is_file()


def test_weights_that_are_infinite_after_an_epoch_are_named(photos: Path, tmp_path: Path) -> None:
    t = begun(photos, tmp_path / "run", **{**FAST, "epochs": 1})
    critic = nn.Linear(2, 2)
    t.learner.add_module("critic", critic)
    nn.init.constant_(critic.weight, torch.inf)
    with pytest.raises(UserError, match=r"in epoch 1, first those called critic\.weight: the steps are too large"):
        fit(t, Silent())
