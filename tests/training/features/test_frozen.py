"""Trainings on features that are computed once: the same as on images, and no more is computed than is missing."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from tests.training.heard import Heard
from tests.training.same_bits import assert_same_bits
from tests.training.stopping import PressesCtrlC
from torch import Tensor, nn

import convsight
from convsight.errors import UserError
from convsight.model_files import read_card
from convsight.nets.entry import NetShape
from convsight.progress import Silent
from convsight.run import Run
from convsight.runtime.evaluate import evaluate
from convsight.settings import TrainSettings
from convsight.training.features.shelf import Shelf, used
from convsight.training.given import taken
from convsight.training.resume import resume
from convsight.training.train import train

NET = (
    "conv 8 3x3 same | batchnorm | relu | maxpool 2x2 | conv 8 3x3 same | batchnorm | relu | globalavg | dense classes"
)
FAST: dict[str, Any] = {"net": NET, "size": 12, "batch": 8, "export": False, "epochs": 3, "lr": 0.05}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 4), ("test", 4)):
        for name, level in (("dark", 60), ("bright", 190)):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(generator.normal(level, 30, (14, 14, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def weights(data: Path) -> Path:
    settings = TrainSettings.of(data=str(data), run=f"{data.parent}/taught", **{**FAST, "epochs": 1})
    return train(settings, Silent()).model_file


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of features."""
    monkeypatch.setenv("CONVSIGHT_FEATURES", str(tmp_path / "kept"))
    return tmp_path / "kept"


def tuned(data: Path, weights: Path, place: Path, heard: Any = None, **choices: Any) -> Run:
    given = {"freeze": "backbone", **FAST, **choices}
    return train(TrainSettings.of(data=str(data), run=str(place), weights=str(weights), **given), heard or Silent())


def computed(heard: Heard) -> int:
    return sum(done for what, _, done in heard.counted if what == "frozen features")


def told(heard: Heard, word: str) -> list[str]:
    return [said for said in heard.said if word in said]


@pytest.mark.parametrize("freeze", ["backbone", "1"])
def test_the_network_is_that_of_a_training_on_images(data: Path, weights: Path, tmp_path: Path, freeze: str) -> None:
    choices = {"augment": "none", "flip": "none", "grow": False, "freeze": freeze, "precision": "float32"}
    ours = tuned(data, weights, tmp_path / "ours", **choices)
    theirs = tuned(data, weights, tmp_path / "theirs", features=False, **choices)
    one, other, first = (load_file(file) for file in (ours.model_file, theirs.model_file, weights))
    assert one.keys() == other.keys()
    learnt = [name for name in one if name.startswith(("dense1", "conv2", "batchnorm2")[: 1 if freeze != "1" else 3])]
    for name in one:
        assert np.allclose(one[name], other[name], rtol=5e-3, atol=2e-3), name
        if name not in learnt:
            assert np.array_equal(one[name], first[name]), name
    assert ours.metrics["test/accuracy"] == theirs.metrics["test/accuracy"]


@pytest.mark.slow
def test_a_last_layer_on_cells_learns_from_features_of_cells(
    data: Path, weights: Path, tmp_path: Path, kept: Path
) -> None:
    heard = Heard()
    run = tuned(data, weights, tmp_path / "cells", heard, head_pool=2, export=True, epochs=1)
    assert told(heard, "what is frozen is computed once: 32 features of 40 images")  # 8 channels, 4 cells
    assert told(heard, "other cells of the image")
    assert run.card.options == {"head_pool": 2}
    assert load_file(run.model_file)["dense1.weight"].shape == (2, 32)
    assert read_card(run.exported_file).proven("onnxruntime", "float32")


