"""What hides a cell: a Gaussian blur as SciPy has it, and the data's mean in the numbers of the input."""

import numpy as np
from scipy.ndimage import gaussian_filter
from tests.explain.evidence.additive import pictures, subject_of

from convsight.explain.evidence.filled import Filled, blurred, filled_by_blur, filled_by_mean
from convsight.inputs import ImageInput


def test_far_from_the_edge_the_blur_is_a_gaussian() -> None:
    array = np.random.default_rng(0).uniform(0, 1, (61, 61, 2)).astype(np.float32)
    found = blurred(array, 3 / 61)
    wanted = gaussian_filter(array.astype(np.float64), (3, 3, 0), truncate=6)
    np.testing.assert_allclose(found[20:-20, 20:-20], wanted[20:-20, 20:-20], atol=1e-6)


def test_one_colour_stays_what_it_is_up_to_its_edges() -> None:
    array = np.full((9, 14, 3), (10, 200, 255), np.uint8)
    assert (blurred(array) == array).all()
    assert blurred(array).dtype == np.uint8


def test_the_mean_is_the_cards_in_the_numbers_of_the_input() -> None:
    subject = subject_of(np.zeros((4, 6, 3), np.uint8))
    assert filled_by_mean(subject).array.tolist() == [[[128] * 3] * 6] * 4
    deep = ImageInput(height=2, width=2, channels=1, bits=16, low=100, high=1100, mean=(0.25,), std=(1.0,))
    changed = subject_of(np.zeros((2, 2, 1), np.float32))
    object.__setattr__(changed, "spec", deep)
    assert filled_by_mean(changed).array.ravel().tolist() == [350.0] * 4


def test_a_change_under_a_tenth_defines_nothing() -> None:
    picture = next(pictures(1))
    subject = subject_of(picture)
    assert filled_by_mean(subject).change == 1
    assert filled_by_blur(subject).is_defined
    assert not Filled(subject, picture).is_defined
    nearly = picture.copy()
    nearly[:, :, 2][picture[:, :, 2] == 0] = 16  # of the red patch: (239 / 255) ** 2 = .878, so .122 is lost
    assert Filled(subject, nearly).is_defined
    nearly[:, :, 2][nearly[:, :, 2] == 16] = 12  # .908
    assert not Filled(subject, nearly).is_defined
