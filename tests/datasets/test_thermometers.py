import numpy as np

from convsight.datasets.read import read_dataset
from convsight.datasets.thermometers import read_thermometers


def test_the_same_seed_draws_the_same_images_in_three_splits() -> None:
    one, same, other = read_dataset("thermometers"), read_thermometers(), read_thermometers(seed=1)
    assert {name: len(split) for name, split in one.splits.items()} == {"train": 400, "val": 80, "test": 120}
    assert one.split("train").images.dtype == np.uint8  # type: ignore[union-attr]
    assert (one.split("val").images == same.split("val").images).all()  # type: ignore[union-attr]
    assert (one.split("val").images != other.split("val").images).any()  # type: ignore[union-attr]
    assert one.split("val").targets.lines() == same.split("val").targets.lines()


def test_more_red_is_warmer() -> None:
    split = read_thermometers().split("train")
    pixels = np.asarray(split.images).astype(int)
    glass = (pixels.min(axis=3) > 215).sum(axis=(1, 2))
    red = ((pixels[..., 0] > 170) & (pixels[..., 1:].max(axis=3) < 70)).sum(axis=(1, 2))
    degrees = split.targets.values[:, 0]  # type: ignore[attr-defined]
    assert -10 <= degrees.min() < -8 < 38 < degrees.max() <= 40
    assert np.corrcoef(red / (red + glass), degrees)[0, 1] > 0.5
