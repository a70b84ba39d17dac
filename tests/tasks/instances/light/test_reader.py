"""Arrays of a network become things of the original's size, with classes and scores."""

from typing import Any

import numpy as np
import pytest

from convsight.card import Card
from convsight.images import ResizeMode
from convsight.inputs import ImageInput
from convsight.results import Boxes, InvalidOutputError
from convsight.targets import Classes
from convsight.tasks import reader_of
from convsight.tasks.instances.light.flooding import depth_in_things


def read(arrays: dict[str, Any], size: tuple[int, int], fit: ResizeMode = "squash", **more: Any) -> Boxes:
    sides = ImageInput(height=32, width=48, fit=fit, mean=(0.5,) * 3, std=(0.25,) * 3)
    names = tuple(f"class {number}" for number in range(more.pop("classes", 2)))
    card = Card(task="instances", net=more.pop("net", "cells"), target=Classes(names=names), input=sides, **more)
    found = reader_of(card).read(arrays, size)
    assert isinstance(found, Boxes)
    return found


def two_squares() -> dict[str, np.ndarray]:
    """Two things that touch, 10 px wide and high, of which the left one is of class 0, the right one of class 1."""
    ids = np.zeros((32, 48), np.int32)
    ids[10:20, 10:20], ids[10:20, 20:30] = 1, 2
    probabilities = np.zeros((3, 32, 48), np.float32)
    probabilities[0] = np.where(ids > 0, 0.1, 0.95)
    probabilities[1] = np.where(ids == 1, 0.6, np.where(ids == 2, 0.1, 0.03))
    probabilities[2] = 1 - probabilities[:2].sum(axis=0)
    return {"probabilities": probabilities, "depths": depth_in_things(ids)}


def test_things_are_told_apart_with_their_classes() -> None:
    found = read(two_squares(), (48, 32))
    assert found.labels.tolist() == [0, 1]
    # Two pixels of the corners where they meet are as near to the one as to the other.
    np.testing.assert_allclose(found.xyxy, [[10, 10, 20, 20], [20, 10, 30, 20]], atol=1)
    np.testing.assert_allclose(found.areas, [100, 100], atol=2)
    assert [mask.area for mask in found.masks] == found.areas.tolist()
    np.testing.assert_allclose(found.scores, [0.6, 0.8], atol=0.01)  # how sure of a thing, times how sure of its class


@pytest.mark.parametrize("size", [(480, 320), (96, 64), (24, 16)])
def test_they_have_the_size_of_the_original(size: tuple[int, int]) -> None:
    found = read(two_squares(), size)
    scale = size[0] / 48
    assert found.size == size
    np.testing.assert_allclose(
        found.xyxy, np.array([[10, 10, 20, 20], [20, 10, 30, 20]]) * scale, atol=0.6 * scale + 0.5
    )
    assert all(mask.full(size).shape == size[::-1] for mask in found.masks)


def test_borders_of_pad_are_not_of_the_original() -> None:
    found = read(two_squares(), (320, 320), fit="pad")  # a square of 32 px in the middle of 48: 8 px of border
    np.testing.assert_allclose(found.xyxy, [[20, 100, 120, 200], [120, 100, 220, 200]], atol=7)


def test_the_marker_says_how_deep_a_core_is() -> None:
    arrays = two_squares()
    arrays["depths"] = np.where(arrays["depths"] > 0, 0.6, 0).astype(np.float32)  # a plain without a valley
    assert len(read(arrays, (48, 32))) == 1
    arrays["depths"][10:20, 15] = arrays["depths"][10:20, 25] = 0.8
    assert len(read(arrays, (48, 32))) == 1
    assert len(read(arrays, (48, 32), options={"marker": 0.7, "overlap": 0.5})) == 2


def test_a_thing_thinner_than_a_cell_has_a_class() -> None:
    ids = np.zeros((32, 48), np.int32)
    ids[10:20, 10] = 1
    probabilities = np.stack([1.0 - (ids > 0), 0.2 * (ids > 0), 0.8 * (ids > 0)]).astype(np.float32)
    found = read({"probabilities": probabilities, "depths": (ids > 0).astype(np.float32)}, (7, 32))
    assert all(label == 1 for label in found.labels)


def test_boxes_bring_masks_of_their_own() -> None:
    arrays = {
        "boxes": np.array([[0.25, 0.25, 0.5, 0.75], [0, 0, 0.1, 0.1]]),
        "scores": np.array([0.8, 0.0]),
        "labels": np.array([1.0, 0.0]),
        "masks": np.ones((2, 28, 28), np.float32),
    }
    found = read(arrays, (480, 320), net="mask-rcnn")
    assert found.labels.tolist() == [1]
    assert found.masks[0].xyxy == (120, 80, 240, 240)
    assert found.xyxy.tolist() == [[120, 80, 240, 240]]


def test_what_is_no_number_is_no_prediction() -> None:
    for name in ("probabilities", "depths"):
        arrays = two_squares()
        arrays[name][..., 3, 3] = np.nan
        with pytest.raises(InvalidOutputError):
            read(arrays, (48, 32))
    boxes = {"boxes": np.ones((1, 4)), "labels": np.zeros(1), "masks": np.ones((1, 4, 4)), "scores": np.array([np.nan])}
    with pytest.raises(InvalidOutputError):
        read(boxes, (48, 32), net="mask-rcnn")


def test_an_image_without_things() -> None:
    arrays = two_squares()
    arrays["probabilities"][0], arrays["probabilities"][1:] = 1, 0
    found = read(arrays, (480, 320))
    assert len(found) == 0
    assert found.masks == []
    assert found.to_json() == {"boxes": []}
