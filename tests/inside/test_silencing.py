"""Which channels matter, on networks of which it is known."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.inside.networks import layers_of, opened, zeroed
from torch import nn

from convsight.datasets.dataset import Split
from convsight.datasets.examples import Examples
from convsight.datasets.image_store import ImageStore
from convsight.inside.kernels import FirstLayer, kernel_picture
from convsight.inside.open_network import OpenNetwork
from convsight.inside.run_by_layers import stops_of
from convsight.inside.silencing import Silencing, place_of
from convsight.progress import Listener, Silent
from convsight.results import Labels
from convsight.settings import TrainSettings

SETTINGS = TrainSettings.of(data="pictures", task="classification", own={"label_smoothing": 0.0})
DECIDES, SILENT = 3, 1


def pictures(network: OpenNetwork, count: int = 24) -> Examples:
    """Red and blue pictures, whose brightness differs."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 2
    images = random.integers(0, 60, (count, 24, 24, 3)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[..., 2 * label] += np.uint8(random.integers(100, 180))
    split = Split("test", images, Labels(labels, ("red", "blue")), [str(number) for number in range(count)])
    return Examples(ImageStore.read(split, network.card.input)[0], split.targets)


@pytest.fixture
def network() -> OpenNetwork:
    """Channel 3 tells red from blue, alone; channel 1 is always 0; the others answer something that nobody hears."""
    found = opened("conv 5 3x3 same | batchnorm | relu | globalavg | dense classes")
    [(_, conv)], [(_, dense)] = layers_of(found, nn.Conv2d), layers_of(found, nn.Linear)
    random = torch.Generator().manual_seed(0)
    kernels, _ = zeroed(conv)
    kernels.normal_(std=0.1, generator=random)
    kernels[SILENT] = kernels[DECIDES] = 0.0
    kernels[DECIDES, 0, 1, 1], kernels[DECIDES, 2, 1, 1] = 1.0, -1.0
    weights, biases = zeroed(dense)
    weights.normal_(std=1e-3, generator=random)
    weights[:, DECIDES] = torch.tensor([16.0, -16.0])
    biases.copy_(torch.tensor([-2.0, 2.0]))
    return found


def silencing(network: OpenNetwork) -> Silencing:
    planes = network.planes(np.zeros((1, 24, 24, 3), np.uint8))
    stops = stops_of(network, planes)
    return Silencing(network, stops[0], place_of(stops[0], stops), pictures(network), SETTINGS)


def test_the_channel_that_decides_is_first_and_the_silent_one_last(network: OpenNetwork) -> None:
    ranking = silencing(network).ranking(Silent())
    assert ranking.metric.name == "accuracy"
    assert ranking.value == 1.0
    assert ranking.whole
    first, last = ranking.channels[0], ranking.channels[-1]
    assert first.channel == DECIDES
    assert first.lost.value == 0.5
    assert first.lost.low > 0.2
    assert last.channel == SILENT
    assert last.lost == (0.0, 0.0, 0.0)
    assert last.moved == 0.0
    assert last.expected.value == 0.0
    assert max(ranking.channels, key=lambda each: each.expected.value).channel == DECIDES
    assert ranking.agreement is not None
    assert ranking.agreement > 0


def test_the_estimate_is_the_loss_in_first_order(network: OpenNetwork) -> None:
    """For one picture, against the gradient by a factor of the channel, which is the same by the chain rule."""
    chosen = silencing(network)
    expected = chosen.expected()
    planes = network.planes(chosen.examples.images.take(np.array([5])))
    module = network.layer(chosen.place)

    def loss(factor: torch.Tensor) -> torch.Tensor:
        handle = module.register_forward_hook(lambda _, __, maps: maps * factor[:, None, None])
        try:
            return nn.functional.cross_entropy(network.model(planes), torch.tensor([1]))
        finally:
            handle.remove()

    factor = torch.ones(5, requires_grad=True)
    [gradient] = torch.autograd.grad(loss(factor), factor)
    assert np.allclose(expected[5], gradient.abs().numpy(), rtol=1e-4, atol=1e-8)


class Stopping(Listener):
    """Stops after so many channels, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.left, self.said = after, list[str]()

    def say(self, text: str) -> None:
        self.said.append(text)

    def epoch(self, number: int, text: str) -> None:
        raise AssertionError

    def training(self):  # type: ignore[no-untyped-def]
        raise AssertionError

    def counting(self, what, total):  # type: ignore[no-untyped-def]
        from contextlib import nullcontext

        def advance(done: int) -> None:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

        return nullcontext(advance)


def test_ctrl_c_keeps_the_channels_that_are_done(network: OpenNetwork) -> None:
    listener = Stopping(2)
    ranking = silencing(network).ranking(listener)
    assert len(ranking.channels) == 2
    assert not ranking.whole
    assert ranking.of == 5
    assert ranking.channels[0].channel == DECIDES  # those expected to matter most were done first
    assert listener.said == ["stopped: 2 of 5 channels were silenced, those expected to matter most"]


def test_the_network_is_left_as_it_was(network: OpenNetwork) -> None:
    planes = network.planes(np.zeros((1, 24, 24, 3), np.uint8))
    before = network.model(planes)
    silencing(network).ranking(Silent())
    assert torch.equal(network.model(planes), before)


def _pixels(kernel: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.asarray(kernel_picture(kernel))


def test_kernels_show_their_sign() -> None:
    grey = _pixels(np.array([[[1.0, -1.0], [0.0, 0.5]]]))
    assert grey.shape == (72, 72, 3)
    assert [grey[0, 0, 0], grey[0, -1, 0], grey[-1, 0, 0], grey[-1, -1, 0]] == [255, 0, 128, 191]
    colour = _pixels(np.stack([np.full((3, 3), 2.0), np.zeros((3, 3)), np.full((3, 3), -2.0)]))
    assert colour[0, 0].tolist() == [255, 128, 0]
    assert _pixels(np.ones((5, 3, 3))).shape == (72, 5 * 72 + 4 * 2, 3)


def test_the_first_layer_is_the_one_that_sees_the_picture(network: OpenNetwork) -> None:
    planes = network.planes(np.zeros((1, 24, 24, 3), np.uint8))
    first = FirstLayer(network, stops_of(network, planes), 3)
    assert first.kernels.shape == (5, 3, 3, 3)
