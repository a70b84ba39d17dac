"""What becomes of targets that leave the image, and of those that belong to another."""

import torch

from convsight.augmentation import BoxTarget, DenseTarget, MaskTarget, PointTarget, Warp, Whole
from convsight.augmentation.warp_steps import Flip, Shift

_SIZE = (100, 100)


def _moved_right(px: int, count: int = 1) -> Warp:
    return Warp((Shift(torch.tensor([[0, -px]] * count), _SIZE),))


def _box(left: float, right: float, labels: BoxTarget, px: int) -> tuple[list[float], int]:
    targets = {"boxes": torch.tensor([[[left, 0.2, right, 0.6]]]), "labels": torch.tensor([[4]])}
    found = labels.warped("boxes", targets, _moved_right(px), _SIZE)
    return [round(value, 4) for value in found["boxes"][0, 0].tolist()], int(found["labels"][0, 0])


def test_boxes_are_cut_at_the_border_and_dropped_if_little_is_left() -> None:
    assert _box(0.5, 0.9, BoxTarget(), 10) == ([0.6, 0.2, 1.0, 0.6], 4)
    assert _box(0.5, 0.9, BoxTarget(), 37) == ([0.87, 0.2, 1.0, 0.6], 4)  # 13 of 40 px
    assert _box(0.5, 0.9, BoxTarget(), 39) == ([0.89, 0.2, 1.0, 0.6], -1)  # 11 of 40 px
    assert _box(0.5, 0.9, BoxTarget(min_visible=0.2), 39)[1] == 4
    assert _box(0.5, 0.9, BoxTarget(), 60) == ([1.0, 0.2, 1.0, 0.6], -1)


def test_what_is_too_thin_is_no_box() -> None:
    assert _box(0.3, 0.315, BoxTarget(), 1)[1] == -1
    assert _box(0.3, 0.325, BoxTarget(), 1)[1] == 4
    assert _box(0.3, 0.315, BoxTarget(min_side_px=1), 1)[1] == 4
    flat = {"boxes": torch.tensor([[[0.1, 0.1, 0.13, 0.9], [0.1, 0.1, 0.9, 0.13]]]), "labels": torch.tensor([[0, 1]])}
    for size, labels in (((50, 100), [0, -1]), ((100, 50), [-1, 1])):  # 3 % of 50 px are under two
        assert BoxTarget().warped("boxes", flat, Warp(()), size)["labels"][0].tolist() == labels


def test_places_without_a_box_stay_without() -> None:
    targets = {"boxes": torch.tensor([[[0.1, 0.1, 0.5, 0.5], [0, 0, 0, 0]]]), "names": torch.tensor([[2, -1]])}
    found = BoxTarget(labels="names").warped("boxes", targets, _moved_right(3), _SIZE)
    assert found["names"].tolist() == [[2, -1]]
    assert set(found) == {"boxes", "names"}


def test_points_that_leave_are_told_no_more_and_hidden_ones_stay_hidden() -> None:
    points = torch.tensor([[[0.2, 0.5], [0.95, 0.5], [0.3, 0.3], [0.0, 0.0]]])
    targets = {"joints": points, "visibility": torch.tensor([[2, 2, 1, 0]])}
    found = PointTarget().warped("joints", targets, _moved_right(10), _SIZE)
    assert found["visibility"].tolist() == [[2, 0, 1, 0]]
    torch.testing.assert_close(found["joints"], points + torch.tensor([0.1, 0]))


def test_left_and_right_joints_change_places_with_their_visibility_where_a_sample_is_mirrored() -> None:
    one = torch.tensor([[0.5, 0.1], [0.2, 0.5], [0.7, 0.6]])  # nose, left hand, right hand
    points = torch.stack([one, one])[:, None]  # an axis of persons
    targets = {"joints": points, "seen": torch.tensor([[[2, 1, 2]], [[2, 1, 2]]])}
    warp = Warp((Flip("horizontal", torch.tensor([True, False])),))
    found = PointTarget("seen", flip_pairs=((1, 2),)).warped("joints", targets, warp, _SIZE)
    assert found["seen"].tolist() == [[[2, 2, 1]], [[2, 1, 2]]]
    torch.testing.assert_close(found["joints"][0, 0], torch.tensor([[0.5, 0.1], [0.3, 0.6], [0.8, 0.5]]))
    assert torch.equal(found["joints"][1, 0], one)


def test_the_whole_stays_and_masks_and_images_move() -> None:
    warp = _moved_right(1)
    values = torch.arange(100.0).expand(1, 1, 100, 100)
    targets = {"class": torch.tensor([3]), "mask": values[:, 0].long(), "sharp": values}
    assert Whole().warped("class", targets, warp, _SIZE) == {"class": targets["class"]}
    mask = MaskTarget(ignore_index=-1).warped("mask", targets, warp, _SIZE)["mask"]
    assert mask[0, 7, :4].tolist() == [-1, 0, 1, 2]
    image = DenseTarget().warped("sharp", targets, warp, _SIZE)["sharp"]
    assert image[0, 0, 7, :4].tolist() == [0, 0, 1, 2]  # continued as the input is
