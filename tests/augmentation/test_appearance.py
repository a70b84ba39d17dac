"""Light, colour and what is hidden vary as far as is said, each by itself."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from convsight.augmentation import Augmentation, Batch, ImageAugmentation, Variation
from convsight.augmentation.appearance import erase, relight
from convsight.rng import RngKeys
from convsight.tasks.detection.augmentation import BoxAugmentation, BoxVariation

_AMOUNT = 0.3
_COUNT = 400


def _patches() -> Tensor:
    """Equal images of a middle grey with a lighter and a darker half, in slightly different colours."""
    image = torch.full((3, 8, 8), 0.4)
    image[:, :, 4:] += torch.tensor([0.09, 0.06, 0.03])[:, None, None]
    return image.expand(_COUNT, 3, 8, 8)


def _of_boxes(light: float, saturation: float) -> Augmentation:
    return BoxAugmentation(BoxVariation(flip_horizontal=False, light=light, saturation=saturation), 8, ())


def _of_images(light: float, saturation: float) -> Augmentation:
    return ImageAugmentation(Variation(light=light, saturation=saturation), {}, ())


def _varied(augmentation: Augmentation) -> Tensor:
    empty = {"boxes": torch.zeros(_COUNT, 1, 4), "labels": torch.full((_COUNT, 1), -1)}
    batch = Batch({"image": _patches()}, empty if isinstance(augmentation, BoxAugmentation) else {})
    return augmentation(batch, RngKeys(3, 1, np.arange(_COUNT)), 0.0).image


def _brightness(images: Tensor) -> Tensor:
    return images.mean(dim=(1, 2, 3))


def _contrast(images: Tensor) -> Tensor:
    return images[:, :, :, 6].mean(dim=(1, 2)) - images[:, :, :, 1].mean(dim=(1, 2))


def _saturation(images: Tensor) -> Tensor:
    right = images[:, :, :, 6].mean(dim=2)
    return (right[:, 0] - right[:, 2]) / _contrast(images)


@pytest.mark.parametrize("make", [_of_images, _of_boxes])
@pytest.mark.parametrize("measure", [_brightness, _contrast])
def test_light_varies_evenly_in_both_directions(
    make: Callable[[float, float], Augmentation], measure: Callable[[Tensor], Tensor]
) -> None:
    factors = (measure(_varied(make(_AMOUNT, 0.0))) / measure(_patches())).log() / _AMOUNT
    _spread_evenly(factors)


@pytest.mark.parametrize("make", [_of_images, _of_boxes])
def test_saturation_varies_evenly_and_light_does_not(make: Callable[[float, float], Augmentation]) -> None:
    varied = _varied(make(0.0, _AMOUNT))
    _spread_evenly((_saturation(varied) / _saturation(_patches())).log() / _AMOUNT)
    for measure in (_brightness, _contrast):
        torch.testing.assert_close(measure(varied), measure(_patches()))


def _spread_evenly(shares: Tensor) -> None:
    """Every fifth of -1..1 has about as many, and none is beyond."""
    assert float(shares.abs().max()) <= 1 + 1e-4
    counts = torch.histc(shares, 5, -1, 1)
    assert counts.min() > 0.7 * _COUNT / 5
    assert counts.max() < 1.3 * _COUNT / 5


@pytest.mark.parametrize("make", [_of_images, _of_boxes])
def test_brightness_contrast_and_saturation_vary_by_themselves(make: Callable[[float, float], Augmentation]) -> None:
    varied = _varied(make(_AMOUNT, _AMOUNT))
    measured = torch.stack([measure(varied).log() for measure in (_brightness, _contrast, _saturation)])
    assert float((measured.corrcoef() - torch.eye(3)).abs().max()) < 0.15


def test_light_is_what_is_written_down() -> None:
    images = torch.rand(2, 3, 5, 4, dtype=torch.float64) / 2 + 0.2
    draws = torch.tensor([[1.0, 0.0, 0.0], [0.0, -0.5, 0.5]], dtype=torch.float64)
    found = relight(images, draws, 0.2, 0.4)
    mean = images[0].mean()
    torch.testing.assert_close(found[0], images[0] + mean * (math.exp(0.2) - 1))
    mean = images[1].mean()
    flatter = mean + (images[1] - mean) * math.exp(-0.1)
    grey = flatter.mean(dim=0)
    torch.testing.assert_close(found[1], grey + (flatter - grey) * math.exp(0.2))


def test_values_stay_in_the_range_of_images() -> None:
    found = relight(torch.rand(50, 3, 6, 6), torch.rand(50, 3) * 2 - 1, 2.0, 2.0)
    assert float(found.min()) == 0
    assert float(found.max()) == 1


def test_the_erased_square_is_where_its_draws_say_and_has_the_mean_of_each_channel() -> None:
    images = torch.rand(1, 2, 41, 21)
    found = erase(images, torch.tensor([[0.5, -0.5]]), 0.18)[0]
    changed = (found != images[0]).any(dim=0).nonzero()
    rows, columns = changed.unbind(1)
    assert (int(rows.min()), int(rows.max())) == (27, 33)  # 30 is half way from the middle to the last
    assert (int(columns.min()), int(columns.max())) == (4, 6)
    torch.testing.assert_close(found[:, 30, 5], images[0].mean(dim=(1, 2)))
