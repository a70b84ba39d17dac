"""Points, boxes, masks and images of an original in a network's input, and back."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from convsight.images import InputSize, ResizeMode
from convsight.inputs import ImageGeometry, ImageInput, MiddleGeometry
from convsight.inputs.placement import Placement

FITS: tuple[ResizeMode, ...] = ("crop", "squash", "pad")
Floats = NDArray[np.float64]
_UNEVEN = 0.1  # pixels of the original

frames = st.tuples(st.integers(1, 60), st.integers(1, 60), st.sampled_from(FITS)).map(lambda found: InputSize(*found))
# The shorter side is resized, then the middle cut out.
cut_frames = st.builds(
    lambda height, width, more: InputSize(height, width, "crop", max(height, width) + more),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 20),
)
sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))


def former(input_size: InputSize, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Factor and offset from pixels to fractions, computed as boxes of detectors always were."""
    sides, wanted = np.array(size, np.float64), np.array([input_size.width, input_size.height], np.float64)
    scales = wanted / sides
    scale = {"squash": scales, "crop": scales.max(), "pad": scales.min()}[input_size.fit]
    share = sides * scale / wanted
    return np.tile(share / sides, 2), np.tile((1 - share) / 2, 2)


@given(input_size=frames, size=sizes, seed=st.integers(0, 99))
def test_boxes_keep_their_numbers_bit_for_bit(input_size: InputSize, size: tuple[int, int], seed: int) -> None:
    boxes = np.random.default_rng(seed).uniform(-20, 220, (9, 4))
    scale, offset = former(input_size, size)
    geometry = ImageGeometry(input_size, size)
    assert (geometry.fractions(boxes) == boxes * scale + offset).all()
    back = np.clip((boxes / 99 - offset) / scale, 0, [*size, *size])
    assert geometry.fractions_back(boxes / 99).tobytes() == back.tobytes()


@given(input_size=frames | cut_frames, size=sizes, seed=st.integers(0, 99))
def test_points_and_boxes_come_back(input_size: InputSize, size: tuple[int, int], seed: int) -> None:
    geometry = ImageGeometry(input_size, size)
    points = np.random.default_rng(seed).uniform(-10, 210, (5, 3, 2))
    np.testing.assert_allclose(geometry.points_back(geometry.points(points)), points, atol=1e-9)
    corners = np.sort(np.random.default_rng(seed).uniform(0, 1, (6, 2, 2)), axis=1).reshape(6, 4) * [*size, *size]
    np.testing.assert_allclose(geometry.boxes_back(geometry.boxes(corners)), corners, atol=1e-9)
    np.testing.assert_allclose(geometry.boxes(corners).reshape(6, 2, 2), geometry.points(corners.reshape(6, 2, 2)))


def places(size: tuple[int, int]) -> NDArray[np.float32]:
    """An image (height, width, 2) whose pixels hold the x and y of their centres."""
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    return np.stack([x, y], axis=2).astype(np.float32)


def filled(geometry: ImageGeometry, *, edges: bool = True) -> tuple[slice, slice]:
    """The rows and columns of the input that hold the image; without `edges`, those that show none of its end."""
    found = []
    for each in reversed(geometry.placements):
        margin = 0 if edges else int(np.ceil(max(1, each.made / (each.end - each.begin))))
        found.append(slice(each.first + margin, max(each.first + margin, each.first + each.made - margin)))
    return found[0], found[1]


@settings(max_examples=200, deadline=None)
@given(input_size=frames | cut_frames, size=sizes)
def test_what_an_image_shows_at_a_place_is_what_lies_there(input_size: InputSize, size: tuple[int, int]) -> None:
    """A resize keeps straight lines, so every pixel of the input shows where it comes from, but for edges.

    By how much the few pixels under a triangle are out of balance, a tenth of one, is allowed.
    """
    geometry = ImageGeometry(input_size, size)
    shown = geometry.image(places(size))[filled(geometry, edges=False)]
    assume(shown.size)
    centres = places((input_size.width, input_size.height))[filled(geometry, edges=False)].astype(np.float64)
    # Under `pad` whole pixels are filled, at most one from where the proportions alone would have it.
    pixel = np.array([(each.end - each.begin) / each.made for each in geometry.placements])
    allowed = pixel * 1.01 + _UNEVEN if input_size.fit == "pad" else _UNEVEN
    assert (np.abs(shown - geometry.points_back(centres)) <= allowed).all()


