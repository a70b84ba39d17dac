"""The drawn shapes, their boxes against the pixels themselves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.shapes import drawn_anew

from convsight.datasets import Dataset, fingerprint, read_dataset
from convsight.datasets.boxes.shapes import read_shapes
from convsight.results import Boxes, BoxLists


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset("shapes")


@pytest.fixture(scope="module")
def again() -> Dataset:
    """The same, drawn once more."""
    with drawn_anew():
        return read_shapes()


def every(dataset: Dataset) -> list[Boxes]:
    found = [split.targets[row] for split in dataset.splits.values() for row in range(len(split))]
    return [boxes for boxes in found if isinstance(boxes, Boxes)]


def test_what_there_is(dataset: Dataset) -> None:
    assert (dataset.task, dataset.target.names) == ("detection", ("circle", "square", "star", "triangle"))
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 400, "val": 80, "test": 120}
    for split in dataset.splits.values():
        pixels = np.asarray(split.images)
        assert (str(pixels.dtype), pixels.shape[1:]) == ("uint8", (96, 96, 3))
    counts = [len(boxes) for boxes in every(dataset)]
    assert set(counts) == set(range(6))
    assert 15 <= counts.count(0) <= 60
    assert (dataset.notes, dataset.findings) == ((), ())


def test_boxes_lie_on_the_image_and_hold_their_area(dataset: Dataset) -> None:
    for boxes in every(dataset):
        assert (boxes.xyxy >= 0).all()
        assert (boxes.xyxy <= 96).all()
        assert (boxes.xyxy[:, 2:] - boxes.xyxy[:, :2] >= 5).all()
        sides = boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]
        assert (boxes.areas <= sides.prod(axis=1)).all()
        assert (boxes.areas >= 0.15 * sides.prod(axis=1)).all()


def test_whole_circles_have_the_area_of_circles(dataset: Dataset) -> None:
    """pi/4 of the box; a circle partly hidden has less, by 0.3 at most, and a smaller box perhaps."""
    shares = [
        boxes.areas[row] / float((boxes.xyxy[row, 2:] - boxes.xyxy[row, :2]).prod())
        for boxes in every(dataset)
        for row in np.flatnonzero(boxes.labels == dataset.target.names.index("circle"))
    ]
    assert np.median(shares) == pytest.approx(np.pi / 4, abs=0.01)
    assert min(shares) > 0.7 * np.pi / 4 - 0.05


def test_a_box_is_where_the_colour_is(dataset: Dataset) -> None:
    """On an image of one shape: outside the box there is background, and each of its edges touches another colour."""
    images = np.concatenate([np.asarray(split.images) for split in dataset.splits.values()])
    seen = 0
    for image, boxes in zip(images, every(dataset), strict=True):
        if len(boxes) != 1 or boxes.areas[0] < 200:
            continue
        pixels = image.astype(np.float64)
        left, top, right, bottom = boxes.xyxy[0]
        middle = pixels[int((top + bottom) / 2), int((left + right) / 2)]
        # Clearly of the shape: nearer to its colour than half of the least contrast.
        inside = np.abs(pixels - middle).max(axis=2) < 20
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        background = np.delete(pixels.reshape(-1, 3), np.flatnonzero(inside), axis=0)
        if np.abs(background - middle).max(axis=1).min(initial=255) < 25:
            continue  # a blotch of the background is of nearly the same colour
        found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert np.abs(boxes.xyxy[0] - found).max() <= 3
        seen += 1
    assert seen >= 3


def test_the_same_seed_gives_the_same_images(dataset: Dataset, again: Dataset) -> None:
    assert fingerprint(dataset) == fingerprint(read_shapes()) == fingerprint(again)
    assert fingerprint(dataset) != fingerprint(read_shapes(seed=1))


def test_the_same_seed_gives_the_same_shape_of_each_pixel(dataset: Dataset, again: Dataset) -> None:
    with drawn_anew():
        anew = [boxes_of(again).box_of_pixels(row) for row in range(3)]
    for row, wanted in enumerate(anew):
        for _ in range(2):  # drawn, and kept
            found = boxes_of(dataset).box_of_pixels(row)
            np.testing.assert_array_equal(found, wanted)
            found[:] = 9


def boxes_of(dataset: Dataset) -> BoxLists:
    targets = dataset.split("val").targets
    assert isinstance(targets, BoxLists)
    return targets


def test_a_folder_of_that_name_comes_first(make_images: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_images("cat/1.png", "dog/2.png", root="shapes")
    monkeypatch.chdir(folder.parent)
    assert read_dataset("shapes").target.names == ("cat", "dog")
