import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from convsight.datasets import Examples, ImageStore, Split
from convsight.inputs import ImageInput
from convsight.results import ClassMaps
from convsight.tasks import task_of
from convsight.tasks.target_tensors import HeldTargets
from convsight.training.loader import Loader
from convsight.training.places import Places

NAMES = ("dark", "bright")
SIZES = [(100, 80), (20, 90), (32, 32), (65, 33)]  # width, height in px
SPEC = ImageInput(height=32, width=32, fit="tile", overlap=8, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)


def pixels(size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def examples(budget: int | None = None, *, on_disk: bool = False) -> Examples:
    """Pictures of several sizes; the class of a pixel is whether it is bright."""
    pictures = [pixels(size, seed) for seed, size in enumerate(SIZES)]
    masks = ClassMaps([(each[..., 0] > 127).astype(np.uint8) for each in pictures], NAMES)
    split = Split("train", pictures, masks, [str(n) for n in range(len(SIZES))])  # type: ignore[arg-type]
    store, bad = ImageStore.read(split, SPEC, memory_budget_bytes=budget, on_disk=on_disk)
    assert not bad
    return Examples(store, masks)


def loader(workers: int = 0) -> Loader:
    found = examples()
    targets = task_of("segmentation").targets(found)
    return Loader(found.images, targets, kind="image", batch=4, seed=3, workers=workers)


@pytest.mark.parametrize(
    ("budget", "on_disk", "kept"), [(None, False, "memory"), (0, True, "disk"), (0, False, "nowhere")]
)
def test_whole_pictures_are_kept_and_tiles_cut_out_of_them(budget: int | None, on_disk: bool, kept: str) -> None:
    store = examples(budget, on_disk=on_disk).images
    assert store.kept == kept
    assert [store.size(index) for index in range(4)] == SIZES
    for index, (array, size) in enumerate(zip(store.loaded(np.arange(4)), SIZES, strict=True)):
        assert array.shape == (max(size[1], 32), max(size[0], 32), 3)
        np.testing.assert_array_equal(array[: size[1], : size[0]], pixels(size, index))
        assert not array[size[1] :].any()
        assert not array[:, size[0] :].any()
    tiles = store.tiles(np.array([3, 0]), np.array([[33, 1], [7, 11]]))
    np.testing.assert_array_equal(tiles[0], pixels(SIZES[3], 3)[1:33, 33:65])
    np.testing.assert_array_equal(tiles[1], pixels(SIZES[0], 0)[11:43, 7:39])
    np.testing.assert_array_equal(store.take(np.array([0]))[0], pixels(SIZES[0], 0)[24:56, 34:66])
    joined = ImageStore.joined([store.select(np.array([1])), store.select(np.array([3, 0]))])
    np.testing.assert_array_equal(joined.tiles(np.array([1]), np.array([[33, 1]]))[0], tiles[0])


def test_an_epoch_has_as_many_tiles_of_a_picture_as_cover_it() -> None:
    places = Places.of(examples().images, 0)
    assert places is not None
    assert np.bincount(places.pictures).tolist() == [4 * 3, 1 * 4, 1, 3 * 2]
    corners = places.corners(np.arange(len(places)), 5)
    for picture, size in enumerate(SIZES):
        own = corners[places.pictures == picture]
        assert (own >= 0).all()
        assert (own <= np.maximum(np.array(size) - 32, 0)).all()
    first = corners[:12]  # each in its own part of the picture: 4 across, 3 down
    assert (np.diff(first.reshape(3, 4, 2)[:, :, 0], axis=1) >= 0).all()
    assert (np.diff(first.reshape(3, 4, 2)[:, :, 1], axis=0) >= 0).all()


def test_places_are_a_function_of_seed_epoch_and_draw() -> None:
    images = examples().images
    one, other = Places.of(images, 1), Places.of(images, 2)
    assert one is not None
    assert other is not None
    draws = np.arange(len(one))
    np.testing.assert_array_equal(one.corners(draws, 7)[[5, 2]], one.corners(np.array([5, 2]), 7))
    assert (one.corners(draws, 7) != one.corners(draws, 8)).any()
    assert (one.corners(draws, 7) != other.corners(draws, 7)).any()
    assert (one.corners(draws + len(one), 7) != one.corners(draws, 7)).any()  # drawn twice in an epoch


def test_over_some_epochs_every_pixel_is_seen() -> None:
    places = Places.of(examples().images, 0)
    assert places is not None
    seen = np.zeros((80, 100), bool)
    for epoch in range(8):
        for left, top in places.corners(np.arange(12), epoch):
            seen[top : top + 32, left : left + 32] = True
    assert seen.mean() > 0.98


@pytest.mark.parametrize("workers", [0, 2])
def test_a_tile_and_its_mask_are_of_the_same_place(workers: int) -> None:
    batches = list(loader(workers).epoch(2))
    assert loader().steps == len(batches)
    assert sum(len(batch.samples) for batch in batches) == 12 + 4 + 1 + 6
    for batch in batches:
        images, masks = batch.batch.image, batch.batch.targets["mask"]
        assert images.shape[1:] == (32, 32, 3)
        bright = (images[..., 0] > 127).to(torch.uint8)
        for row, sample in enumerate(batch.samples.tolist()):
            width, height = (min(side, 32) for side in SIZES[sample])
            assert (masks[row, :height, :width] == bright[row, :height, :width]).all()
            assert (masks[row, height:] == 255).all()
            assert (masks[row, :, width:] == 255).all()


def test_the_number_of_workers_changes_nothing() -> None:
    for one, other in zip(loader(0).epoch(1), loader(2).epoch(1), strict=True):
        assert torch.equal(one.batch.image, other.batch.image)
        assert torch.equal(one.batch.targets["mask"], other.batch.targets["mask"])


def test_targets_that_know_no_tiles_are_refused() -> None:
    targets = HeldTargets({"class": torch.zeros(4)})
    own = Loader(examples().images, targets, kind="image", batch=4, seed=0, workers=0)
    with pytest.raises(TypeError, match="HeldTargets must make tiles"):
        next(own.epoch(0))
