"""Trainings that begin with smaller pictures."""

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from tests.training.begun import begun

import convsight
from convsight.training.fit import gradients
from convsight.training.loader import RawBatch


@pytest.fixture
def larger_photos(photos: Path) -> Path:
    from PIL import Image

    for file in photos.glob("*/*.png"):
        Image.open(file).resize((32, 32)).save(file)
    return photos


@pytest.mark.parametrize(("net", "grows"), [("small", True), ("lecture3", False)])
def test_only_a_network_that_takes_any_size_begins_with_smaller_pictures(
    tmp_path: Path, larger_photos: Path, net: str, grows: bool
) -> None:
    run = convsight.train(larger_photos, net=net, epochs=2, run=f"{tmp_path}/a", quiet=True, export=False)
    _, chosen = run.settings()
    assert ("first_side" in chosen) is grows
    assert not grows or chosen["first_side"] == 24


def test_the_user_may_say_no(tmp_path: Path, larger_photos: Path) -> None:
    run = convsight.train(larger_photos, epochs=1, grow=False, run=f"{tmp_path}/a", quiet=True, export=False)
    assert "first_side" not in run.settings()[1]


@pytest.mark.parametrize(("choice", "first_side"), [({}, 44), ({"multi_scale": True}, None)])
def test_batches_with_sizes_of_their_own_are_left_as_they_are(
    tmp_path: Path, choice: dict[str, bool], first_side: int | None
) -> None:
    t = begun("shapes", tmp_path / "a", task="detection", size=64, epochs=1, **choice)
    assert t.choices.first_side == first_side
    assert t.clock.is_cheap is (first_side is not None)


def test_smaller_pictures_are_averages_and_their_targets_stay(tmp_path: Path) -> None:
    """What the loss sees at first are the varied pictures antialiased: a fine pattern becomes grey, not another one."""
    t = begun("shapes", tmp_path / "a", task="detection", size=64, epochs=1, augment="none", flip="none")
    stripes = np.zeros((2, 64, 64, 3), np.uint8)
    stripes[:, :, ::2] = 255
    targets = {"boxes": torch.tensor([[[0.2, 0.3, 0.6, 0.7]]] * 2), "labels": torch.tensor([[1]] * 2)}
    raw = RawBatch(np.arange(2), torch.from_numpy(stripes), targets)
    seen = mock.patch.object(type(t.task), "loss", autospec=True, side_effect=StopIteration)
    with seen as loss, pytest.raises(StopIteration):
        gradients(t, t.model, raw, "float32", 32)
    _, _, batch, _ = loss.call_args.args
    assert batch.image.shape[2:] == (32, 32)
    mean, std = (torch.tensor(each)[:, None, None] for each in (t.card.preprocessing.mean, t.card.preprocessing.std))
    torch.testing.assert_close(batch.image[..., 4:-4] * std + mean, torch.full((2, 3, 32, 24), 0.5), atol=0.01, rtol=0)
    torch.testing.assert_close(batch.targets["boxes"], targets["boxes"])
