"""YOLO's cells and corners by hand, and what it gives after its own backbone and others."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from convsight.tasks.detection.yolo import BINS, SIZES, Backbone, Yolo, cells, corners


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=3))
@settings(deadline=None, max_examples=40)
def test_cells_cover_the_image_evenly(sizes: list[tuple[int, int]]) -> None:
    found = cells(sizes, torch.zeros(1, 3, 48, 80))
    assert len(found.centres) == len(found.strides) == sum(rows * columns for rows, columns in sizes)
    begin = 0
    for rows, columns in sizes:
        centres, strides = (part[begin : begin + rows * columns] for part in found)
        expected = [((x + 0.5) * 80 / columns, (y + 0.5) * 48 / rows) for y in range(rows) for x in range(columns)]
        torch.testing.assert_close(centres, torch.tensor(expected))
        torch.testing.assert_close(strides, torch.tensor([[80 / columns, 48 / rows]]).expand(rows * columns, 2))
        begin += rows * columns


def test_corners_by_hand() -> None:
    sides = torch.full((4, BINS), -40.0)
    for side, distance in enumerate((1, 2, 3, 0)):
        sides[side, distance] = 0
    box = corners(sides, torch.tensor([20.0, 30.0]), torch.tensor([8.0, 4.0]))
    torch.testing.assert_close(box, torch.tensor([20 - 8.0, 30 - 8.0, 20 + 24.0, 30.0]))
    halves = torch.full((4, BINS), -40.0)
    halves[:, 1:3] = 0
    torch.testing.assert_close(corners(halves, torch.zeros(2), torch.ones(2)), torch.tensor([-1.5, -1.5, 1.5, 1.5]))


def build(size: str, channels: int = 3, classes: int = 5) -> Yolo:
    torch.manual_seed(0)
    chosen = SIZES[size]
    return Yolo(Backbone(channels, chosen), chosen.widths[2:], chosen.neck, classes)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_has_its_strides(size: str) -> None:
    net = build(size, channels=1).eval()
    with torch.no_grad():
        logits, sides, found = net(torch.zeros(2, 1, 64, 96))
    count = 8 * 12 + 4 * 6 + 2 * 3
    assert logits.shape == (2, count, 5)
    assert sides.shape == (2, count, 4, BINS)
    assert found.strides.unique(dim=0).tolist() == [[8, 8], [16, 16], [32, 32]]


def test_maps_that_do_not_halve_evenly_fit_too() -> None:
    net = build("n").eval()
    with torch.no_grad():
        logits, _, found = net(torch.zeros(1, 3, 48, 80))
    assert logits.shape[1] == len(found.centres) == 6 * 10 + 3 * 5 + 2 * 3


def test_few_cells_begin_as_sure() -> None:
    net = build("n").eval()
    with torch.no_grad():
        logits, sides, found = net(torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    assert 0.003 < float(logits.sigmoid().mean()) < 0.03
    boxes = corners(sides, found.centres, found.strides)
    cells_wide = (boxes[..., 2] - boxes[..., 0]) / found.strides[:, 0]
    assert 2 < float(cells_wide.mean()) < 8


def test_a_thing_far_away_is_seen() -> None:
    """Deep levels tell shallow ones, and shallow ones deep ones."""
    net = build("n").eval()
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits, _, found = net(image)
    for stride in (8, 32):
        cell = int((found.strides[:, 0] == stride).nonzero()[0])
        (gradient,) = torch.autograd.grad(logits[0, cell].sum(), image, retain_graph=True)
        assert gradient[0, :, 32:, 32:].abs().sum() > 0


class _Rounding(nn.Module):
    """A backbone whose maps are a cell smaller than they should be, as SqueezeNet's are."""

    def forward(self, images: Tensor) -> list[Tensor]:
        batch = len(images)
        return [torch.zeros(batch, width, side, side) for width, side in ((4, 7), (6, 3), (8, 1))]


def test_backbones_that_round_otherwise_are_taken() -> None:
    torch.manual_seed(0)
    net = Yolo(_Rounding(), (4, 6, 8), 16, 2).eval()
    with torch.no_grad():
        logits, _, found = net(torch.zeros(3, 3, 64, 64))
    assert logits.shape == (3, 49 + 9 + 1, 2)
    torch.testing.assert_close(found.strides[0], torch.tensor([64 / 7, 64 / 7]))
