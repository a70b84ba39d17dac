"""Views depend on the picture and their number alone; engines agree."""

import numpy as np
import pytest
import torch
from torch import nn

from convsight.augmentation import ClassTarget, ImageAugmentation, Unchanged, Variation
from convsight.augmentation.erasing import Erasing
from convsight.augmentation.kinds import BoxTarget
from convsight.augmentation.mixing import mixed
from convsight.augmentation.rand_augment import RandAugment
from convsight.augmentation.staged import staged
from convsight.training.features.computing import View
from convsight.training.features.eligible import of_images_alone, varies, why_not_ahead
from convsight.training.features.engine import BATCH, _OpenVINO, _Torch

STRONG = Variation(shift=0.1, rotate=10, light=0.2, flip_horizontal=True)


def augmentation(variation: Variation = STRONG, classes: int = 2) -> ImageAugmentation:
    return ImageAugmentation(variation, {"class": ClassTarget(classes)}, ("strong variation",))


def test_a_view_of_a_picture_does_not_depend_on_what_else_there_is() -> None:
    images = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    pictures = np.array([5, 2**63 + 9, 7, 1, 0], np.uint64)
    view = View(2, of_images_alone(staged(augmentation(), [Erasing(0.5), RandAugment(9, 2)])))
    all_of_them = view.of(images, pictures, "image")
    alone = view.of(images[[3, 1]], pictures[[3, 1]], "image")
    assert torch.equal(alone, all_of_them[[3, 1]])
    assert not torch.equal(all_of_them, View(1, view.augmentation).of(images, pictures, "image"))
    assert View(0, view.augmentation).of(images, pictures, "image") is images


def test_files_are_called_by_all_that_a_picture_is_made_by() -> None:
    keys = [
        View(number, of_images_alone(each)).key
        for number in (0, 1, 2)
        for each in (augmentation(), augmentation(Variation(shift=0.1)), staged(augmentation(), [Erasing(0.5)]))
    ]
    assert len(set(keys)) == 7  # the image as it is is the same for all
    assert View(1, of_images_alone(augmentation(classes=9))).key == View(1, of_images_alone(augmentation())).key


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (augmentation(), ""),
        (Unchanged(()), ""),
        (staged(augmentation(), [Erasing(0.5)]), ""),
        (mixed(augmentation(), 0.2, 0), "mixed"),
        (ImageAugmentation(STRONG, {"boxes": BoxTarget()}, ()), "varies with the image"),
    ],
)
def test_what_varies_with_others_or_with_its_target_is_not_seen_ahead(given: ImageAugmentation, why: str) -> None:
    found = why_not_ahead(given)
    assert (why in found) if why else not found
    assert varies(given) == (not isinstance(given, Unchanged))


@pytest.mark.parametrize("kind", [_OpenVINO, _Torch])
def test_engines_give_what_the_network_gives_whatever_is_computed_beside(kind: type) -> None:
    torch.manual_seed(0)
    front = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    images = torch.randn(BATCH, 3, 20, 20)
    engine = kind(front, (3, 20, 20), "float32") if kind is _OpenVINO else kind(front, torch.device("cpu"), "float32")
    found = engine.run(images)
    with torch.no_grad():
        assert np.allclose(found, front(images).numpy(), atol=1e-5)
    assert np.array_equal(engine.run(images[7:10]), found[7:10])
