"""Going on with a training: what is there, missing, edited, damaged or elsewhere."""

import csv
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image
from tests.training.heard import Heard
from tests.training.same_bits import assert_same_bits
from tests.training.stopping import PressesCtrlC

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.training import train as module
from convsight.training.train import resume, train

NET = "conv 8 3x3 same | batchnorm | relu | dropout 0.2 | conv 8 3x3 same relu | globalavg | dense classes"
FAST: dict[str, Any] = {"net": NET, "size": 12, "epochs": 2, "batch": 8, "export": False, "patience": 0}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of twenty colour pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name, level in (("dark", 60), ("bright", 190)):
        (folder / name).mkdir()
        for number in range(20):
            pixels = np.clip(generator.normal(level, 30, (14, 14, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def stopped(pictures: Path, tmp_path: Path) -> tuple[Path, Run]:
    """Data of their own, and a run that was stopped after its first epoch."""
    data = tmp_path / "data"
    shutil.copytree(pictures, data)
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(data=str(data), run=f"{tmp_path}/run", **FAST), PressesCtrlC(epoch=2))
    return data, Run(tmp_path / "run")


def column(run: Run, name: str) -> list[float]:
    with (run.path / "metrics.csv").open(newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


PLATEAU = {"schedule": "plateau", "plateau_epochs": 1, "warmup": 0.0, "lr": 1e-5}  # falls from the first epoch on


@pytest.mark.parametrize(
    "others",
    [
        *(
            {"optimizer": optimizer, "colour": colour}
            for optimizer in ("muon", "adamw", "sgd")
            for colour in ("rgb", "grey")
        ),
        {"optimizer": "adam", "beta1": 0.8, "schedule": "step", "step_every": 1},
        {"optimizer": "rmsprop", "own": {"sampling": "balanced", "loss": "bce"}, **PLATEAU, "epochs": 4},
    ],
    ids=lambda others: "-".join(map(str, others.values())),
)
def test_the_bits_are_those_of_an_unbroken_training(pictures: Path, tmp_path: Path, others: dict[str, Any]) -> None:
    choices = {**FAST, "data": str(pictures), **others}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(run=f"{tmp_path}/part", **choices), PressesCtrlC(epoch=choices["epochs"]))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    assert_same_bits(whole, resumed)
    rates = [column(run, "lr") for run in (whole, resumed)]
    assert rates[0] == rates[1]
    if "step_every" in others or "plateau_epochs" in others:
        assert rates[0][-1] < 0.5 * rates[0][0]


def test_a_run_stopped_while_it_is_exported_is_not_finished_and_resume_makes_what_is_missing(
    pictures: Path, tmp_path: Path
) -> None:
    settings = TrainSettings.of(data=str(pictures), run=f"{tmp_path}/a", **{**FAST, "epochs": 1, "export": True})
    with pytest.raises(KeyboardInterrupt), patch.object(module, "export_trained", side_effect=KeyboardInterrupt):
        train(settings, Silent())
    run = Run(tmp_path / "a")
    assert run.card.training["finished"] is False
    assert any(name.startswith("test/") for name in run.card.metrics)
    (run.path / "curves.png").unlink()
    made: list[bool] = []

    def exported(run: Run, card: Any, *_: object) -> None:
        made.append(card.training["finished"])

    with patch.object(module, "export_trained", exported):
        resumed = resume(str(run.path), {}, Silent())
    assert made == [True]
    assert (run.path / "curves.png").is_file()
    assert resumed.card.training["finished"] is True
    with pytest.raises(UserError, match="is finished after"):
        resume(str(run.path), {}, Silent())


def test_every_flipped_bit_of_a_checkpoint_is_refused(stopped: tuple[Path, Run]) -> None:
    _, run = stopped
    whole = run.checkpoint_file.read_bytes()
    for place in np.random.default_rng(0).integers(len(whole), size=4):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        run.checkpoint_file.write_bytes(damaged)
        with pytest.raises(UserError, match=r"is damaged|of another version"):
            resume(str(run.path), {}, Silent())


def test_edited_settings_are_told_and_edited_splits_refused(stopped: tuple[Path, Run]) -> None:
    _, run = stopped
    file = run.path / "settings.toml"
    text = file.read_text()
    assert "warmup = 0.1" in text
    file.write_text(text.replace("warmup = 0.1", "warmup = 0.3"))
    heard = Heard()
    resume(str(run.path), {}, heard)
    assert any("warmup is 0.3, was 0.1 up to epoch 1" in said for said in heard.said)
    cut = run.splits_file.read_text()
    run.splits_file.write_text(cut.replace("test,", "train,", 1))
    assert run.splits_file.read_text() != cut
    with pytest.raises(UserError, match=r"splits\.csv was changed since"):
        resume(str(run.path), {"epochs": 3}, Silent())


def test_an_untouched_run_tells_no_edits_and_computes_in_the_threads_it_began_with(stopped: tuple[Path, Run]) -> None:
    _, run = stopped
    before = torch.get_num_threads()
    heard = Heard()
    try:
        torch.set_num_threads(before + 1)
        resume(str(run.path), {}, heard)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)
    assert any(said.startswith(f"{before} threads, as the training began with") for said in heard.said)
    assert not any("was changed" in said for said in heard.said)


def test_data_that_have_moved_are_used_where_they_are_the_same(stopped: tuple[Path, Run], tmp_path: Path) -> None:
    data, run = stopped
    moved = data.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"no longer at .*; say where they are now: train --resume .* --data PLACE"):
        resume(str(run.path), {}, Silent())
    with pytest.raises(UserError):
        resume(str(run.path), {}, Silent(), place=str(run.path))
    resumed = resume(str(run.path), {}, Silent(), place=str(moved))
    assert resumed.card.training["finished"] is True
    assert resumed.settings()[0].data == str(moved)
