import numpy as np
import pytest
import torch

from convsight.augmentation.warp import Warp
from convsight.augmentation.warp_steps import Flip
from convsight.datasets.thermometers import read_thermometers
from convsight.errors import UserError
from convsight.tasks.choices import train_settings
from convsight.tasks.image_size import unmeasured
from convsight.tasks.regression.augmentation import SignedNumbers, choose_augmentation


def chosen(**choices: object) -> object:
    settings = train_settings(data="x", task="regression", **choices)
    return choose_augmentation(read_thermometers(), unmeasured(48, 48, "squash"), settings, "numbers")


def test_nothing_is_turned_zoomed_or_mirrored_unless_it_is_asked_for() -> None:
    careful = chosen().variation  # type: ignore[attr-defined]
    assert (careful.zoom, careful.rotate, careful.flip_horizontal, careful.flip_vertical) == (0, 0, False, False)
    assert chosen(augment="strong").variation.rotate > 0  # type: ignore[attr-defined]
    assert chosen(flip="horizontal").mirrors  # type: ignore[attr-defined]


def test_numbers_change_their_sign_in_mirror_images() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    warp = Warp((Flip("horizontal", torch.tensor([True, False])),))
    found = SignedNumbers((1,)).warped("numbers", {"numbers": values}, warp, (8, 8))["numbers"]
    np.testing.assert_array_equal(found, [[1.0, -2.0], [3.0, 4.0]])


def test_a_sign_that_changes_mirrors_images() -> None:
    found = chosen(flip_negates="temperature")
    assert found.mirrors  # type: ignore[attr-defined]
    assert SignedNumbers((0,)) in found.targets.values()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"flip_negates": "steering"}, "unknown number 'steering'"),
        ({"flip_negates": "temperature", "flip": "none"}, "--flip is none; leave one of both out"),
        ({"flip_negates": "temperature", "flip": "both"}, "--flip is both"),
    ],
)
def test_what_does_not_fit_is_refused(choices: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        chosen(**choices)
