"""Going on with a training: what is there, missing, edited, damaged or elsewhere."""

import csv
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image
from tests.training.heard import Heard
from tests.training.same_bits import assert_same_bits, assert_same_rows
from tests.training.stopping import PressesCtrlC, StopsAfterSteps

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.run import Run
from convsight.settings import TrainSettings
from convsight.training import ending, fit
from convsight.training.clock import Clock
from convsight.training.resume import resume
from convsight.training.state import Training
from convsight.training.step import prepared
from convsight.training.train import train

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


@pytest.mark.parametrize(
    "others",
    [
        {
            "accumulate": 3, "clip_norm": 0.5, "rand_augment": 9, "erase": 0.5,
            "own": {"sampling": "balanced", "mixup": 0.5, "cutmix": 0.5},
        },
        {"schedule": "cosine", "ema": 0.0, "size": 28, "workers": 2},  # begins with smaller images
    ],
    ids=["varied, gradients wait", "grows"],
)  # fmt: skip
def test_a_training_stopped_after_every_few_steps_has_the_bits_and_the_course_of_an_unbroken_one(
    pictures: Path, tmp_path: Path, others: dict[str, Any]
) -> None:
    choices = {**FAST, "data": str(pictures), "epochs": 3, **others}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    part = Run(tmp_path / "part")
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(run=str(part.path), **choices), StopsAfterSteps(2))
    stops = 1
    while not (part.model_file.is_file() and part.card.training["finished"]):
        with suppress(KeyboardInterrupt):
            resume(part.path, {}, StopsAfterSteps(2 + stops % 3))
        stops += 1
    assert stops >= 4
    assert_same_bits(whole, part)
    assert_same_rows(whole, part)


def test_a_stop_while_an_epoch_is_judged_keeps_all_of_its_steps(pictures: Path, tmp_path: Path) -> None:
    choices = {**FAST, "data": str(pictures)}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    heard, part = Heard(), Run(tmp_path / "part")
    with pytest.raises(KeyboardInterrupt), patch.object(fit, "validate", side_effect=KeyboardInterrupt):
        train(TrainSettings.of(run=str(part.path), **choices), heard)
    assert "stopped in epoch 1 after 4 of 4 batches" in heard.said[-1]
    assert_same_bits(whole, resume(part.path, {}, Silent()))
    assert_same_rows(whole, part)


def test_a_stop_within_a_step_waits_for_its_end_and_a_second_does_not(pictures: Path, tmp_path: Path) -> None:
    asked = 1

    def stopped(t: Training, *rest: Any) -> Any:
        if t.step == 5:
            for _ in range(asked):
                asks = signal.getsignal(signal.SIGINT)  # called as Python calls it between two instructions
                assert callable(asks)
                asks(signal.SIGINT, None)
        return prepared(t, *rest)

    choices = {**FAST, "data": str(pictures)}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    for asked, words in ((1, "stopped in epoch 2 after 2 of 4 batches;"), (2, "kept as it was after step 4;")):
        heard, part = Heard(), Run(tmp_path / f"part{asked}")
        with pytest.raises(KeyboardInterrupt), patch.object(fit, "prepared", stopped):
            train(TrainSettings.of(run=str(part.path), **choices), heard)
        assert words in heard.said[-1]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert_same_bits(whole, resume(part.path, {}, Silent()))


def test_a_run_that_kept_no_state_is_begun_anew_in_its_folder(pictures: Path, tmp_path: Path) -> None:
    choices = {**FAST, "data": str(pictures)}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    part = tmp_path / "part"
    shutil.copytree(whole.path, part)
    shutil.rmtree(part / "checkpoint")
    for name in ("model.safetensors", "metrics.csv", "judged.json", "report.html"):
        (part / name).unlink()
    heard = Heard()
    resumed = resume(part, {}, heard)
    assert resumed.path == part
    assert any("is begun anew" in said for said in heard.said)
    assert_same_bits(whole, resumed)


def test_what_a_resumed_training_promises_is_said(pictures: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(data=str(pictures), run=str(part), **FAST), PressesCtrlC(epoch=2))
    for changes, promised in (
        ({}, "resumed in epoch 2 after 1 of 4 batches, to the same weights as an unbroken training"),
        ({"epochs": 3}, "12 steps in all instead of 8: the schedule goes on from here as if it had been planned so"),
        ({"minutes": 1}, "it ends on time: how many steps that makes follows this machine's speed"),
    ):
        heard = StopsAfterSteps(1)
        shutil.copytree(part, tmp_path / promised[:9], dirs_exist_ok=True)
        with suppress(KeyboardInterrupt):
            resume(tmp_path / promised[:9], changes, heard)
        assert any(promised in said for said in heard.said), heard.said


