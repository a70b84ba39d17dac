"""Mean and standard deviation of channels, of RGB images and of everything else that can be put in."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets import ImageStore, Split, read_dataset
from convsight.datasets.statistics import ChannelStatistics, channel_statistics
from convsight.inputs import AnyInput, ImageInput, SequenceInput, SpectrogramInput, VolumeInput
from convsight.results import Labels


def split_of(images: Sequence[Path] | NDArray[Any]) -> Split:
    targets = Labels(np.zeros(len(images), np.int64), ("a",))
    return Split("train", images, targets, [str(number) for number in range(len(images))])


def images(height: int, width: int, channels: int = 3, bits: int = 8, **more: Any) -> ImageInput:
    still = {"mean": (0.0,) * channels, "std": (1.0,) * channels}
    return ImageInput.model_validate(
        {"height": height, "width": width, "channels": channels, "bits": bits, **still, **more}
    )


def measured(images: Sequence[Path] | NDArray[Any], spec: AnyInput, **options: Any) -> ChannelStatistics:
    return channel_statistics(ImageStore.read(split_of(images), spec, **options)[0], spec)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(70)]
    noise = np.random.default_rng(0).integers(0, 256, (70, 20, 20, 3), np.uint8)
    for path, pixels in zip(paths, noise, strict=True):
        Image.fromarray(pixels).save(path)
    return paths


@pytest.mark.parametrize("budget", [None, 0])
def test_colours_are_those_of_all_pixels(files: list[Path], budget: int | None) -> None:
    spec = images(8, 10)
    pixels = np.stack([spec.load(file).array for file in files]) / 255
    found = measured(files, spec, memory_budget_bytes=budget)
    np.testing.assert_allclose(found.mean, pixels.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(found.std, pixels.std(axis=(0, 1, 2)), rtol=1e-12)


def test_grey_is_that_of_pillow(files: list[Path]) -> None:
    grey = np.array([np.asarray(Image.open(file).convert("L")) for file in files]) / 255
    found = measured(files, images(20, 20, channels=1))
    np.testing.assert_allclose(found, ((grey.mean(),), (grey.std(),)), rtol=1e-12)


def test_large_sets_are_sampled_evenly() -> None:
    pixels = np.zeros((25_000, 2, 2), np.uint8)
    pixels[:] = (np.arange(25_000) % 256)[:, None, None]
    assert measured(pixels, images(2, 2)).mean[0] == pytest.approx(0.5, abs=0.01)
    assert measured(pixels, images(2, 2, channels=1)).std[0] == pytest.approx(np.sqrt(1 / 12), abs=0.01)


def test_fashion_mnist(shared_data: Callable[[str], Path]) -> None:
    fashion = read_dataset(shared_data("fashion_mnist")).split("train").images
    grey = measured(fashion, images(28, 28, channels=1))
    # The published mean and standard deviation of all 60,000.
    assert grey.mean[0] == pytest.approx(0.2860, abs=0.003)
    assert grey.std[0] == pytest.approx(0.3530, abs=0.003)
    assert measured(fashion, images(28, 28)).mean == grey.mean * 3


def test_there_must_be_something_to_measure() -> None:
    with pytest.raises(ValueError, match="no image to measure"):
        measured([], images(8, 8))


@settings(max_examples=40, deadline=None)
@given(
    channels=st.sampled_from([1, 2, 5, 13]),
    bits=st.sampled_from([8, 16, 32]),
    count=st.integers(1, 150),
    seed=st.integers(0, 999),
)
def test_any_channels_and_bits(channels: int, bits: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dtype = {8: np.uint8, 16: np.uint16, 32: np.float32}[bits]
    pixels = (rng.random((count, 3, 4, channels)) * {8: 255, 16: 4095, 32: 7}[bits]).astype(dtype)
    low, high = {8: (0, 255), 16: (0, 4095), 32: (-3, 7)}[bits]
    found = measured(pixels, images(3, 4, channels, bits, low=low, high=high))
    if bits == 8 and channels == 1:
        assert found.mean == pytest.approx([pixels.mean() / 255])  # luma of equal colours is their level
        return
    shares = (pixels.astype(np.float64) - low) / (high - low)
    np.testing.assert_allclose(found.mean, shares.mean(axis=(0, 1, 2)), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.std, shares.std(axis=(0, 1, 2)), rtol=1e-9, atol=1e-12)


def test_sequences_volumes_and_spectrograms_are_measured_a_channel() -> None:
    rng = np.random.default_rng(0)
    still = {"channels": 2, "mean": (0, 0), "std": (1, 1)}
    steps = rng.normal(3, 2, (90, 2, 50)).astype(np.float32)
    found = measured(steps, SequenceInput.model_validate({**still, "length": 50}))
    np.testing.assert_allclose(found, (steps.mean(axis=(0, 2)), steps.std(axis=(0, 2))), rtol=1e-5)
    voxels = rng.integers(0, 256, (10, 3, 4, 5, 2), np.uint8)
    found = measured(voxels, VolumeInput.model_validate({**still, "depth": 3, "height": 4, "width": 5}))
    np.testing.assert_allclose(found.mean, voxels.mean(axis=(0, 1, 2, 3)) / 255)
    sound = SpectrogramInput.model_validate({**still, "length": 50, "sample_rate": 100, "window": 16, "hop": 8})
    np.testing.assert_allclose(measured(steps, sound).mean, sound.scaled(steps).mean(axis=(0, 2, 3)), rtol=1e-9)
