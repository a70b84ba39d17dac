import numpy as np
import pytest
from scipy import ndimage

from convsight.datasets import Dataset, read_dataset
from convsight.datasets.drawn_volumes import CLASSES, SPACING, read_drawn_volumes
from convsight.datasets.volume_range import are_volumes
from convsight.targets import class_maps


@pytest.fixture(scope="module")
def drawn() -> Dataset:
    return read_dataset("volumes")


@pytest.mark.slow
def test_the_same_seed_draws_the_same_volumes_in_three_splits(drawn: Dataset) -> None:
    same, other = read_drawn_volumes(), read_drawn_volumes(seed=1)
    assert {name: len(split) for name, split in drawn.splits.items()} == {"train": 60, "val": 12, "test": 20}
    assert (drawn.task, drawn.target.names) == ("segmentation", CLASSES)
    one, again, third = (each.split("val") for each in (drawn, same, other))
    assert one.images.shape == (12, 24, 32, 32, 1)  # type: ignore[union-attr]
    assert are_volumes(one.images)
    assert (one.images == again.images).all()  # type: ignore[union-attr]
    assert (one.images != third.images).any()  # type: ignore[union-attr]
    assert one.targets.lines() == again.targets.lines()
    assert min(class_maps(drawn.split("train").targets).counts().values()) > 20


def test_bodies_have_the_shapes_of_their_classes(drawn: Dataset) -> None:
    """By their moments in mm: of a ball all axes are alike, of a box too but it has corners, an ellipsoid is long."""
    split = drawn.split("train")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CLASSES[1:]}
    for target in class_maps(split.targets):
        for index, name in enumerate(CLASSES[1:], 1):
            parts, count = ndimage.label(target.indices == index, np.ones((3, 3, 3)))
            for part in range(1, count + 1):
                places = np.argwhere(parts == part) * SPACING
                axes = np.linalg.eigvalsh(np.cov(places.T))
                radius = np.linalg.norm(places - places.mean(axis=0), axis=1).max()
                ball = 4 / 3 * np.pi * radius**3
                found[name].append((float(axes[2] / axes[0]), len(places) * float(np.prod(SPACING)) / ball))
    long, full = np.array([np.median(found[name], axis=0) for name in CLASSES[1:]]).T
    assert long[0] < 1.2
    assert long[1] < 1.3
    assert 3.5 < long[2] < 6.5  # (1 / 0.45) squared is 4.9
    assert full[0] > 0.9
    assert 0.3 < full[1] < 0.5  # a cube fills 0.37 of the ball around it
    assert 0.15 < full[2] < 0.35  # 0.45 squared is 0.2


def test_bodies_are_seen_on_their_ground(drawn: Dataset) -> None:
    split = drawn.split("test")
    for voxels, target in zip(np.asarray(split.images), class_maps(split.targets), strict=True):
        ground = voxels[target.indices == 0].mean()
        for index in np.unique(target.indices[target.indices > 0]):
            parts, count = ndimage.label(target.indices == index, np.ones((3, 3, 3)))
            for part in range(1, count + 1):
                assert abs(float(voxels[parts == part].mean()) - ground) > 30
