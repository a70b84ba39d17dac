"""Frozen stages stay as they were to the bit, statistics included; what is asked for is there or refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from tests.training.heard import Heard
from tests.training.stopping import PressesCtrlC
from torch import nn

from convsight.errors import UserError
from convsight.nets.stages import stages_of
from convsight.progress import Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.tasks.learner import OneNetwork
from convsight.training.resume import resume
from convsight.training.train import train
from convsight.training.transfer import Transfer
from convsight.training.update import build_optimizers

NET = (
    "conv 8 3x3 same | batchnorm | relu | dropout 0.2 | maxpool 2x2 | conv 8 3x3 same | batchnorm | relu | globalavg | "
    "dense classes"
)
# On images: the checkpoint then holds what is frozen too.
FAST: dict[str, Any] = {
    "net": NET, "size": 12, "batch": 8, "export": False, "augment": "none", "grow": False, "features": False
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name, level in (("dark", 60), ("bright", 190)):
        (folder / name).mkdir()
        for number in range(16):
            pixels = np.clip(generator.normal(level, 30, (14, 14, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def taught(data: Path) -> Run:
    return train(TrainSettings.of(data=str(data), run=str(data.parent / "taught"), epochs=1, **FAST), Silent())


def tuned(taught: Run, data: Path, place: Path, **choices: Any) -> Run:
    return train(
        TrainSettings.of(
            data=str(data),
            run=str(place),
            weights=str(taught.model_file),
            **{**FAST, "epochs": 2, "lr": 0.05, **choices},
        ),
        Silent(),
    )


def last(run: Run) -> dict[str, Any]:
    """The weights after the last epoch, which need not be the best."""
    tensors = load_file(run.checkpoint_file)
    return {name.removeprefix("learner/network."): value for name, value in tensors.items() if "learner/" in name}


def changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """The layers of the tensors that are not the same."""
    assert one.keys() == other.keys()
    return {name.rpartition(".")[0] for name in one if not np.array_equal(one[name], other[name])}


def test_frozen_stages_keep_weights_and_statistics(taught: Run, data: Path, tmp_path: Path) -> None:
    before = load_file(taught.model_file)
    layers = {name.rpartition(".")[0] for name in before}
    all_of_it = changed(before, last(tuned(taught, data, tmp_path / "0")))
    first = changed(before, last(tuned(taught, data, tmp_path / "1", freeze="1")))
    head = changed(before, last(tuned(taught, data, tmp_path / "2", freeze="backbone")))
    assert layers == all_of_it == {"conv1", "batchnorm1", "conv2", "batchnorm2", "dense1"}
    assert first == {"conv2", "batchnorm2", "dense1"}
    assert head == {"dense1"}


def test_a_broken_gradual_training_ends_with_the_same_bits(taught: Run, data: Path, tmp_path: Path) -> None:
    choices = {"epochs": 3, "gradual": True, "stage_lr": 0.5}
    whole = tuned(taught, data, tmp_path / "whole", **choices)
    with pytest.raises(KeyboardInterrupt):
        train(
            TrainSettings.of(
                data=str(data),
                run=f"{tmp_path}/part",
                weights=str(taught.model_file),
                **{**FAST, "lr": 0.05, **choices},
            ),
            PressesCtrlC(epoch=2),
        )
    assert not changed(last(whole), last(resume(f"{tmp_path}/part", {}, Silent())))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"freeze": "99"}, r"--freeze 99: .* has 2 stages before its last layer: 1 = .*; give 0 to 2"),
        ({"freeze": "backbone", "weights": "none"}, "--freeze backbone is for pretrained networks"),
        ({"gradual": True, "weights": "none"}, "--gradual is for pretrained networks"),
    ],
)
def test_what_is_not_there_is_refused_before_a_folder_is_made(
    taught: Run, data: Path, tmp_path: Path, choices: dict[str, Any], message: str
) -> None:
    weights = {"weights": str(taught.model_file)}
    with pytest.raises(UserError, match=message):
        train(TrainSettings.of(data=str(data), run=f"{tmp_path}/a", **{**FAST, **weights, **choices}), Heard())
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("freeze", ["some", "-1", "1.5"])
def test_freeze_is_a_word_that_is_known_or_a_number(freeze: str) -> None:
    with pytest.raises(UserError, match=f"freeze={freeze!r}: give none, backbone or how many"):
        TrainSettings.of(data="photos", freeze=freeze)


def learner() -> OneNetwork:
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.Dropout(), nn.Conv2d(4, 4, 3, stride=2), nn.Flatten(), nn.Linear(36, 2)
    )
    return OneNetwork(net, lambda network, batch: {})


def transfer(frozen: int = 0, rate: float = 1.0, gradual: bool = False) -> Transfer:
    return Transfer(stages_of(learner().network, (1, 3, 16, 16)), frozen, gradual, rate)


def test_stages_begin_to_learn_from_the_last_to_the_first() -> None:
    one = transfer(gradual=True)
    assert [one.frozen_at(progress) for progress in (0, 0.16, 0.17, 0.33, 0.34, 1)] == [2, 2, 1, 1, 0, 0]
    assert transfer(frozen=1, gradual=True).frozen_at(1) == 1


def test_frozen_stages_compute_as_at_prediction_while_others_are_trained() -> None:
    one = learner()
    transfer(frozen=2).apply(one, 0)
    one.train()
    assert [module.training for module in one.network.children()] == [False, False, False, True, True]
    assert [weight.requires_grad for weight in one.parameters()] == [False] * 4 + [True] * 2


def test_each_stage_has_a_share_of_the_rate_of_the_next() -> None:
    one = learner()
    rates = transfer(rate=0.5).rates(one.network)
    optimizer = build_optimizers(one, "sgd", 0.8, 0.0, rates=rates)["main"].optimizer
    found = {id(weight): group["lr"] for group in optimizer.param_groups for weight in group["params"]}
    assert [found[id(weight)] for weight in one.parameters()] == [0.2, 0.2, 0.4, 0.4, 0.8, 0.8]
