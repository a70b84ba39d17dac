"""Images as a sheet shows them are those that the training's own steps see, bit for bit."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image
from tests.command import within
from tests.contracts.test_toys import TOYS
from torch import Tensor

import convsight
from convsight.augmentation import Batch
from convsight.datasets.in_memory import data_of as data_of_memory
from convsight.errors import UserError
from convsight.progress import Silent
from convsight.results.caption import enlarged
from convsight.tasks import TASKS
from convsight.tasks.choices import train_settings
from convsight.training import augment_verb, fit
from convsight.training.augment_verb import draw_varied
from convsight.training.loader import LoadedBatch
from convsight.training.sheets import varied_sheet
from convsight.training.state import Training
from convsight.training.step import prepared
from convsight.training.varied import Varying

NET = "conv 4 3x3 stride 2 | relu | globalavg | dense classes"
SHAPES: dict[str, Any] = {"data": "shapes", "net": "yolo-n", "size": 64, "batch": 32, "epochs": 2, "ema": 0.0}

# What mixes images of a batch, and sampling, by which one may be drawn twice or not at all.
CASES: dict[str, dict[str, Any]] = {
    "classification": {"mixup": 0.4, "cutmix": 1.0, "rand_augment": 9, "erase": 0.5, "sampling": "balanced"},
    "regression": {"task": "regression", "augment": "strong", "flip": "horizontal"},
}


def data_of(task: str) -> Any:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, 16, 16, 3), np.uint8)
    return images, (np.arange(60) % 7 == 0).astype(int) if task == "classification" else np.arange(60)


def seen_by_steps(data: Any, place: Path, **choices: Any) -> dict[tuple[int, int], list[tuple[Tensor, dict[str, Any]]]]:
    """What the steps of a training saw of each (epoch, sample), before it is normalised."""
    found: dict[tuple[int, int], list[tuple[Tensor, dict[str, Any]]]] = defaultdict(list)

    def watch(t: Training, loaded: LoadedBatch, side: int | None = None) -> Batch:
        batch = prepared(t, loaded, side)
        for row, sample in enumerate(loaded.samples.tolist()):
            targets = {name: values[row].clone() for name, values in batch.targets.items()}
            found[t.epoch, sample].append((batch.image[row].clone(), targets))
        return batch

    with patch.object(fit, "prepared", watch):
        convsight.train(data, run=place, quiet=True, export=False, grow=False, precision="float32", **choices)
    return found


def sheet_of(data: Any, place: Path, count: int, **choices: Any) -> tuple[Varying, list[dict[int, Batch]]]:
    """What the verb draws of so many samples."""
    caught: list[Varying] = []

    def watch(seen: Varying, images: int, times: int) -> Any:
        caught.append(seen)
        return varied_sheet(seen, images, times)

    held = data if isinstance(data, str) else data_of_memory(data, None)
    source = held if isinstance(held, str) else held.source
    known = None if isinstance(held, str) else held
    with patch.object(augment_verb, "varied_sheet", watch):
        settings = train_settings(**{**choices, "data": source})
        draw_varied(settings, place / "sheet.png", Silent(), count=count, variants=2, held=known)
    samples = np.arange(len(caught[0].train))
    return caught[0], list(caught[0].seen(samples, 2))


def check_alike(seen: Varying, drawn: list[dict[int, Batch]], steps: dict[tuple[int, int], Any]) -> None:
    epochs = {(epoch, sample) for epoch, found in enumerate(drawn) for sample in found}
    assert epochs == set(steps)
    for epoch, found in enumerate(drawn):
        for sample, batch in found.items():
            image, targets = steps[epoch, sample][0]
            assert torch.equal(seen.inputs.normalise(batch.image)[0], image)
            assert targets.keys() == batch.targets.keys()
            for name, values in targets.items():
                assert torch.equal(batch.targets[name][0], values)


@pytest.mark.parametrize("task", CASES)
def test_a_sheet_shows_what_the_steps_see(task: str, tmp_path: Path) -> None:
    choices = {**CASES[task], "net": NET, "size": 16, "batch": 16, "epochs": 2, "seed": 5}
    seen, drawn = sheet_of(data_of(task), tmp_path, 3, **choices)
    assert seen.augmentation.together is (task == "classification")
    check_alike(seen, drawn, seen_by_steps(data_of(task), tmp_path / "run", **choices))


@pytest.mark.slow
def test_a_sheet_of_boxes_shows_the_mosaics_of_the_steps(tmp_path: Path) -> None:
    choices = {**SHAPES, "mosaic": 0.6, "mixup": 0.5, "multi_scale": True}
    data = choices.pop("data")
    seen, drawn = sheet_of(data, tmp_path, 2, **choices)
    steps = seen_by_steps(data, tmp_path / "run", **choices)
    check_alike(seen, drawn, steps)


def test_the_verb_draws_and_tells(tmp_path: Path, photos: Path) -> None:
    words = [
        "augment",
        str(photos),
        "--count",
        "2",
        "--variants",
        "3",
        "--mixup",
        "0.4",
        "--batch",
        "4",
        "--size",
        "24",
    ]
    done = within(*words, "--out", "seen.png", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"file": "seen.png", "batch": 4, "size": [24, 24], "seed": 0}.items() <= told.items()
    assert [*told["images"].values()] == [[1, 2, 3]] * 2
    assert any("mixup (alpha 0.4)" in reason for reason in told["reasons"])
    assert {path.name for path in tmp_path.iterdir()} == {"seen.png", photos.name}
    sheet = np.asarray(Image.open(tmp_path / "seen.png").convert("RGB"))
    plain = enlarged(Image.new("RGB", (24, 24))).width
    assert sheet.shape[1] == 8 * 5 + 4 * max(plain, 200)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path, photos: Path) -> None:
    for idle in (["--optimizer", "sgd"], ["--minutes", "3"], ["--label-smoothing", "0.1"], ["--count", "0"]):
        assert within("augment", str(photos), *idle, cwd=tmp_path).returncode == 2
    for out, reason in (("sheet.jpg", "a .png"), ("no/sheet.png", "there is no folder")):
        assert reason in within("augment", str(photos), "--out", out, cwd=tmp_path).stderr
    assert [*tmp_path.iterdir()] == [photos]


def test_inputs_that_are_no_images_are_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "sequences", TOYS["sequences"].folder)
    waves = TOYS["sequences"].archive(tmp_path, "sequences")
    with pytest.raises(UserError, match="no images: there is nothing to draw"):
        draw_varied(train_settings(data=str(waves)), tmp_path / "a.png", Silent(), count=2, variants=2)