@settings(max_examples=200, deadline=None)
@given(input_size=frames | cut_frames, size=sizes)
def test_images_come_back_to_their_places(input_size: InputSize, size: tuple[int, int]) -> None:
    geometry = ImageGeometry(input_size, size)
    back = geometry.image_back(geometry.image(places(size)), outside=-1)
    assert back.shape == (size[1], size[0], 2)
    seen = [each.seen() for each in geometry.placements]
    # Whole numbers of pixels lie inside of the edges that were blurred: two of the input's.
    margin = [int(np.ceil(2 * (each.end - each.begin) / each.made)) + 2 for each in geometry.placements]
    rows, columns = (
        slice(each.start + wide, max(each.start + wide, each.stop - wide))
        for each, wide in zip(reversed(seen), reversed(margin), strict=True)
    )
    np.testing.assert_allclose(back[rows, columns], places(size)[rows, columns], atol=_UNEVEN)
    outside = np.ones((size[1], size[0]), bool)
    outside[seen[1], seen[0]] = False
    assert (back[outside] == -1).all()


def centre(placement: Placement, cell: int) -> float:
    """Where the centre of a cell of the input lies in the original."""
    scale = (placement.end - placement.begin) / placement.made
    return placement.begin + (cell - placement.first + 0.5) * scale


@settings(max_examples=200, deadline=None)
@given(input_size=frames, size=sizes, seed=st.integers(0, 99))
def test_masks_show_the_nearest_pixel(input_size: InputSize, size: tuple[int, int], seed: int) -> None:
    geometry = ImageGeometry(input_size, size)
    mask = np.random.default_rng(seed).integers(0, 5, (size[1], size[0]), np.uint8)
    found = geometry.mask(mask, outside=9)
    assert found.shape == (input_size.height, input_size.width)
    rows, columns = filled(geometry)
    inside = np.zeros(found.shape, bool)
    inside[rows, columns] = True
    assert (found[~inside] == 9).all()
    across_by, down_by = geometry.placements
    for row, column in np.random.default_rng(seed).integers(0, found.shape, (20, 2)):
        if inside[row, column]:
            across, down = centre(across_by, int(column)), centre(down_by, int(row))
            # Where a centre lies between two pixels, rounding says which of them is nearest.
            near = {mask[int(down + y), int(across + x)] for x in (-1e-9, 1e-9) for y in (-1e-9, 1e-9)}
            assert found[row, column] in near


