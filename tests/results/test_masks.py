"""Masks as pieces say what whole ones say."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from convsight.results import Boxes, BoxLists
from convsight.results.mask_drawing import draw_masks
from convsight.results.masks import Mask, full_masks, ids_of_masks, mask_column, mask_overlaps, masks_of, masks_of_ids

SIZE = (40, 30)


def random_flags(count: int, seed: int = 0) -> np.ndarray:
    """Rectangles of noise (count, 30, 40), many of which overlap."""
    random = np.random.default_rng(seed)
    flags = np.zeros((count, *SIZE[::-1]), np.bool_)
    for each in flags:
        left, top = random.integers(0, 30), random.integers(0, 20)
        part = each[top : top + random.integers(1, 12), left : left + random.integers(1, 12)]
        part[:] = random.random(part.shape) < 0.8
    return flags


def pieces(flags: np.ndarray) -> list[Mask]:
    return [Mask.of(each) for each in flags]


def test_a_piece_is_its_whole() -> None:
    flags = random_flags(30)
    np.testing.assert_array_equal(full_masks(pieces(flags), SIZE), flags)
    for each, piece in zip(flags, pieces(flags), strict=True):
        np.testing.assert_array_equal(piece.full(SIZE), each)
        assert piece.area == each.sum()
        rows, columns = np.nonzero(each)
        if len(rows):
            assert piece.xyxy == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert Mask.of(np.zeros((3, 3), bool)).area == 0


@pytest.mark.parametrize("after", [(80, 60), (20, 15), (33, 71), SIZE])
def test_other_sizes_take_the_nearest_pixel(after: tuple[int, int]) -> None:
    flags = random_flags(20)
    across, down = (((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(after, SIZE, strict=True))
    moved = [piece.on(SIZE, after) for piece in pieces(flags)]
    np.testing.assert_array_equal(full_masks(moved, after), flags[:, down[:, None], across[None]])


@pytest.mark.parametrize("crowds", [False, True])
def test_overlaps_are_those_of_pycocotools(crowds: bool) -> None:
    one, other = random_flags(25), random_flags(20, seed=1)
    crowd = np.random.default_rng(2).random(20) < 0.4 if crowds else np.zeros(20, np.bool_)
    lengths = [[coco.encode(np.asfortranarray(each.astype(np.uint8))) for each in flags] for flags in (one, other)]
    truth = coco.iou(*lengths, crowd.astype(np.uint8).tolist())
    np.testing.assert_allclose(mask_overlaps(pieces(one), pieces(other), crowd if crowds else None), truth)
    assert mask_overlaps([], pieces(other)).shape == (0, 20)


def test_maps_of_numbers_and_masks() -> None:
    ids = np.array([[1, 1, 0, 4], [0, 2, 2, 4]])
    found = masks_of_ids(ids)
    assert [mask.area for mask in found] == [2, 2, 0, 2]
    np.testing.assert_array_equal(ids_of_masks(found, (4, 2)), ids)
    over = [Mask(0, 0, np.ones((1, 3), bool)), Mask(1, 0, np.ones((2, 3), bool))]
    np.testing.assert_array_equal(ids_of_masks(over, (4, 2)), [[1, 1, 1, 2], [0, 2, 2, 2]])


def test_what_is_no_mask_is_refused() -> None:
    wrong: list[tuple[int, Any]] = [(-1, np.ones((1, 1), bool)), (0, np.ones(3, bool)), (0, np.ones((1, 1)))]
    for left, flags in wrong:
        with pytest.raises(ValueError, match="a mask needs flags"):
            Mask(left, 0, flags)
    with pytest.raises(ValueError, match="numbers, texts or masks"):
        boxes(1).with_columns(mask=np.array([None]))


def boxes(count: int, seed: int = 0) -> Boxes:
    masks = pieces(random_flags(count, seed))
    corners = [mask.xyxy for mask in masks]
    return Boxes.of(
        ("cell",), SIZE, corners, 0, scores=np.linspace(0.9, 0.3, count), columns={"mask": mask_column(masks)}
    )


def test_boxes_with_pieces_are_those_with_wholes() -> None:
    some = boxes(8)
    whole = some.with_columns(mask=full_masks(some.masks, SIZE))
    assert some.to_json() == whole.to_json()
    assert some.to_rows() == whole.to_rows()
    assert some.difference(whole) == (0.0, 1.0, 16)
    assert some.files() == whole.files()
    assert masks_of(whole.columns["mask"], SIZE)[3].xyxy == some.masks[3].xyxy
    np.testing.assert_array_equal(some.to_supervision().mask, whole.columns["mask"])
    assert Boxes.of(("cell",), SIZE, [], [], columns={"mask": mask_column([])}).to_supervision().mask.shape == (
        0,
        30,
        40,
    )


def test_pieces_move_with_their_boxes() -> None:
    some = boxes(5)
    moved = some.on((80, 60)).select(np.array([2, 0]))
    np.testing.assert_array_equal(moved.masks[0].pixels, some.masks[2].pixels.repeat(2, axis=0).repeat(2, axis=1))
    assert moved.masks[1].xyxy == tuple(2 * side for side in some.masks[0].xyxy)


def test_another_mask_is_another_target() -> None:
    (line,), (same,), (other,) = (BoxLists([each], ("cell",)).lines() for each in (boxes(3), boxes(3), boxes(3, 1)))
    assert line == same != other
    moved = boxes(3).with_columns(mask=mask_column(Mask(m.left, m.top + 1, m.pixels) for m in boxes(3).masks))
    assert BoxLists([moved], ("cell",)).lines() != [line]


def test_files_number_what_is_found() -> None:
    some = boxes(6).at_least(0.5)
    assert len(some.found) < 6
    (content,) = some.files().values()
    image = Image.open(BytesIO(content))
    assert image.size == SIZE
    np.testing.assert_array_equal(np.asarray(image), ids_of_masks(some.found.masks, SIZE))
    assert Boxes.of(("cell",), SIZE, [], []).files() == {}


def test_masks_are_drawn_filled_and_outlined() -> None:
    image = Image.new("RGB", SIZE, "black")
    square = Mask(5, 5, np.ones((10, 10), bool))
    drawn = np.asarray(draw_masks(image, [square], [0])).astype(int)
    assert (drawn.any(axis=2) == square.full(SIZE)).all()
    assert drawn[5, 5].tolist() == [230, 159, 0]  # the colour itself
    assert drawn[10, 10].tolist() == [92, 64, 0]
    first = np.asarray(draw_masks(image, [square, Mask(5, 5, np.ones((10, 20), bool))], [0, 1]))
    assert first[10, 10].tolist() != first[10, 20].tolist()
    many = boxes(60)
    assert many.draw(image).size == SIZE
