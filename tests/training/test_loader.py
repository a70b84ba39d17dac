"""Batches of an epoch: every example once, in an order of the seed and the epoch alone, and no batch of one."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from convsight.datasets import ImageStore, Split
from convsight.results import Labels
from convsight.rng import shuffled
from convsight.tasks.image_size import unmeasured
from convsight.tasks.target_tensors import HeldTargets
from convsight.training.draws import drawn
from convsight.training.loader import LoadedBatch, Loader


def loader(
    count: int, batch: int, *, seed: int = 3, workers: int = 0, weights: NDArray[np.float64] | None = None
) -> Loader:
    """Of images whose pixels, and of targets that, are the index of the example."""
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 2, 2, 3)).copy()
    labels = Labels(np.zeros(count, np.int64), ("a", "b"))
    split = Split("train", images, labels, [str(index) for index in range(count)])
    fitted, _ = ImageStore.read(split, unmeasured(2, 2, "crop"))
    targets = HeldTargets({"index": torch.arange(count)})
    return Loader(fitted, targets, kind="image", batch=batch, seed=seed, workers=workers, weights=weights)


def samples(batches: list[LoadedBatch]) -> list[int]:
    return [int(sample) for loaded in batches for sample in loaded.samples]


@pytest.mark.parametrize(
    ("count", "batch", "sizes"),
    [
        (34, 17, [17, 17]),
        (35, 17, [17, 18]),  # a last one alone joins the batch before it
        (36, 17, [17, 17, 2]),
        (18, 17, [18]),
        (17, 17, [17]),
        (5, 2, [2, 3]),
        (3, 8, [3]),
        (1, 8, [1]),  # there is none before it
    ],
)
def test_no_batch_holds_one_example_where_there_is_another(count: int, batch: int, sizes: list[int]) -> None:
    made = loader(count, batch)
    batches = list(made.epoch(0))
    assert [len(loaded.samples) for loaded in batches] == sizes
    assert [len(loaded.batch.inputs["image"]) for loaded in batches] == sizes
    assert made.steps == len(sizes)
    assert sorted(samples(batches)) == list(range(count))


def test_the_order_is_that_of_the_seed_and_the_epoch() -> None:
    orders = {
        (seed, epoch): samples(list(loader(40, 8, seed=seed).epoch(epoch))) for seed in (0, 1) for epoch in (0, 1)
    }
    assert len({tuple(order) for order in orders.values()}) == 4
    for (seed, epoch), order in orders.items():
        assert order == shuffled(seed, epoch, 40).tolist()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_inputs_and_targets_are_those_of_the_samples_whoever_reads_them(workers: int) -> None:
    made = loader(50, 7, workers=workers)
    for epoch in (0, 1):
        batches = list(made.epoch(epoch))
        assert samples(batches) == shuffled(3, epoch, 50).tolist()
        for loaded in batches:
            assert loaded.batch.inputs["image"].dtype == torch.uint8
            assert loaded.batch.inputs["image"].shape == (len(loaded.samples), 2, 2, 3)
            np.testing.assert_array_equal(loaded.batch.inputs["image"][:, 1, 0, 2].numpy(), loaded.samples)
            np.testing.assert_array_equal(loaded.batch.targets["index"].numpy(), loaded.samples)


def test_what_is_drawn_more_than_once_is_varied_by_numbers_of_its_own() -> None:
    weights = np.array([1.0, 1.0, 1.0, 97.0])
    batches = list(loader(4, 2, weights=weights).epoch(1))
    expected = drawn(3, 1, 4, weights)
    assert samples(batches) == expected.samples.tolist()
    assert [int(number) for loaded in batches for number in loaded.numbers] == expected.numbers.tolist()
    assert samples(batches).count(3) > 1
    assert [int(index) for loaded in batches for index in loaded.batch.targets["index"]] == samples(batches)


def test_an_example_taken_by_itself_is_varied_by_its_index() -> None:
    whole, numbers = loader(4, 2), np.array([7, 8])
    assert whole.take(np.array([2, 0])).numbers.tolist() == [2, 0]
    assert whole.take(np.array([2, 0]), numbers).numbers.tolist() == [7, 8]