@settings(max_examples=100, deadline=None)
@given(input_size=frames | cut_frames, size=sizes)
def test_masks_and_images_agree(input_size: InputSize, size: tuple[int, int]) -> None:
    """Half of an image is white: where the image fitted is all black or all white, so is the mask."""
    geometry = ImageGeometry(input_size, size)
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[:, size[0] // 2 :] = 255
    shown, found = geometry.image(mask[:, :, None])[:, :, 0], geometry.mask(mask)
    decided = (shown == 0) | (shown == 255)
    assert (shown[decided] == found[decided]).all()


@settings(max_examples=200, deadline=None)
@given(input_size=frames, size=sizes, seed=st.integers(0, 99))
def test_masks_that_are_enlarged_come_back_as_they_were(
    input_size: InputSize, size: tuple[int, int], seed: int
) -> None:
    geometry = ImageGeometry(input_size, size)
    assume(all(each.made > each.end - each.begin for each in geometry.placements))
    masks = np.random.default_rng(seed).integers(0, 7, (2, size[1], size[0]), np.uint8)
    back = geometry.mask_back(geometry.mask(masks), outside=8)
    seen = (..., geometry.placements[1].seen(), geometry.placements[0].seen())
    assert (back[seen] == masks[seen]).all()
    back[seen] = 8
    assert (back == 8).all()


def test_a_map_of_fewer_cells_is_the_same_mask() -> None:
    geometry = ImageGeometry(InputSize(64, 96, "crop"), (150, 90))
    coarse = np.random.default_rng(0).integers(0, 3, (16, 24), np.uint8)
    fine = coarse.repeat(4, 0).repeat(4, 1)
    assert (geometry.mask_back(coarse) == geometry.mask_back(fine)).all()
    smooth = geometry.image_back(coarse.astype(np.float32)[:, :, None])
    assert smooth.shape == (90, 150, 1)
    assert smooth.min() >= 0
    assert smooth.max() <= 2


def test_whole_numbers_are_rounded_and_arrays_must_have_the_size() -> None:
    geometry = ImageGeometry(InputSize(4, 4, "squash"), (8, 8))
    back = geometry.image_back(np.arange(16, dtype=np.uint8).reshape(4, 4, 1))
    assert back.dtype == np.uint8
    assert back[0].ravel().tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    with pytest.raises(ValueError, match=r"\(8, 8\)"):
        geometry.mask(np.zeros((8, 9)))
    with pytest.raises(ValueError, match=r"\(8, 8\)"):
        geometry.mask_back(np.zeros((4, 4)), onto=np.zeros((8, 9)))


tiles = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=100, deadline=None)
@given(input_size=frames, tile=tiles, seed=st.integers(0, 99))
def test_a_tile_is_an_image_of_its_own_at_its_place(input_size: InputSize, tile: tuple[int, ...], seed: int) -> None:
    left, top, width, height = tile
    part, size = (left, top, left + width, top + height), (90, 85)
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
    cut = image[top : top + height, left : left + width]
    geometry, alone = ImageGeometry(input_size, size).tile(part), ImageGeometry(input_size, (width, height))
    assert (geometry.image(image) == alone.image(cut)).all()
    assert (geometry.mask(image[:, :, 0]) == alone.mask(cut[:, :, 0])).all()
    points = rng.uniform(0, 90, (7, 2))
    np.testing.assert_allclose(geometry.points(points), alone.points(points - [left, top]), atol=1e-9)
    np.testing.assert_allclose(geometry.points_back(geometry.points(points)), points, atol=1e-9)
    found = geometry.boxes_back(np.array([[-9e9, -9e9, 9e9, 9e9]]))
    assert found.tolist() == [list(part)]
    mask = alone.mask(cut[:, :, 0])
    whole = np.full((size[1], size[0]), 77, np.uint8)
    assert geometry.mask_back(mask, onto=whole) is whole
    assert (whole[top : top + height, left : left + width] == alone.mask_back(mask, outside=77)).all()
    assert (geometry.mask_back(mask, outside=77) == whole).all()


def test_tiles_make_the_whole() -> None:
    mask = np.random.default_rng(0).integers(0, 9, (60, 90), np.uint8)
    whole, image = np.zeros_like(mask), ImageGeometry(InputSize(20, 30, "crop"), (90, 60))
    for top in range(0, 60, 20):
        for left in range(0, 90, 30):
            tile = image.tile((left, top, left + 30, top + 20))
            tile.mask_back(tile.mask(mask), onto=whole)
    assert (whole == mask).all()


@pytest.mark.parametrize("part", [(-1, 0, 5, 5), (0, 0, 11, 5), (3, 3, 3, 5), (0, 6, 5, 5)])
def test_a_tile_lies_in_its_image(part: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="does not lie in an image"):
        ImageGeometry(InputSize(4, 4), (10, 10)).tile(part)