@pytest.mark.parametrize("flip", ["horizontal", "none"])
def test_it_is_judged_as_the_whole_network_on_images(
    data: Path, weights: Path, tmp_path: Path, flip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tuned(data, weights, tmp_path / "a", flip=flip)
    assert run.card.mirror == (flip == "horizontal")
    expected = evaluate(run.model_file, str(data), Silent(), split="test", engine="torch").metrics
    for name in ("test/accuracy", "test/log_loss", "test/auc"):
        assert list(run.metrics[name]) == pytest.approx(list(expected[name]), abs=2e-3), name


class Body(nn.Module):
    """Features times `scale`, of which neither its layers nor its weights tell."""

    scale = 1.0

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = (self.scale * self.conv(images)).relu().mean(dim=(2, 3))
        return found


class Own(nn.Module):
    def __init__(self, shape: NetShape) -> None:
        super().__init__()
        self.body = Body(shape.channels)
        self.head = nn.Linear(4, shape.outputs)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.head(self.body(images))
        return found


@pytest.mark.slow
def test_a_forward_that_was_changed_gets_features_of_its_own(
    data: Path, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: dict[str, Any] = {**FAST, "net": Own, "epochs": 1, "quiet": True}
    taught = convsight.train(str(data), run=tmp_path / "taught", **own).model_file
    for scale, told_so in ((1.0, 0), (1.0, 0), (2.0, 1), (2.0, 0)):
        monkeypatch.setattr(Body, "scale", scale)
        heard = Heard()
        given, settings = taken({**own, "weights": str(taught), "freeze": "backbone"})
        settings.pop("quiet")
        with given.at_work():
            train(TrainSettings.of(data=str(data), run=str(tmp_path / "a"), **settings), heard, given=given)
        assert len(told(heard, "not what the frozen stages tell now")) == told_so, scale


def test_a_second_training_computes_nothing_and_a_changed_picture_alone(
    data: Path, weights: Path, tmp_path: Path, kept: Path
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    first = Heard()
    tuned(copy, weights, tmp_path / "1", first, views=2)
    judged = 24 + 8 + 8  # which are seen mirrored too
    assert computed(first) == 24 * 3 + 8 + 8 + judged
    assert told(first, "what is frozen is computed once")
    again = Heard()
    tuned(copy, weights, tmp_path / "2", again, views=2, seed=7, lr=0.01, own={"loss": "focal"})
    assert computed(again) == 0
    assert told(again, "known from before")
    shutil.copy(copy / "train/dark/0.png", tmp_path / "spare.png")
    Image.new("RGB", (14, 14), "red").save(copy / "train/dark/0.png")
    changed = Heard()
    tuned(copy, weights, tmp_path / "3", changed, views=2)
    assert computed(changed) == 4  # as it is, in two views, and mirrored
    other = Heard()
    tuned(copy, tmp_path / "3/model.safetensors", tmp_path / "4", other, views=2, freeze="1")
    assert computed(other) == 24 * 3 + 8 + 8 + judged  # another part is frozen
    shutil.copy(tmp_path / "spare.png", copy / "train/dark/0.png")
    back = Heard()
    tuned(copy, weights, tmp_path / "5", back, views=2)
    assert computed(back) == 0


@pytest.mark.slow
def test_damaged_features_are_computed_again(data: Path, weights: Path, tmp_path: Path, kept: Path) -> None:
    whole = tuned(data, weights, tmp_path / "1", views=1)
    files = sorted(kept.glob("*/*.npy"), key=lambda file: file.stat().st_size)
    damaged = bytearray(files[-1].read_bytes())
    damaged[-1] ^= 4  # the last feature of one image
    files[-1].write_bytes(damaged)
    files[0].write_bytes(files[0].read_bytes()[:-1])
    heard = Heard()
    assert_same_bits(whole, tuned(data, weights, tmp_path / "2", heard, views=1))
    assert computed(heard) == 1 + 8


@pytest.mark.slow
def test_a_resumed_training_ends_with_the_same_bits(data: Path, weights: Path, tmp_path: Path, kept: Path) -> None:
    whole = tuned(data, weights, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        tuned(data, weights, tmp_path / "part", PressesCtrlC(epoch=3))
    shutil.rmtree(kept)  # what made room for others is computed anew
    heard = Heard()
    assert_same_bits(whole, resume(f"{tmp_path}/part", {}, heard))
    assert computed(heard) > 0


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ({"features": False}, "--no-features"),
        ({"own": {"mixup": 0.2}}, "mixed with others"),
        ({"features_limit": 1e-9}, "--features-limit GB allows more"),
    ],
)
def test_where_they_cannot_be_kept_it_is_trained_on_images(
    data: Path, weights: Path, tmp_path: Path, kept: Path, choices: dict[str, Any], why: str
) -> None:
    heard = Heard()
    run = tuned(data, weights, tmp_path / "a", heard, **{**choices, "epochs": 1})
    (said,) = told(heard, "computed anew in every epoch")
    assert why in said
    assert used(kept).bytes == 0
    assert run.card.training["finished"]


def test_where_there_is_no_room_for_all_views_there_are_fewer(
    data: Path, weights: Path, tmp_path: Path, kept: Path
) -> None:
    heard = Heard()
    limit = (2 * (8 + 8) + 3.5 * 24) * (16 + 2 * 8) / 1e9  # rows of eight features
    run = tuned(data, weights, tmp_path / "a", heard, views=2, features_limit=limit)
    assert "no room or time for 2 views" in told(heard, "computed once")[0]
    assert run.settings()[1]["views"] == 1


def test_without_a_cache_they_are_held_in_memory(
    data: Path, weights: Path, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSIGHT_CACHE", "0")
    heard = Heard()
    tuned(data, weights, tmp_path / "a", heard, epochs=1)
    assert "held in memory" in told(heard, "computed once")[0]
    assert not kept.exists()


def test_what_was_computed_before_a_stop_is_kept(data: Path, weights: Path, tmp_path: Path, kept: Path) -> None:
    heard = Heard()
    with pytest.raises(KeyboardInterrupt):
        tuned(data, weights, tmp_path / "a", PressesCtrlC(epoch=1))
    tuned(data, weights, tmp_path / "b", heard)
    assert computed(heard) == 0


def test_a_run_is_not_gone_on_with_in_fewer_views_than_it_began_with(
    data: Path, weights: Path, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        tuned(data, weights, tmp_path / "part", PressesCtrlC(epoch=3), views=2)
    monkeypatch.setattr(Shelf, "limit", int((2 * (8 + 8) + 3.5 * 24) * (16 + 2 * 8)))  # the disk has become full
    with pytest.raises(UserError, match="learns from 2 varied views of each image, and there is room for 1 here"):
        resume(f"{tmp_path}/part", {}, Silent())


@pytest.mark.parametrize(
    ("choices", "option"),
    [
        ({"freeze": "none", "views": 2}, "--views is for"),
        ({"freeze": "0", "views": 0}, "--views is for"),
        ({"freeze": "none", "features_limit": 1.0}, "--features-limit is for"),
        ({"features": False, "views": 2}, "--views does nothing beside --no-features"),
    ],
)
def test_what_would_say_nothing_of_any_features_is_refused(
    data: Path, weights: Path, tmp_path: Path, choices: dict[str, Any], option: str
) -> None:
    with pytest.raises(UserError, match=option):
        tuned(data, weights, tmp_path / "a", **choices)
    assert not (tmp_path / "a").exists()
