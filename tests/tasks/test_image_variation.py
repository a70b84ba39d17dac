import numpy as np
import pytest

from convsight.augmentation import ImageAugmentation, Variation, Whole
from convsight.datasets import Dataset, Split
from convsight.inputs import ImageInput
from convsight.results import Labels
from convsight.settings import TrainSettings
from convsight.targets import Classes
from convsight.tasks.image_variation import choose_augmentation


def choose(
    classes: tuple[str, ...], images: int = 10, side: int = 28, named: bool = True, **settings: str
) -> ImageAugmentation:
    pixels = np.broadcast_to(np.zeros((1, 4, 4), np.uint8), (images, 4, 4))
    labels = Labels(np.arange(images) % len(classes), classes)
    split = Split("train", pixels, labels, [str(i) for i in range(images)])
    dataset = Dataset("d", "d", "classification", Classes(names=classes), {"train": split}, classes_named=named)
    fit = ImageInput(height=side, width=side, mean=(0, 0, 0), std=(1, 1, 1))
    found = choose_augmentation(dataset, fit, TrainSettings.of(data="d", **settings), {"class": Whole()})
    assert isinstance(found, ImageAugmentation)
    return found


@pytest.mark.parametrize(
    ("classes", "flips"),
    [
        (("cat", "dog"), True),
        (("T-shirt/top", "Trouser", "Bag"), True),
        (("grade 1", "grade 2"), True),
        (tuple("0123456789"), False),
        (("digit_3", "digit_7"), False),
        (("A", "B", "C"), False),
        (("one", "two"), False),
        (("digit7", "digit8"), False),
        (("num3", "char4"), False),
        (("turn-left", "turn-right", "stop"), False),
    ],
)
def test_images_are_mirrored_only_where_the_classes_allow_it(classes: tuple[str, ...], flips: bool) -> None:
    chosen = choose(classes)
    assert chosen.variation.flip_horizontal is flips
    assert not chosen.variation.flip_vertical
    assert ("no flips" in chosen.reasons[-1]) is not flips


def test_nameless_classes_are_not_mirrored_unless_asked() -> None:
    assert not choose(("0", "1"), named=False).variation.flip_horizontal
    asked = choose(("0", "1"), named=False, flip="both").variation
    assert asked.flip_horizontal
    assert asked.flip_vertical


def test_many_images_vary_less_than_few() -> None:
    many, few = choose(("cat", "dog"), images=20_000).variation, choose(("cat", "dog"), images=500).variation
    assert many.rotate < few.rotate
    assert many.shift < few.shift


def test_the_user_decides() -> None:
    assert choose(("cat", "dog"), augment="none", flip="none").variation == Variation()
    assert choose(("cat", "dog"), augment="light").reasons[1] == "light variation: --augment light"
    assert choose(("cat", "dog"), images=20_000, augment="strong").variation.rotate > 0
