"""One geometry a sample: there and back, masks as Pillow warps them, mirror images that exchange left and right."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from convsight.augmentation import Warp
from convsight.augmentation.warp_steps import Affine, Flip, ResizedCrop, Shift, WarpStep, scaled

_NUMBERS = st.floats(-1, 1)


def _affine(angle: float, scale: float, x: float, y: float, size: tuple[int, int]) -> Affine:
    turns, scales, shifts = torch.tensor([angle]), torch.tensor([scale]), torch.tensor([[x, y]])
    return Affine.around_the_middle(turns, scales, shifts, size[1] / size[0])


def _crop(x: float, y: float, width: float, height: float, flips: list[bool]) -> ResizedCrop:
    middle, sides = torch.tensor([[x, y]]), torch.tensor([[width, height]])
    return ResizedCrop(middle, sides, torch.tensor([flips]), (20, 30), (40, 15), 0.5)


@settings(deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.builds(
                Flip, st.sampled_from(["horizontal", "vertical"]), st.booleans().map(lambda on: torch.tensor([on]))
            ),
            st.builds(
                lambda rows, columns: Shift(torch.tensor([[rows, columns]]), (20, 30)),
                st.integers(-9, 9),
                st.integers(-9, 9),
            ),
            st.builds(
                lambda angle, zoom, x, y: _affine(angle * 3, math.exp(zoom), x, y, (20, 30)),
                *[_NUMBERS] * 4,
            ),
            st.builds(
                lambda x, y, w, h, flips: _crop(x, y, math.exp(w), math.exp(h), flips),
                *[_NUMBERS] * 4,
                st.lists(st.booleans(), min_size=2, max_size=2),
            ),
        ),
        max_size=3,
    ),
    place=st.tuples(_NUMBERS, _NUMBERS),
)
def test_points_go_there_and_back(steps: list[WarpStep], place: tuple[float, float]) -> None:
    warp, points = Warp(tuple(steps)), torch.tensor([[place]])
    torch.testing.assert_close(warp.inverse(warp.points(points)), points, atol=1e-4, rtol=0)
    torch.testing.assert_close(warp.points(warp.inverse(points)), points, atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [(24, 24), (17, 40), (51, 20)])
@pytest.mark.parametrize(("degrees", "scale", "x", "y"), [(30, 1, 0, 0), (-77, 1.3, 0.1, -0.2), (0, 0.6, 0.3, 0.02)])
def test_masks_are_warped_as_by_pillow_and_unknown_where_it_fills(
    size: tuple[int, int], degrees: float, scale: float, x: float, y: float
) -> None:
    height, width = size
    mask = np.random.default_rng(height).integers(0, 200, size).astype(np.uint8)
    warp = Warp((_affine(math.radians(degrees), scale, x, y, size),))
    found = warp.masks(torch.from_numpy(mask)[None], 255)[0].numpy()
    # In pixels, from the middle: what is seen at p is what was at scale * turned(p) + shift.
    cos, sin = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    right = width / 2 + x * width - cos * width / 2 + sin * height / 2
    down = height / 2 + y * height - sin * width / 2 - cos * height / 2
    wanted = Image.fromarray(mask).transform(
        (width, height),
        Image.Transform.AFFINE,
        (cos, -sin, right, sin, cos, down),
        Image.Resampling.NEAREST,
        fillcolor=255,
    )
    differing = found != np.asarray(wanted)
    assert differing.mean() < 0.005  # rounding where a place lies between two pixels
    assert 0.02 < (found == 255).mean() < 0.7 or scale < 1


def test_masks_keep_their_numbers_and_axes() -> None:
    """Numbers that float32 cannot hold, and an axis of instances."""
    masks = 2**40 + torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    warp = Warp((Flip("horizontal", torch.tensor([True, False])), Shift(torch.tensor([[0, 0], [1, -2]]), (4, 5))))
    found = warp.masks(masks, -7)
    assert torch.equal(found[0], masks[0].flip(2))
    assert torch.equal(found[1, :, :3, 2:], masks[1, :, 1:, :3])
    assert (found[1, :, 3] == -7).all()
    assert (found[1, :, :, :2] == -7).all()
    assert Warp(()).masks(masks, -7) is masks


def test_flips_of_boxes_are_written_out() -> None:
    boxes = torch.tensor([[[0.1, 0.2, 0.4, 0.9]]]).expand(4, 1, 4)
    chosen = torch.tensor([[False, False], [True, False], [False, True], [True, True]])
    warp = Warp((Flip("horizontal", chosen[:, 0]), Flip("vertical", chosen[:, 1])))
    wanted = [[0.1, 0.2, 0.4, 0.9], [0.6, 0.2, 0.9, 0.9], [0.1, 0.1, 0.4, 0.8], [0.6, 0.1, 0.9, 0.8]]
    torch.testing.assert_close(warp.boxes(boxes)[:, 0], torch.tensor(wanted))


def test_a_turned_box_is_the_least_upright_one_around_its_corners() -> None:
    warp = Warp((_affine(math.pi / 2, 1, 0, 0, (20, 40)),))
    # A quarter turn of an image of 40 x 20 px about its middle, (20, 10): (22, 5) to (28, 11) is seen at
    # (20 + 5 - 10, 10 - (28 - 20)) to (20 + 11 - 10, 10 - (22 - 20)).
    box = torch.tensor([[[22 / 40, 5 / 20, 28 / 40, 11 / 20]]])
    found = warp.boxes(box)[0, 0] * torch.tensor([40, 20, 40, 20])
    torch.testing.assert_close(found, torch.tensor([15.0, 2, 21, 8]), atol=1e-4, rtol=0)


def test_left_and_right_are_exchanged_in_mirror_images_only() -> None:
    values = torch.tensor([[0, 1, 2, 3]]).expand(4, 4)
    horizontal, vertical = torch.tensor([False, True, False, True]), torch.tensor([False, False, True, True])
    exchanged = [[0, 1, 2, 3], [0, 2, 1, 3], [0, 2, 1, 3], [0, 1, 2, 3]]
    steps: list[WarpStep] = [
        Flip("horizontal", horizontal),
        Shift(torch.ones(4, 2).long(), (9, 9)),
        Flip("vertical", vertical),
    ]
    assert Warp(tuple(steps)).swapped(values, [(1, 2)], axis=1).tolist() == exchanged
    crop = ResizedCrop(
        torch.full((4, 2), 0.5), torch.ones(4, 2), torch.stack([horizontal, vertical], dim=1), (9, 9), (9, 9), 0.0
    )
    assert Warp((crop,)).swapped(values, [(1, 2)], axis=1).tolist() == exchanged
    mirror = Affine(torch.tensor([[[-1.0, 0, 0], [0, 1, 0]], [[0, -1, 0], [1, 0, 0]]]))
    assert Warp((mirror,)).swapped(values[:2], [(1, 2)], axis=1).tolist() == [exchanged[1], exchanged[0]]


def test_a_crop_shows_what_is_in_it_and_grey_around() -> None:
    image = torch.arange(24.0).reshape(1, 1, 4, 6) / 24
    crop = _crop(0.0, 0.5, 1.0, 1.0, [False, True])
    shown = ResizedCrop(crop.middle, crop.sides, crop.flips, (4, 6), (4, 6), 0.5).images(image)[0, 0]
    torch.testing.assert_close(shown[:, 3:], image[0, 0].flip(0)[:, :3])
    torch.testing.assert_close(shown[:, :3], torch.full((4, 3), 0.5))


def test_images_of_another_size_follow_in_whole_pixels_or_are_refused() -> None:
    assert scaled((64, 96), (32, 48), (24, 36)) == (48, 72)
    with pytest.raises(ValueError, match="no whole pixels"):
        scaled((33, 48), (32, 48), (24, 36))
