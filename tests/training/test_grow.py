"""Trainings that begin with smaller images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.training.begun import begun

import convsight
from convsight.augmentation import Batch
from convsight.training.loader import LoadedBatch
from convsight.training.processes.share import Share
from convsight.training.step import prepared


@pytest.fixture
def larger_photos(photos: Path) -> Path:
    for file in photos.glob("*/*.png"):
        Image.open(file).resize((32, 32)).save(file)
    return photos


@pytest.mark.parametrize(("net", "grows"), [("small", True), ("lecture3", False)])
def test_only_a_network_that_takes_any_size_begins_with_smaller_images(
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
    assert t.plan.choices.first_side == first_side
    assert t.clock.is_cheap is (first_side is not None)


def test_the_learner_sees_varied_images_antialiased_and_targets_as_they_are(tmp_path: Path) -> None:
    t = begun("shapes", tmp_path / "a", task="detection", size=64, epochs=1, augment="none", flip="none")
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    targets = {"boxes": torch.tensor([[[0.2, 0.3, 0.6, 0.7]]] * 2), "labels": torch.tensor([[1]] * 2)}
    loaded = Batch({"image": torch.from_numpy(images)}, targets)
    batch = prepared(t, LoadedBatch(np.arange(2), loaded, np.arange(2), Share(0, 2, 2)), 24)
    for image, prepared_image in zip(images, batch.image, strict=True):
        planes = [Image.fromarray(plane) for plane in image.transpose(2, 0, 1).astype(np.float32) / 255]
        small = np.stack([np.asarray(plane.resize((24, 24), Image.Resampling.BILINEAR)) for plane in planes])
        mean, std = (np.array(each)[:, None, None] for each in (t.plan.card.input.mean, t.plan.card.input.std))
        np.testing.assert_allclose(prepared_image, (small - mean) / std, atol=1e-4)
    torch.testing.assert_close(batch.targets["boxes"], targets["boxes"])
