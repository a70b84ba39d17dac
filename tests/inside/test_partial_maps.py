"""Networks run on maps of which a part is changed, against the same networks on whole pictures."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convsight.inside.changed_part import Part, Span
from convsight.inside.partial_maps import PartialMaps, cut, partial, whole

SIDES = (37, 44)


class Residual(nn.Module):
    """Two branches whose parts differ, added in place as torchvision's ResNet does."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.long = nn.Sequential(nn.Conv2d(6, 6, 5, stride, 2), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, 1, 1))
        self.short = nn.Conv2d(6, 6, 1, stride)

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.long(maps)
        found += self.short(maps)
        return found


class ShortFirst(Residual):
    """The branch that sees less comes first."""

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.short(maps) + self.long(maps)
        return found


class Joined(nn.Module):
    """Branches that are joined as channels."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                nn.Conv2d(6, 2, 1),
                nn.Conv2d(6, 3, 3, padding=1),
                nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.Conv2d(6, 1, 1)),
            ]
        )

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([branch(maps) for branch in self.branches], dim=1)


class Weighed(nn.Module):
    """Squeeze and excitation: all of the map decides what each channel counts."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps * torch.sigmoid(maps.mean(dim=(2, 3), keepdim=True))


class Placed(nn.Module):
    """A number for each column, which must not be taken for one for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("numbers", torch.arange(44.0))

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.get_buffer("numbers")


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "convolution": lambda: nn.Conv2d(6, 6, 3, 1, 1),
    "strided": lambda: nn.Conv2d(6, 6, 7, 2, 3, bias=False),
    "unpadded": lambda: nn.Conv2d(6, 6, (3, 5), (2, 1)),
    "dilated": lambda: nn.Conv2d(6, 6, 3, 1, 2, dilation=2),
    "grouped": lambda: nn.Conv2d(6, 6, 3, 1, 1, groups=3),
    "a stride that skips": lambda: nn.Conv2d(6, 6, 1, 3),
    "transposed": lambda: nn.ConvTranspose2d(6, 6, 2, 2),
    "maximum": lambda: nn.MaxPool2d(3, 2, 1),
    "maximum, rounded up": lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
    "mean": lambda: nn.AvgPool2d(2),
    "mean, padded": lambda: nn.AvgPool2d(3, 2, 1),
    "mean, padding not counted": lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    "normalised": lambda: nn.BatchNorm2d(6),
    "in groups": lambda: nn.GroupNorm(2, 6),
    "relu": lambda: nn.ReLU(inplace=True),
    "relu6": lambda: nn.ReLU6(inplace=True),
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "hardswish": nn.Hardswish,
    "residual": lambda: Residual(1),
    "residual, strided": lambda: Residual(2),
    "residual, the short branch first": lambda: ShortFirst(1),
    "joined": Joined,
    "weighed": Weighed,
    "placed": Placed,
    "enlarged": lambda: nn.Upsample(scale_factor=2),
}


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    between = LAYERS[name]()
    made = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), between, nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    )
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 1, 2)  # type: ignore[arg-type]
            nn.init.uniform_(module.weight)
    return made.eval().requires_grad_(False)


def hidden(corners: list[tuple[int, int]], side: int) -> tuple[Tensor, Tensor, Part]:
    torch.manual_seed(1)
    plain = torch.randn(1, 3, *SIDES)
    pictures = plain.repeat(len(corners), 1, 1, 1)
    for picture, (top, left) in zip(pictures, corners, strict=True):
        picture[:, top : top + side, left : left + side] = 5
    spans = (
        Span(np.array(starts), side, length) for starts, length in zip(zip(*corners, strict=True), SIDES, strict=True)
    )
    return plain, pictures, Part(*spans)


@pytest.mark.parametrize("name", LAYERS)
def test_equals_the_whole_computation(name: str) -> None:
    corners = [(0, 0), (0, 20), (13, 40), (33, 0), (33, 40), (16, 17)]
    plain, pictures, part = hidden(corners, 4)
    made = network(name)
    before = plain.clone()
    found = whole(made(partial(plain, pictures, part)))
    assert torch.allclose(found, made(pictures), atol=1e-5)
    assert not torch.allclose(found, made(plain).expand_as(found), atol=1e-2)
    assert torch.equal(plain, before)


@pytest.mark.parametrize("name", ["convolution", "maximum", "residual", "joined", "normalised", "relu", "mean, padded"])
def test_only_a_part_is_computed(name: str) -> None:
    plain, pictures, part = hidden([(10, 10), (20, 30)], 4)
    found = network(name)(partial(plain, pictures, part))
    assert isinstance(found, PartialMaps)
    assert found.part.share < 0.25


@pytest.mark.parametrize("name", ["weighed", "placed", "transposed", "in groups"])
def test_what_depends_on_more_than_the_place_gets_whole_maps(name: str) -> None:
    plain, pictures, part = hidden([(10, 10), (20, 30)], 4)
    assert not isinstance(network(name)(partial(plain, pictures, part)), PartialMaps)


def test_a_part_is_cut_out_wherever_it_is() -> None:
    plain, pictures, part = hidden([(10, 10), (20, 30)], 4)
    maps = partial(plain, pictures, part)
    for top, left, height, width in [(0, 0, 37, 44), (8, 9, 10, 30), (11, 12, 2, 1), (30, 0, 5, 5), (21, 31, 16, 13)]:
        rows, columns = Span(np.array([top] * 2), height, 37), Span(np.array([left] * 2), width, 44)
        expected = pictures[:, :, top : top + height, left : left + width]
        assert torch.equal(cut(maps, Part(rows, columns)), expected)
    assert torch.equal(whole(maps), pictures)
