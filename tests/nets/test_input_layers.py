"""Bytes to network input: equality with Pillow for every colour, and the memory format."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from tests.inputs.kinds import OTHERS, image_input, original

from convsight.inputs import AnyInput, ImageInput
from convsight.nets.input_layers import InputLayer, Normalise, planes

IMAGES = [image_input(channels, bits) for channels in (1, 2, 5, 13) for bits in (8, 16, 32)]
UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time

_images = arrays.arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.just(3)))


def test_grey_is_pillows_for_all_colours() -> None:
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8), indexing="ij")
    for red in range(256):
        image = np.stack([np.full_like(green, red), green, blue], axis=-1)
        expected = np.asarray(Image.fromarray(image).convert("L"))
        found = planes(torch.from_numpy(image)[None], channels=1) * 255
        assert np.array_equal(found[0, 0].round().numpy().astype(np.uint8), expected)


def test_grey_is_whole_numbers_over_255() -> None:
    greys = torch.arange(256, dtype=torch.uint8)
    found = planes(greys.view(1, 16, 16, 1).repeat(1, 1, 1, 3), channels=1)
    assert torch.equal(found.flatten(), greys.float() / 255)


@UNHURRIED
@given(_images)
def test_colour_is_bytes_over_255(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    found = planes(torch.from_numpy(images), channels=3)
    assert found.dtype == torch.float32
    assert np.array_equal(found.numpy(), (images.astype(np.float32) / np.float32(255)).transpose(0, 3, 1, 2))


@UNHURRIED
@given(_images, st.floats(-2, 2), st.floats(0.01, 3))
def test_input_layer_normalises(
    images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], mean: float, std: float
) -> None:
    height, width = images.shape[1:3]
    means, stds = (mean, mean + 1, mean - 1), (std, std * 2, std / 2)
    layer = InputLayer(ImageInput(height=height, width=width, channels=3, mean=means, std=stds))
    expected = ((images / 255 - means) / stds).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(layer(torch.from_numpy(images)).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_input_layer_makes_grey() -> None:
    layer = InputLayer(ImageInput(height=1, width=1, channels=1, mean=(0.5,), std=(0.25,)))
    red = torch.tensor([[[[255, 0, 0]]]], dtype=torch.uint8)
    assert layer(red).item() == pytest.approx((76 / 255 - 0.5) / 0.25)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_result_is_channels_last(channels: int) -> None:
    images = torch.zeros(2, 6, 7, 3, dtype=torch.uint8)
    result = Normalise([0.5] * channels, [0.5] * channels)(planes(images, channels))
    assert result.shape == (2, channels, 6, 7)
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_autocast_leaves_every_bit() -> None:
    images = torch.arange(27, dtype=torch.uint8).view(1, 3, 3, 3) * 9
    layer = InputLayer(ImageInput(height=3, width=3, channels=1, mean=(0.4,), std=(0.3,)))
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(images)
    assert found.dtype == torch.float32
    assert torch.equal(found, layer(images))


def test_mean_and_std_stay_out_of_the_state_and_follow_the_device() -> None:
    layer = Normalise([0.1, 0.2, 0.3], [1, 2, 3])
    assert layer.state_dict() == {}
    assert layer.to("meta").mean.device.type == "meta"


@pytest.mark.parametrize(
    ("images", "channels", "message"),
    [
        (torch.zeros(1, 2, 2, 3), 3, "uint8"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), 3, r"\(1, 3, 4, 4\)"),
        (torch.zeros(2, 2, 3, dtype=torch.uint8), 3, r"\(2, 2, 3\)"),
        (torch.zeros(1, 2, 2, 3, dtype=torch.uint8), 4, "1 or 3 channels, not 4"),
    ],
)
def test_wrong_input_is_refused(images: torch.Tensor, channels: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        planes(images, channels)


@pytest.mark.parametrize(
    "spec", [*IMAGES, *OTHERS.values()], ids=lambda spec: f"{spec.kind}-{spec.channels}-{spec.dtype}"
)
def test_the_graph_makes_the_same_numbers_as_numpy(spec: AnyInput) -> None:
    shape = spec.array_shape[1:] if spec.kind in {"sequence", "spectrogram"} else spec.array_shape[:-1]
    arrays = np.stack([spec.load(original(spec, shape, seed)).array for seed in range(3)])
    layer = InputLayer(spec)
    scaled = spec.scaled(arrays)
    np.testing.assert_allclose(layer.floats(torch.from_numpy(arrays)).numpy(), scaled, atol=2e-5)
    mean, std = (np.reshape(each, (-1, *[1] * (scaled.ndim - 2))) for each in (spec.mean, spec.std))
    np.testing.assert_allclose(layer(torch.from_numpy(arrays)).numpy(), (scaled - mean) / std, rtol=1e-4, atol=3e-4)
    assert layer(torch.from_numpy(arrays)).dtype == torch.float32
    assert not layer.state_dict()  # tensors of a model file are the network's alone