LYING: dict[int, tuple[int, bool]] = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True)} | {
    5: (1, True),
    6: (1, False),
    7: (3, True),
    8: (3, False),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("scale", [1, 8])
def test_photos_that_lie_on_their_side(orientation: int, fit: ResizeMode, scale: int) -> None:
    """A bright spot of the upright scene is found where its geometry says, also where a JPEG is decoded smaller."""
    spec = ImageInput(height=40, width=60, fit=fit, mean=(0, 0, 0), std=(1, 1, 1))
    scene = np.zeros((50 * scale, 70 * scale), np.uint8)
    spot = np.array([[42.0, 31.0]]) * scale
    y, x = np.mgrid[: scene.shape[0], : scene.shape[1]] + 0.5
    scene[:] = 255 * np.exp(-((x - spot[0, 0]) ** 2 + (y - spot[0, 1]) ** 2) / (2 * (4 * scale) ** 2))
    turns, mirrored = LYING[orientation]
    stored = np.rot90(scene[:, ::-1] if mirrored else scene, turns)
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(file, "JPEG", quality=98, exif=exif)
    loaded = spec.load(file.getvalue())
    assert loaded.size == (70 * scale, 50 * scale)
    level = loaded.array[:, :, 0].astype(np.float64)
    rows, columns = np.mgrid[:40, :60] + 0.5
    seen = np.array([(columns * level).sum(), (rows * level).sum()]) / level.sum()
    np.testing.assert_allclose(seen, spec.geometry(loaded.size).points(spot)[0], atol=0.6)


@given(
    own=st.lists(st.integers(1, 12), min_size=3, max_size=3),
    wanted=st.lists(st.integers(1, 12), min_size=3, max_size=3),
)
def test_volumes_are_cut_and_filled_up_about_their_middle(own: list[int], wanted: list[int]) -> None:
    size, sides = (own[0], own[1], own[2]), (wanted[0], wanted[1], wanted[2])
    geometry = MiddleGeometry(size, sides, channels_last=True, border=5)
    volume = np.random.default_rng(0).integers(10, 99, (*size[::-1], 2), np.uint8)
    found = geometry.image(volume)
    assert found.shape == (*sides[::-1], 2)
    assert (geometry.mask(volume[..., 1], outside=5) == found[..., 1]).all()
    back: NDArray[Any] = geometry.image_back(found, outside=0)
    seen = tuple(each.seen() for each in reversed(geometry.placements))
    assert (back[seen] == volume[seen]).all()
    assert (geometry.mask_back(found[..., 0]) == back[..., 0]).all()
    # A voxel's middle lies where its value is found.
    for x, y, z in np.random.default_rng(1).integers(0, size, (10, 3)):
        place = geometry.points(np.array([[x, y, z]]) + 0.5)[0]
        inside = [voxel in range(20)[cells] for voxel, cells in zip((z, y, x), seen, strict=True)]
        assert all(inside) == bool(((place > 0) & (place < sides)).all())
        if all(inside):
            assert (found[int(place[2]), int(place[1]), int(place[0])] == volume[z, y, x]).all()
    for cells, own_side, each in zip(seen, size[::-1], reversed(geometry.placements), strict=True):
        # As much is cut off, or added, at either end; one more at the later.
        assert (own_side - cells.stop) - cells.start in {0, 1}
        assert (each.side - each.first - each.made) - each.first in {0, 1}
    np.testing.assert_allclose(geometry.points_back(geometry.points(np.ones((1, 3)))), 1)


@given(begin=st.floats(0, 30), length=st.floats(0.1, 40), origin=st.integers(0, 9), made=st.integers(1, 20))
def test_a_cell_is_seen_where_its_centre_is(begin: float, length: float, origin: int, made: int) -> None:
    placement = Placement(begin, begin + length, 3, made, 30, origin)
    seen = range(200)[placement.seen()]
    assert list(seen) == [cell for cell in range(200) if begin <= cell - origin + 0.5 < begin + length]
    places = placement.places(30)
    assert len(places) == len(seen)
    assert ((places >= 3 - 1e-6) & (places <= 3 + made + 1e-6)).all()
    np.testing.assert_allclose(placement.places(60), 2 * places)


def test_borders_are_black_unless_said_otherwise() -> None:
    padded = InputSize(4, 4, "pad")
    for border, geometry in ((0, ImageGeometry(padded, (8, 4))), (7, ImageGeometry(padded, (8, 4), border=7))):
        assert geometry.image(np.full((4, 8, 1), 99, np.uint8))[:, 0, 0].tolist() == [border, 99, 99, border]
        assert geometry.tile((0, 0, 8, 2)).image(np.full((4, 8, 1), 99, np.uint8))[0, 0, 0] == border
