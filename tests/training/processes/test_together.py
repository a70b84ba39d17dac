"""Two real processes against one: the same batch normalisation, gradients, curve and words; and one that is lost."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.training.heard import Heard
from tests.training.processes.pair import run_pair
from tests.training.processes.parts import ROWS, normalised, pictures, rows, trained
from tests.training.processes.worker import KINDS
from torch import nn

from convsight.run import Run
from convsight.training.resume import resume


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes left: one of them was killed in the end."""
    place = tmp_path_factory.mktemp("pair")
    pictures(place / "data")
    first, other = run_pair("tests.training.processes.worker", place)
    assert (first.returncode, other.returncode) == (0, -9), first.stderr + other.stderr
    return place


@pytest.fixture(scope="module")
def alone(folder: Path) -> Run:
    """The training of the two, in one process."""
    return trained(folder / "data", folder / "one", Heard())


def found(folder: Path, rank: int) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / f"found-{rank}.json").read_text())
    return loaded


def columns(run: Path) -> dict[str, list[float]]:
    with (run / "metrics.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in table] for name in table[0]}


@pytest.mark.parametrize(("dtype", "dims", "whole"), KINDS, ids=str)
def test_batch_normalisation_is_that_of_the_whole_batch(
    folder: Path, dtype: torch.dtype, dims: int, whole: int
) -> None:
    layer, (x, gradient) = normalised(dims), rows(dtype, dims)
    own = x[:whole].clone().requires_grad_()
    out = layer(own)
    out.backward(gradient[:whole])
    assert own.grad is not None
    ranks = [load_file(folder / f"norm-{rank}.safetensors") for rank in range(2)]
    name = f"{dtype}-{dims}-{whole}"
    rtol, atol = (0.02, 0.02) if dtype == torch.bfloat16 else (3e-5, 1e-5)
    for what, wanted in (("out", out.detach()), ("grad", own.grad)):
        parts = [rank[f"{name}/{what}"] for rank in ranks]
        assert [len(part) for part in parts] == ([4, 3] if whole == ROWS else [1, 1])
        for theirs in [torch.cat(parts)] if whole == ROWS else parts:
            torch.testing.assert_close(theirs, wanted, rtol=rtol, atol=atol)
    gradients = {f"{key}.grad": value.grad for key, value in layer.named_parameters()}
    for key, value in (layer.state_dict() | gradients).items():
        for rank in ranks:
            torch.testing.assert_close(rank[f"{name}/{key}"], value, rtol=rtol, atol=atol)


def test_what_both_agree_on(folder: Path) -> None:
    first, other = (found(folder, rank)["words"] for rank in range(2))
    assert first.pop("deadline") != other.pop("deadline")
    assert first.pop("seed") == 5
    assert other.pop("seed") != 5
    assert first == other
    assert first["remaining"] == 15
    assert first["gradients"] == [True, [1.0, 1.0], True]  # none where nobody has one
    assert first["taken"] == 0.0
    assert "process 1 computes other weights than process 0 (first bias)" in first["drifted"]
    assert first["of_all"] == pytest.approx([4.0, 7.0])
    assert first["first"] == [0, "x"]
    assert first["made"] == "0"
    assert first["words"] == ["mine", ""]


def test_the_curve_is_that_of_one_process(folder: Path, alone: Run) -> None:
    ours, theirs = columns(alone.path), columns(folder / "two")
    assert ours.keys() == theirs.keys()
    for name in ours.keys() - {"seconds", "images_per_s", "waited"}:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=2e-4, atol=1e-5, err_msg=name)
    weights = [load_file(run / "model.safetensors") for run in (alone.path, folder / "two")]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=2e-3, atol=2e-4)
    one, two = Run(alone.path).card, Run(folder / "two").card
    assert one.metrics.keys() == two.metrics.keys()
    assert two.training["finished"]


def test_mixtures_take_their_partners_from_the_whole_batch(folder: Path) -> None:
    mixed = trained(folder / "data", folder / "mixed-alone", Heard(), own={"mixup": 0.4}, accumulate=1, epochs=1)
    ours, theirs = columns(mixed.path), columns(folder / "mixed")
    np.testing.assert_allclose(theirs["train/loss"], ours["train/loss"], rtol=2e-4)


def test_the_first_alone_speaks_and_writes(folder: Path, alone: Run) -> None:
    assert found(folder, 1)["heard"] == []
    assert any(said.startswith("epoch 3/3") for said in found(folder, 0)["heard"])
    assert {path.name for path in (folder / "two").iterdir()} == {path.name for path in alone.path.iterdir()}
    assert found(folder, 0)["run"] == found(folder, 1)["run"] == str(folder / "two")


def test_a_mistake_is_told_once_and_one_of_another_process_with_its_number(folder: Path) -> None:
    first, other = (found(folder, rank) for rank in range(2))
    assert first["bad"][0] == "UserError"
    assert other["bad"][0] == "ToldElsewhereError"
    assert "resnet81" in first["bad"][1]
    assert other["elsewhere"][0] == "ToldElsewhereError"
    assert first["elsewhere"][0] == "UserError"
    assert "process 1: only here" in first["elsewhere"][1]


def test_loss_that_is_not_finite_in_one_process_stops_all_with_the_same_words(folder: Path) -> None:
    first, other = (found(folder, rank)["infinite"] for rank in range(2))
    assert first[1] == other[1]
    assert "became nan in epoch 1, first in" in first[1]


def test_a_killed_process_ends_the_others_with_words_and_the_run_goes_on_in_one(folder: Path, alone: Run) -> None:
    said = (folder / "lost-0.txt").read_text()
    assert re.match(r"a process of this training was lost; stopped .* epoch [12]", said)
    assert f"the best network so far is {folder / 'lost'}" in said
    assert f"convsight train --resume {folder / 'lost'}" in said
    heard = Heard()
    resumed = resume(folder / "lost", {}, heard)
    assert any(text.startswith("note: trained in 2 processes so far and in 1 from now on") for text in heard.said)
    assert not any("was changed" in text for text in heard.said)
    ours, theirs = columns(alone.path), columns(resumed.path)
    np.testing.assert_allclose(theirs["train/loss"], ours["train/loss"], rtol=5e-4)
    assert resumed.card.training["finished"]


def test_modules_that_normalise_by_a_call_are_synchronised_too() -> None:
    from timm.layers.norm_act import BatchNormAct2d

    from convsight.training.processes.batch_norm import BatchNormOverAll

    layer = BatchNormAct2d(3)
    x = torch.randn(4, 3, 2, 2)
    asked: list[torch.Size] = []

    def gather(tensor: torch.Tensor) -> torch.Tensor:
        asked.append(tensor.shape)
        return torch.stack([tensor, tensor])

    with BatchNormOverAll(gather):
        layer(x)
        layer.eval()(x)
        nn.GroupNorm(1, 3)(x)
    assert asked == [(7,)]
