from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.image_sizes import fits, size_error, smallest_square


class _Halving(nn.Module):
    """Takes images that can be halved `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        for _ in range(self.times):
            images = nn.functional.max_pool2d(images, 2)
        return self.scale * images.mean(dim=(2, 3))


def _entry(build: Callable[[NetShape], nn.Module], multiple: int = 1, square: bool = False) -> NetEntry:
    return NetEntry(build, about="", licence="", source="", side=8, multiple=multiple, square=square)


@pytest.mark.parametrize("times", range(8))
def test_smallest_square_is_found_by_running(times: int) -> None:
    assert smallest_square(_entry(lambda _: _Halving(times)), channels=3, outputs=2) == 2**times


@pytest.mark.parametrize(("kernel", "expected"), [(3, 3), (6, 6), (11, 11), (64, 64), (65, 65)])
def test_smallest_square_between_powers_of_two(kernel: int, expected: int) -> None:
    entry = _entry(lambda shape: nn.Conv2d(shape.channels, shape.outputs, kernel))
    assert smallest_square(entry, channels=3, outputs=2) == expected


def test_smallest_square_is_a_multiple() -> None:
    entry = _entry(lambda shape: nn.Conv2d(shape.channels, shape.outputs, 20), multiple=7)
    assert smallest_square(entry, channels=3, outputs=2) == 21


def test_each_side_counts() -> None:
    entry = _entry(lambda shape: nn.Conv2d(shape.channels, shape.outputs, (3, 9)))
    assert fits(entry, NetShape(2, 3, height=3, width=9))
    assert not fits(entry, NetShape(2, 3, height=9, width=3))


@pytest.mark.parametrize(
    ("height", "width", "multiple", "square", "expected"),
    [
        (8, 8, 4, True, True),
        (8, 12, 4, False, True),
        (8, 12, 4, True, False),
        (8, 10, 4, False, False),
        (10, 8, 4, False, False),
    ],
)
def test_limits_of_the_entry_hold_where_the_network_would_run(
    height: int, width: int, multiple: int, square: bool, expected: bool
) -> None:
    entry = _entry(lambda shape: nn.Conv2d(shape.channels, shape.outputs, 3), multiple, square)
    assert fits(entry, NetShape(2, 3, height, width)) == expected


def test_a_network_for_one_size_is_not_searched() -> None:
    entry = replace(_entry(lambda _: _Halving(2)), fixed=True)
    assert smallest_square(entry, channels=3, outputs=2) == 8


@pytest.mark.parametrize(
    ("fixed", "asked", "message"),
    [
        (
            True,
            4,
            "x needs other sizes, such as the 8 px that it was made for; 4 was asked: use --size 8, or another net",
        ),
        (False, 4, "x needs images of at least 5 px; 4 was asked: use --size 5 or more, or another net"),
        (
            False,
            7,
            "x needs other sizes, such as the 8 px that it was made for; 7 was asked: use --size 8, or another net",
        ),
    ],
)
def test_an_error_names_a_size_that_works(fixed: bool, asked: int, message: str) -> None:
    entry = replace(_entry(lambda shape: nn.Conv2d(shape.channels, shape.outputs, 5)), fixed=fixed)
    assert str(size_error("x", entry, NetShape(2, 3, asked, asked))).splitlines()[0] == message


def test_a_network_that_never_works_is_a_mistake_of_ours_and_keeps_its_reason() -> None:
    entry = _entry(lambda shape: nn.Conv2d(shape.channels + 1, 2, 1))
    with pytest.raises(RuntimeError, match="no size") as found:
        smallest_square(entry, channels=3, outputs=2)
    assert "channel" in str(found.value.__cause__)


@pytest.mark.parametrize("kind", [RuntimeError, ValueError, AssertionError, IndexError, ZeroDivisionError])
def test_what_layers_raise_is_taken_for_a_wrong_size(kind: type[Exception]) -> None:
    def picky(shape: NetShape) -> nn.Module:
        raise kind(f"no room in {shape}")

    assert not fits(_entry(picky), NetShape(2, 3, 8, 8))


def test_a_programming_error_is_not_taken_for_a_wrong_size() -> None:
    def broken(shape: NetShape) -> nn.Module:
        raise TypeError(f"cannot build {shape}")

    with pytest.raises(TypeError):
        fits(_entry(broken), NetShape(2, 3, 8, 8))


def test_building_without_memory_draws_nothing_and_makes_nothing() -> None:
    entry = _entry(lambda shape: nn.Linear(shape.width, 10_000_000_000))
    before = torch.get_rng_state()
    net = build_without_memory(entry, NetShape(2, 3, 8, 100))
    assert torch.equal(torch.get_rng_state(), before)
    assert {parameter.device.type for parameter in net.parameters()} == {"meta"}
    assert not net.training
