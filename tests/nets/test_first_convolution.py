"""Against timm's rule, and against images: what the adapted weights give for planes that are repeated."""

import pytest
import torch
from timm.models import adapt_input_conv
from torch.nn import functional as F

from convsight.nets.first_convolution import for_channels


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 13])
def test_the_rule_is_timms(channels: int) -> None:
    weight = torch.randn(8, 3, 5, 5)
    torch.testing.assert_close(for_channels(weight, channels), adapt_input_conv(channels, weight))


def test_a_grey_image_gives_what_its_three_planes_gave() -> None:
    weight, grey = torch.randn(8, 3, 5, 5), torch.randn(2, 1, 9, 9)
    expected = F.conv2d(grey.repeat(1, 3, 1, 1), weight)
    torch.testing.assert_close(F.conv2d(grey, for_channels(weight, 1)), expected, rtol=1e-4, atol=1e-4)


def test_planes_given_twice_change_nothing() -> None:
    weight, rgb = torch.randn(8, 3, 5, 5), torch.randn(2, 3, 9, 9)
    expected = F.conv2d(rgb, weight)
    found = F.conv2d(rgb.repeat(1, 2, 1, 1), for_channels(weight, 6))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_same_number_of_planes_leaves_every_bit() -> None:
    weight = torch.randn(8, 3, 5, 5)
    assert for_channels(weight, 3) is weight