def test_new_minutes_that_are_too_short_get_a_word(stopped: tuple[Path, Run]) -> None:
    heard = Heard()
    resume(stopped[1].path, {"minutes": 0.001}, heard)
    [told] = [text for text in heard.said if text.startswith("note: --minutes 0.001 is too short")]
    assert "one step is made" in told
    assert column(stopped[1], "step")[-1] == 5  # four were those of its first epoch


def test_a_run_stopped_while_it_is_exported_is_not_finished_and_resume_makes_what_is_missing(
    pictures: Path, tmp_path: Path
) -> None:
    settings = TrainSettings.of(data=str(pictures), run=f"{tmp_path}/a", **{**FAST, "epochs": 1, "export": True})
    with pytest.raises(KeyboardInterrupt), patch.object(ending, "export_trained", side_effect=KeyboardInterrupt):
        train(settings, Silent())
    run = Run(tmp_path / "a")
    assert run.card.training["finished"] is False
    assert any(name.startswith("test/") for name in run.card.metrics)
    (run.path / "curves.png").unlink()
    made: list[bool] = []

    def exported(run: Run, card: Any, *_: object) -> None:
        made.append(card.training["finished"])

    with patch.object(ending, "export_trained", exported):
        resumed = resume(str(run.path), {}, Silent())
    assert made == [True]
    assert (run.path / "curves.png").is_file()
    assert resumed.card.training["finished"] is True
    with pytest.raises(UserError, match="is finished after"):
        resume(str(run.path), {}, Silent())


def flipped(file: Path, place: int) -> None:
    """Damage `file` by one bit."""
    whole = bytearray(file.read_bytes())
    whole[place] ^= 4
    file.write_bytes(whole)


def test_a_checkpoint_that_is_damaged_or_cut_short_falls_back_to_the_one_before(
    pictures: Path, tmp_path: Path, stopped: tuple[Path, Run]
) -> None:
    data, run = stopped
    whole = train(TrainSettings.of(data=str(data), run=f"{tmp_path}/whole", **FAST), Silent())
    run.checkpoint_file.write_bytes(run.checkpoint_file.read_bytes()[:-100])
    good = run.checkpoint_before.read_bytes()
    heard = StopsAfterSteps(1)
    with pytest.raises(KeyboardInterrupt):
        resume(run.path, {}, heard)
    assert any(
        said.startswith(f"note: {run.checkpoint_file} is damaged")
        and said.endswith(f"gone on with the one before, {run.checkpoint_before}")
        for said in heard.said
    )
    assert run.checkpoint_before.read_bytes() == good, "what is damaged must not take its place"
    run.checkpoint_file.unlink()  # as a kill between the two renames leaves it
    resumed = resume(run.path, {}, Silent())
    assert_same_bits(whole, resumed)
    assert_same_rows(whole, resumed)


def test_every_flipped_bit_of_both_checkpoints_is_refused(stopped: tuple[Path, Run]) -> None:
    _, run = stopped
    flipped(run.checkpoint_before, 12_345)
    whole = run.checkpoint_file.read_bytes()
    for place in np.random.default_rng(0).integers(len(whole), size=4):
        flipped(run.checkpoint_file, int(place))
        with pytest.raises(
            UserError, match=r"(is damaged|of another version).*; nor is there a good one before it: .*train --config "
        ):
            resume(str(run.path), {}, Silent())
        run.checkpoint_file.write_bytes(whole)


def test_edited_settings_are_told_and_edited_splits_refused(stopped: tuple[Path, Run]) -> None:
    _, run = stopped
    file = run.path / "settings.toml"
    text = file.read_text()
    assert "warmup = 0.1" in text
    file.write_text(text.replace("warmup = 0.1", "warmup = 0.3"))
    heard = Heard()
    resume(str(run.path), {}, heard)
    assert any("warmup is 0.3, was 0.1 up to step 5" in said for said in heard.said)
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


@pytest.mark.parametrize("steps", [6, 7])
def test_a_stop_in_the_second_epoch_of_two_that_share_a_validation_changes_no_bit(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(Clock, "epochs_a_validation", 2)
    choices = {**FAST, "data": str(pictures), "epochs": 3}
    whole = train(TrainSettings.of(run=f"{tmp_path}/whole", **choices), Silent())
    with pytest.raises(KeyboardInterrupt):
        train(TrainSettings.of(run=f"{tmp_path}/part", **choices), StopsAfterSteps(steps))
    resumed = resume(f"{tmp_path}/part", {}, Silent())
    assert column(resumed, "epoch") == [2, 3]
    assert_same_bits(whole, resumed)
    assert_same_rows(whole, resumed)
