"""What is measured on a data set before the first step is measured on its training split alone."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.inputs.kinds import SEQUENCE, image_input

from convsight.datasets import Dataset, Split
from convsight.nets.weights import Weights
from convsight.progress import Silent
from convsight.results import Labels
from convsight.settings import TrainSettings
from convsight.targets import Classes
from convsight.tasks.image_size import unmeasured
from convsight.training.data import Prepared, expected, fit_images, measured

SPLITS = ("train", "val", "test")
CLASSES = ("a", "b")


def prepared(train: NDArray[np.uint8], val: NDArray[np.uint8], test: NDArray[np.uint8]) -> Prepared:
    """Images (number, height, width, 3) of three splits, two classes in turn."""
    splits = {}
    for name, images in zip(SPLITS, (train, val, test), strict=True):
        labels = Labels(np.arange(len(images)) % 2, CLASSES)
        splits[name] = Split(name, images, labels, [f"{name}{number}" for number in range(len(images))])
    dataset = Dataset("toy", "toy", "classification", Classes(names=CLASSES), splits)
    return fit_images(dataset, unmeasured(8, 8, "crop"), TrainSettings(data="toy"), Silent())


def noise(count: int, low: int, high: int, channels: int = 3) -> NDArray[np.uint8]:
    drawn = np.random.default_rng(low).integers(low, high, (count, 8, 8, channels), dtype=np.uint8)
    return np.broadcast_to(drawn, (count, 8, 8, 3)).copy()


def test_colours_are_measured_on_the_training_split() -> None:
    train = noise(6, 0, 60)
    found = measured(prepared(train, noise(4, 100, 160), noise(4, 180, 250)), TrainSettings(data="toy"))
    assert found.mean == pytest.approx(tuple((train / 255).mean(axis=(0, 1, 2))), abs=1e-6)
    assert found.std == pytest.approx(tuple((train / 255).std(axis=(0, 1, 2))), abs=1e-6)
    assert found.channels == 3


def test_whether_all_is_grey_is_seen_on_the_training_split() -> None:
    grey, colour = noise(6, 0, 60, channels=1), noise(4, 0, 255)
    settings = TrainSettings(data="toy")
    assert measured(prepared(grey, colour, colour), settings).channels == 1
    assert measured(prepared(colour, grey, grey), settings).channels == 3


@pytest.mark.parametrize(("colour", "channels"), [("grey", 1), ("rgb", 3)])
def test_the_user_may_say_so(colour: str, channels: int) -> None:
    settings = TrainSettings.of(data="toy", colour=colour)
    for images in (noise(6, 0, 60, channels=1), noise(6, 0, 60)):
        found = measured(prepared(images, images, images), settings)
        assert found.channels == len(found.mean) == len(found.std) == channels


def test_a_channel_that_never_varies_is_not_divided_by_nothing() -> None:
    images = np.full((6, 8, 8, 3), 128, np.uint8)
    images[..., 0] = noise(6, 0, 60)[..., 0]
    found = measured(prepared(images, images, images), TrainSettings(data="toy"))
    assert found.std[1:] == (1 / 255, 1 / 255)
    assert found.std[0] > 0.05


def test_weights_bring_the_statistics_of_their_channels_alone() -> None:
    colours = Weights("", {}, (0.25, 0.5, 0.75), (0.1, 0.2, 0.3))
    assert expected(image_input(3), colours).mean == colours.mean
    assert expected(image_input(1), colours).mean == (0.5,)
    assert expected(image_input(3, 16), colours).std == colours.std  # perhaps of the same kind of data
    for own in (image_input(5), image_input(13, 16), image_input(1, 32), SEQUENCE):
        assert expected(own, colours) == own
    assert expected(image_input(3), Weights("", {}, None, None)) == image_input(3)
