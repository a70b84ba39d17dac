"""A scene with five markers that an image, a mask, boxes, points and a target image show, and whether they agree."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from convsight.augmentation import Batch, BoxTarget, DenseTarget, MaskTarget, PointTarget, TargetKind

HALF = 2  # a marker reaches so many px to each side of its middle pixel
MARGIN = 5  # px between the border and the middle pixel of a marker in a corner
IGNORED = 99
KINDS: dict[str, TargetKind] = {
    "mask": MaskTarget(IGNORED),
    "boxes": BoxTarget(),
    "points": PointTarget(),
    "sharp": DenseTarget(),
}


def scene(count: int, height: int, width: int) -> Batch:
    """`count` equal samples. Images: how far right, how far down (as fractions), and bright where a marker is."""
    middles = markers(height, width)
    rows, columns = (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width
    mask = torch.zeros(height, width, dtype=torch.long)
    for number, (row, column) in enumerate(middles, 1):
        mask[row - HALF : row + HALF + 1, column - HALF : column + HALF + 1] = number
    image = torch.stack([columns.expand(height, width), rows[:, None].expand(height, width), (mask > 0).float()])
    points = torch.tensor([[(column + 0.5) / width, (row + 0.5) / height] for row, column in middles])
    reach = torch.tensor([(HALF + 0.5) / width, (HALF + 0.5) / height])
    one = {
        "mask": mask,
        "boxes": torch.cat([points - reach, points + reach], dim=1),
        "labels": torch.arange(5),
        "points": points,
        "visibility": torch.full((5,), 2),
        "sharp": image * 2,
    }
    targets = {name: values.expand(count, *values.shape).clone() for name, values in one.items()}
    return Batch({"image": image.expand(count, -1, -1, -1).clone()}, targets)


def markers(height: int, width: int) -> list[tuple[int, int]]:
    """Row and column of the middle pixels: in each corner, and one away from the middle."""
    far_row, far_column = height - 1 - MARGIN, width - 1 - MARGIN
    corners = [(row, column) for row in (MARGIN, far_row) for column in (MARGIN, far_column)]
    return [*corners, (round(height * 0.4), round(width * 0.6))]


@dataclass
class Counted:
    """How many things were compared, so that a test can see that something was."""

    points: int = 0
    boxes: int = 0
    pixels: int = 0


def agreement(found: Batch, upright: bool) -> Counted:
    """Check that all five tell the same places; `upright` if nothing was turned, so that boxes fit to the pixel."""
    counted = Counted()
    torch.testing.assert_close(found.targets["sharp"], found.image * 2)
    for index, image in enumerate(found.image):
        one = {name: values[index] for name, values in found.targets.items()}
        _points_agree(image, one, counted)
        _mask_agrees(image, one["mask"], counted)
        _boxes_agree(one, upright, counted)
    return counted


def _points_agree(image: Tensor, one: dict[str, Tensor], counted: Counted) -> None:
    """At each point the image tells the place where the marker was."""
    height, width = image.shape[1:]
    size = torch.tensor([width, height])
    before = scene(1, height, width).targets["points"][0]
    for point, visible, was in zip(one["points"], one["visibility"], before, strict=True):
        inside = bool(((point >= 0) & (point <= 1)).all())
        assert bool(visible == 2) is inside
        if bool((point * size > 0.5).all() & (point * size < size - 0.5).all()):
            seen = F.grid_sample(image[None], point[None, None, None] * 2 - 1, align_corners=False)[0, :2, 0, 0]
            torch.testing.assert_close(seen * size, was * size, atol=0.02, rtol=0)
            counted.points += 1


def _mask_agrees(image: Tensor, mask: Tensor, counted: Counted) -> None:
    """Each known pixel of the mask is the one of the mask before at the place that the image tells."""
    height, width = mask.shape
    before = scene(1, height, width).targets["mask"][0]
    places = image[:2].permute(1, 2, 0) * torch.tensor([width, height])
    # Near the border the image tells no places, since it is continued there; between two pixels either may be taken.
    sure = ((places > 1) & (places < torch.tensor([width, height]) - 1)).all(dim=2)
    sure &= ((places - places.round()).abs() > 0.01).all(dim=2) & (mask != IGNORED)
    columns, rows = places[sure].floor().long().unbind(1)
    assert torch.equal(mask[sure], before[rows, columns])
    bright, dark = image[2] > 0.75, image[2] < 0.25
    assert (mask[bright & sure] > 0).all()
    assert (mask[dark & sure] == 0).all()
    counted.pixels += int((mask[sure] > 0).sum())


def _boxes_agree(one: dict[str, Tensor], upright: bool, counted: Counted) -> None:
    """Each box lies around its point, and around its marker in the mask."""
    mask = one["mask"]
    size = torch.tensor([mask.shape[1], mask.shape[0]]).repeat(2)
    for box, label, point, number in zip(one["boxes"], one["labels"], one["points"], range(5), strict=True):
        if label < 0:
            continue
        assert int(label) == number
        whole = bool(((box > 0) & (box < 1)).all())
        if whole:
            torch.testing.assert_close((box[:2] + box[2:]) / 2, point, atol=1e-5, rtol=0)
        there = (mask == number + 1).nonzero().flip(1)
        pixels = torch.cat([there.amin(dim=0), there.amax(dim=0) + 1])
        beyond = torch.cat([box[:2] * size[:2] - pixels[:2], pixels[2:] - box[2:] * size[2:]])
        # A pixel belongs to a marker if its middle does; the tip of a turned square may hold no middle.
        assert float(beyond.max()) < 0.51
        if upright or whole:  # else a border has cut off the turned square's tip, and not only the box around it
            assert float(beyond.min()) > (-0.51 if upright else -1.5)
        counted.boxes += 1
