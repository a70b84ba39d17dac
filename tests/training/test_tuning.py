"""What --tune measures, chooses and keeps; the run is that of the same settings given by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.begun import begun
from tests.training.heard import Heard
from tests.training.same_bits import assert_same_bits

import convsight
from convsight.nets.memory_format import laid_out
from convsight.progress import Silent
from convsight.training import tuning
from convsight.training.state import Training
from convsight.training.tuning import tuned

FAST: dict[str, Any] = {"net": "lecture3", "size": 14, "epochs": 1, "export": False}


def training(photos: Path, folder: Path, **choices: Any) -> Training:
    return begun(photos, folder / "run", **{**FAST, "batch": 4, **choices})


def test_the_run_is_that_of_the_settings_which_were_chosen(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_step_seconds", lambda t, batch, layout: 1.0 if layout == "planes" else 2.0)
    run = convsight.train(photos, run=f"{tmp_path}/tuned", tune=True, quiet=True, **FAST)
    settings, _ = run.settings()
    assert (settings.layout, settings.tune, settings.workers) == ("planes", False, 1)
    by_hand = convsight.train(photos, run=f"{tmp_path}/by hand", layout="planes", workers=0, quiet=True, **FAST)
    assert_same_bits(run, by_hand)
    assert "planes" in (run.path / "log.txt").read_text()


def test_what_is_usual_stays_unless_another_is_clearly_faster(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = training(photos, tmp_path)
    for planes, layout in ((0.98, "channels-last"), (0.9, "planes")):
        monkeypatch.setattr(tuning, "_step_seconds", lambda t, batch, layout, s=planes: s if layout == "planes" else 1)
        assert tuned(t, Silent()).layout == layout


def test_as_few_threads_as_a_step_needs(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    t = training(photos, tmp_path)
    monkeypatch.setattr(tuning, "_step_seconds", lambda t, batch, layout: 1.0)
    for seconds, workers in (((9, 0.4, 0, 0, 0), 1), ((0.1, 0.8, 0.45, 0, 0), 2), ((9, 4, 3, 2, 2.5), 4)):
        left = iter(seconds)
        monkeypatch.setattr(tuning, "_loading_seconds", lambda loader, left=left: next(left))
        assert tuned(t, Silent()).workers == workers


def test_the_batch_is_the_largest_that_fits_and_is_not_slower(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = training(photos, tmp_path, batch=2)
    assert len(t.train) >= 8
    monkeypatch.setattr(tuning, "_FEWEST_STEPS", 1)
    cost = {2: 1.0, 4: 1.5, 8: 2.95}  # 2, 2.67 and 2.71 images a second
    monkeypatch.setattr(tuning, "_step_seconds", lambda t, batch, layout: cost[batch])
    assert tuned(t, Silent()).batch == 2
    t.plan = replace(t.plan, settings=t.plan.settings.model_copy(update={"tune_batch": True}))
    monkeypatch.setattr(tuning, "needed_bytes", lambda t, batch: batch * 10)
    for free, batch in ((1000, 8), (60, 4), (1, 2)):
        monkeypatch.setattr(tuning, "free_bytes", lambda device, free=free: free)
        assert tuned(t, Silent()).batch == batch
    monkeypatch.setattr(tuning, "free_bytes", lambda device: 1000)
    cost[8] = 3.2  # 2.5
    assert tuned(t, Silent()).batch == 4


def test_no_weight_moves_and_all_that_was_tried_is_told(photos: Path, tmp_path: Path) -> None:
    t = training(photos, tmp_path)
    before = [weight.clone() for weight in t.learner.parameters()]
    heard = Heard()
    tuned(t, heard)
    assert all(torch.equal(one, other) for one, other in zip(before, t.learner.parameters(), strict=True))
    said = "\n".join(heard.said)
    assert said.count("chosen") == 3  # the line above the table, and two settings
    for words in ("channels-last", "planes", "workers", "compiled: not tried"):
        assert words in said


def test_weights_lie_as_the_layout_says() -> None:
    layer = torch.nn.Conv2d(4, 6, 3)
    assert laid_out(layer, "channels-last").weight.is_contiguous(memory_format=torch.channels_last)
    assert laid_out(layer, "planes").weight.is_contiguous()
