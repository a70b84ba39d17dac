"""Boxes lie where their things are seen, however images are flipped, moved, scaled, put together or laid over."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convsight.augmentation import Batch
from convsight.rng import RngKeys
from convsight.tasks.detection.augmentation import BoxAugmentation, BoxVariation

_COUNT, _THINGS = 5, 3
_GROUND = 0.05


def _scene(height: int, width: int) -> Batch:
    """Images with three things each, every thing a rectangle of its own colour, which tells its label."""
    images = torch.full((_COUNT, 3, height, width), _GROUND)
    boxes = torch.zeros(_COUNT, _THINGS, 4)
    places = torch.tensor([[0.05, 0.1, 0.4, 0.35], [0.5, 0.2, 0.9, 0.4], [0.15, 0.55, 0.3, 0.95]])
    sides = torch.tensor([width, height, width, height])
    pixels = (places * sides).round().long()
    for image in range(_COUNT):
        for thing, (left, top, right, bottom) in enumerate(pixels.tolist()):
            images[image, :, top:bottom, left:right] = _colour(image * _THINGS + thing)[:, None, None]
            boxes[image, thing] = pixels[thing] / sides
    return Batch({"image": images}, {"boxes": boxes, "labels": torch.arange(_COUNT * _THINGS).reshape(_COUNT, _THINGS)})


def _colour(label: int) -> Tensor:
    return torch.tensor([0.3 + 0.7 * (label % 5) / 4, 0.3 + 0.7 * (label // 5) / 4, 0.8])


def _check(found: Batch) -> int:
    """Each box is filled with its thing, and the thing ends where the box does; returns how many boxes there are."""
    height, width = found.image.shape[2:]
    columns, rows = torch.arange(width) + 0.5, torch.arange(height)[:, None] + 0.5
    count = 0
    for image, boxes, labels in zip(found.image, found.targets["boxes"], found.targets["labels"], strict=True):
        for box, label in zip(boxes, labels.tolist(), strict=True):
            if label < 0:
                continue
            left, top, right, bottom = (box * torch.tensor([width, height, width, height])).tolist()
            across = torch.minimum(columns - left, right - columns)
            along = torch.minimum(rows - top, bottom - rows)
            depth = torch.minimum(across, along)  # px inside the box, below 0 outside
            shown = (image - _colour(label)[:, None, None]).abs().amax(dim=0) < 0.02
            assert shown[depth > 1.5].all()
            assert not shown[(depth < -1.5) & (depth > -4)].any()
            count += 1
    return count


_ALONE = {
    "nothing": BoxVariation(flip_horizontal=False),
    "left to right": BoxVariation(),
    "upside down": BoxVariation(flip_horizontal=False, flip_vertical=True),
    "both": BoxVariation(flip_vertical=True),
    "shift": BoxVariation(flip_horizontal=False, shift=0.2),
    "zoom": BoxVariation(flip_horizontal=False, zoom=0.4),
    "sizes": BoxVariation(flip_horizontal=False, sizes=(0.75, 1.25)),
    "mosaic": BoxVariation(flip_horizontal=False, mosaic=1.0),
    "together": BoxVariation(True, True, mosaic=0.5, zoom=0.3, shift=0.15, sizes=(0.75, 1.0, 1.25)),
}


@pytest.mark.parametrize("variation", _ALONE.values(), ids=_ALONE.keys())
def test_boxes_lie_where_their_things_are(variation: BoxVariation) -> None:
    batch, count = _scene(96, 128), 0
    for epoch in range(20):
        keys = RngKeys(0, epoch, np.arange(_COUNT))
        count += _check(BoxAugmentation(variation, 16, ())(batch, keys, 0.0))
    assert count > 20 * _COUNT


def test_things_keep_their_size_where_nothing_is_scaled_in_a_mosaic_too() -> None:
    batch, keys = _scene(96, 128), RngKeys(0, 0, np.arange(_COUNT))
    was = batch.targets["boxes"].flatten(0, 1)
    found = BoxAugmentation(BoxVariation(True, True, mosaic=0.7, shift=0.2), 16, ())(batch, keys, 0.0).targets
    inside = ((found["boxes"] > 0) & (found["boxes"] < 1)).all(dim=2) & (found["labels"] >= 0)
    boxes, labels = found["boxes"][inside], found["labels"][inside]
    assert len(boxes) > _COUNT
    torch.testing.assert_close(boxes[:, 2:] - boxes[:, :2], (was[:, 2:] - was[:, :2])[labels])


def _where_a_box_goes(variation: BoxVariation) -> Tensor:
    """Of many images, twice as far as the middle of a box goes, and its sides as shares of before: (400, 2, 2)."""
    boxes = torch.tensor([[[0.4, 0.35, 0.6, 0.65]]]).expand(400, 1, 4)
    batch = Batch({"image": torch.zeros(400, 1, 64, 64)}, {"boxes": boxes, "labels": torch.zeros(400, 1).long()})
    found = BoxAugmentation(variation, 16, ())(batch, RngKeys(5, 1, np.arange(400)), 0.0).targets["boxes"][:, 0]
    return torch.stack(
        [found[:, :2] + found[:, 2:] - 1, (found[:, 2:] - found[:, :2]) / torch.tensor([0.2, 0.3])], dim=1
    )


def test_shifts_and_zooms_reach_as_far_as_is_said_in_both_directions() -> None:
    still = _where_a_box_goes(BoxVariation())
    torch.testing.assert_close(still, torch.tensor([[0.0, 0.0], [1.0, 1.0]]).expand(400, 2, 2), atol=1e-6, rtol=1e-6)
    moved = _where_a_box_goes(BoxVariation(shift=0.1))[:, 0] / 2
    scales = _where_a_box_goes(BoxVariation(zoom=0.3))[:, 1].log()
    zoom, aspect = scales.sum(dim=1) / 2, (scales[:, 1] - scales[:, 0]) / 2
    for found, most in ((moved[:, 0], 0.1), (moved[:, 1], 0.1), (zoom, 0.3), (aspect, 0.3 / 4)):
        assert most * 0.95 < float(found.max()) < most + 1e-5
        assert most * 0.95 < -float(found.min()) < most + 1e-5
        assert abs(float(found.mean())) < most * 0.12  # the standard error is 0.03 of it


@pytest.mark.parametrize(("horizontal", "vertical"), [(True, False), (False, True), (True, True), (False, False)])
def test_half_of_the_images_are_mirrored_along_the_axes_that_are_named(horizontal: bool, vertical: bool) -> None:
    image = torch.zeros(400, 1, 16, 16)
    image[:, :, 2, 3] = 1
    batch = Batch({"image": image}, {"boxes": torch.zeros(400, 1, 4), "labels": torch.full((400, 1), -1)})
    found = BoxAugmentation(BoxVariation(horizontal, vertical), 16, ())(batch, RngKeys(0, 0, np.arange(400)), 0.0).image
    rows, columns = (found > 0.9).nonzero()[:, 2:].unbind(1)
    assert set(rows.tolist()) == ({2, 13} if vertical else {2})
    assert set(columns.tolist()) == ({3, 12} if horizontal else {3})
    for places, first, on in ((rows, 2, vertical), (columns, 3, horizontal)):
        assert not on or 160 < int((places == first).sum()) < 240


@settings(max_examples=50, deadline=None)
@given(
    variation=st.builds(
        BoxVariation,
        st.booleans(),
        st.booleans(),
        mosaic=st.floats(0, 1),
        zoom=st.floats(0, 0.4),
        shift=st.floats(0, 0.4),
        sizes=st.lists(st.floats(0.7, 1.3), min_size=1, max_size=3).map(tuple),
    ),
    size=st.tuples(st.integers(80, 150), st.integers(80, 150)),
    seed=st.integers(0, 2**32 - 1),
)
def test_boxes_lie_where_their_things_are_whatever_is_drawn(
    variation: BoxVariation, size: tuple[int, int], seed: int
) -> None:
    _check(BoxAugmentation(variation, 16, ())(_scene(*size), RngKeys(seed, 3, np.arange(_COUNT)), 0.0))


@pytest.mark.parametrize("variation", [BoxVariation(mosaic=0.25), BoxVariation(mixup=0.25)], ids=["mosaic", "mixup"])
def test_as_many_images_have_partners_as_is_said(variation: BoxVariation) -> None:
    """Each image has its number as label, and a box that is seen whatever happens."""
    boxes, labels = torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]).expand(400, 1, 4), torch.arange(400)[:, None]
    batch = Batch({"image": torch.zeros(400, 1, 32, 32)}, {"boxes": boxes, "labels": labels})
    found = BoxAugmentation(variation, 16, ())(batch, RngKeys(0, 0, np.arange(400)), 0.0).targets["labels"]
    assert 70 < int(((found >= 0) & (found != labels)).any(dim=1).sum()) < 130


def test_near_the_end_of_a_training_images_are_neither_put_together_nor_laid_over() -> None:
    together, alone = BoxVariation(mosaic=1.0, mixup=1.0), BoxVariation()
    keys = RngKeys(0, 0, np.arange(_COUNT))
    late, plain = (BoxAugmentation(v, 16, ())(_scene(96, 128), keys, 0.9) for v in (together, alone))
    assert torch.equal(late.image, plain.image)
    early = BoxAugmentation(together, 16, ())(_scene(96, 128), keys, 0.84)
    assert not torch.equal(early.image, plain.image)
    assert early.targets["labels"].shape[1] > _THINGS
