"""Which part of the picture a cell sees, against gradients: where it can see, one of many random networks does."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.inside.networks import opened
from torch import Tensor, nn

from convsight.inside.written.reach import Reach, back_of
from convsight.inside.written.steps import Call, run_steps


def reach_of(model: nn.Module, given: Tensor) -> tuple[Reach, list[Call]]:
    calls: list[Call] = []
    steps = run_steps(model.eval(), given, calls.append)
    back = {call.step.index: way for call in calls if (way := back_of(call)) is not None}
    return Reach(steps, back, (given.shape[2], given.shape[3])), calls


def by_gradients(model: nn.Module, given: Tensor, row: int, column: int) -> Any:
    """The rows and columns of the picture that change the cell at all, for positive weights, which hide nothing."""
    picture = given.clone().requires_grad_()
    model(picture)[0, :, row, column].sum().backward()
    assert picture.grad is not None
    rows, columns = picture.grad.abs().sum(dim=(0, 1)).nonzero().T
    return (int(rows.min()), int(rows.max()) + 1), (int(columns.min()), int(columns.max()) + 1)


class Two(nn.Module):
    """A block with a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.long = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 3, (1, 5), padding=(0, 2))
        )

    def forward(self, given: Tensor) -> Tensor:
        found: Tensor = self.long(given) + nn.functional.pad(given, (2, 0, 1, 0))[:, :, :-1, :-2]
        return found


@pytest.mark.parametrize(
    "model",
    [
        nn.Conv2d(3, 2, 3, stride=2, padding=1),
        nn.Conv2d(3, 2, (2, 5), dilation=(3, 1), padding=(0, 2)),
        nn.Sequential(nn.Conv2d(3, 2, 3, stride=2), nn.AvgPool2d(3, 2, padding=1), nn.Conv2d(2, 2, 3, padding=2)),
        nn.Sequential(nn.Conv2d(3, 2, 3, stride=(1, 3)), nn.AvgPool2d((1, 2))),
        nn.ConvTranspose2d(3, 2, 3, padding=1),
        nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d((3, 5))),
        nn.Sequential(nn.ConstantPad2d((2, 1, 1, 0), 0.0), nn.Conv2d(3, 2, 3)),
    ],
    ids=lambda each: str(each)[:50],
)
def test_it_is_the_part_that_has_gradients(model: nn.Module) -> None:
    for parameter in model.parameters():
        parameter.data.uniform_(0.1, 1)
    given = torch.rand(1, 3, 17, 22)
    reach, calls = reach_of(model, given)
    _, _, rows, columns = calls[-1].result.shape
    for row in range(rows):
        for column in range(columns):
            assert reach.box(len(calls) - 1, row, column) == by_gradients(model, given, row, column), (row, column)


def test_the_largest_of_a_window_may_be_any_of_it() -> None:
    reach, calls = reach_of(nn.MaxPool2d(3, 2, padding=1, dilation=1), torch.rand(1, 1, 8, 8))
    assert reach.box(len(calls) - 1, 0, 2) == ((0, 2), (3, 6))


def test_branches_are_seen_together_and_gates_are_not_counted() -> None:
    model = Two()
    reach, calls = reach_of(model, torch.rand(1, 3, 9, 12))
    for parameter in model.parameters():
        parameter.data.uniform_(0.1, 1)
    # The shortcut is the picture moved by two columns and a row.
    assert reach.box(len(calls) - 1, 4, 6) == by_gradients(model, torch.rand(1, 3, 9, 12), 4, 6) == ((3, 6), (3, 10))
    network = opened("mobilenet_v3_small", side=64)
    reach, calls = reach_of(network.model, torch.rand(1, 3, 64, 64))
    gated = next(call for call in calls if call.step.operation == "mul")
    (top, bottom), (left, right) = reach.box(gated.step.index, 8, 8)
    assert 0 < bottom - top < 20
    assert 0 < right - left < 20


def test_behind_a_mean_all_is_seen() -> None:
    reach, calls = reach_of(
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)), torch.rand(1, 3, 5, 6)
    )
    assert reach.box(len(calls) - 1, 0, 0) == ((0, 5), (0, 6))


class Shuffled(nn.Module):
    """Convolutions with a shuffle of channels in groups between them, of which `swap` changes the axes."""

    def __init__(self, swap: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, stride=2), nn.Conv2d(6, 2, 3)
        self.swap = swap

    def forward(self, given: Tensor) -> Tensor:
        maps = self.first(given)
        _, channels, rows, columns = maps.shape
        shuffled = self.swap(maps.view(1, 2, channels // 2, rows, columns)).contiguous().view(maps.shape)
        found: Tensor = self.second(shuffled)
        return found


@pytest.mark.parametrize(
    ("swap", "keeps_sides"),
    [
        (lambda maps: maps.transpose(1, 2), True),
        (lambda maps: maps.permute(0, 2, 1, 3, 4), True),
        (lambda maps: maps.transpose(-1, -2), False),
        (lambda maps: maps.permute(0, 1, 2, 4, 3), False),
        (lambda maps: maps.flip(4), False),
        (lambda maps: maps.reshape(1, 3, 8, 2, 8), False),
    ],
    ids=["transpose", "permute", "sides transposed", "sides permuted", "flipped", "other sides"],
)
def test_a_shuffle_of_channels_keeps_rows_and_columns(swap: Callable[[Tensor], Tensor], keeps_sides: bool) -> None:
    model, given = Shuffled(swap), torch.rand(1, 3, 17, 17)
    for parameter in model.parameters():
        parameter.data.uniform_(0.1, 1)
    reach, calls = reach_of(model, given)
    expected = by_gradients(model, given, 1, 3) if keeps_sides else ((0, 17), (0, 17))
    assert reach.box(len(calls) - 1, 1, 3) == expected


def test_a_shufflenet_does_not_see_all_at_once() -> None:
    reach, calls = reach_of(opened("shufflenet_v2_x0_5", side=64).model, torch.rand(1, 3, 64, 64))
    joined = [call.step.index for call in calls if call.step.operation == "cat"]
    for index in joined[:2]:  # the second is behind the first shuffle
        (top, bottom), (left, right) = reach.box(index, 4, 4)
        assert 0 < bottom - top < 60
        assert 0 < right - left < 60


class End(nn.Module):
    """The last rows and columns of a map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, given: Tensor) -> Tensor:
        found: Tensor = self.conv(given)[:, :, -4:, -5:]
        return found


def test_what_is_cut_off_moves_the_rest() -> None:
    model = End()
    for parameter in model.parameters():
        parameter.data.uniform_(0.1, 1)
    given = torch.rand(1, 3, 12, 14)
    reach, calls = reach_of(model, given)
    assert reach.box(len(calls) - 1, 1, 2) == by_gradients(model, given, 1, 2) == ((7, 10), (9, 12))
