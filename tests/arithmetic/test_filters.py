"""The classic kernels against their definitions and against Pillow, and kernels as text."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from convsight.arithmetic import KERNELS, cross_correlation, find_kernel
from convsight.errors import UserError

DIFFERENCE, SECOND = [-1, 0, 1], np.array([1, -2, 1])
IDENTITY = np.outer([0, 1, 0], [0, 1, 0])
LAPLACIAN = np.outer(SECOND, [0, 1, 0]) + np.outer([0, 1, 0], SECOND)


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("sobel-x", np.outer([1, 2, 1], DIFFERENCE)),
        ("sobel-y", np.outer(DIFFERENCE, [1, 2, 1])),
        ("prewitt-x", np.outer([1, 1, 1], DIFFERENCE)),
        ("prewitt-y", np.outer(DIFFERENCE, [1, 1, 1])),
        ("scharr-x", np.outer([3, 10, 3], DIFFERENCE)),
        ("scharr-y", np.outer(DIFFERENCE, [3, 10, 3])),
        ("vertical", [[-1, 0, 1]] * 3),
        ("horizontal", np.transpose([[-1, 0, 1]] * 3)),
        ("identity", IDENTITY),
        ("laplacian", LAPLACIAN),
        ("sharpen", IDENTITY - LAPLACIAN),
        ("edges", 9 * IDENTITY - np.ones((3, 3))),
        ("blur", np.full((3, 3), 1 / 9)),
        ("gaussian", np.outer([1, 2, 1], [1, 2, 1]) / 16),
        # The slope down the diagonal, and the image itself.
        ("emboss", IDENTITY + np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]])),
        ("roberts-x", [[1, 0], [0, -1]]),
        ("roberts-y", [[0, 1], [-1, 0]]),
    ],
)
def test_a_kernel_is_its_definition(name: str, weights: Any) -> None:
    np.testing.assert_allclose(KERNELS[name].weights, weights)


def test_every_kernel_has_a_name_and_a_source() -> None:
    assert len(KERNELS) == 17
    for name, kernel in KERNELS.items():
        assert kernel.name == name
        assert kernel.source
        assert kernel.finds_changes == (abs(kernel.weights.sum()) < 1e-9)
        # Every other kernel leaves an even area as it is.
        assert kernel.finds_changes or kernel.weights.sum() == pytest.approx(1)


def test_a_step_from_dark_to_bright_is_positive() -> None:
    step = np.repeat([[0, 0, 9, 9]], 4, axis=0)
    for name in ("sobel-x", "prewitt-x", "scharr-x", "vertical"):
        assert cross_correlation(step, KERNELS[name].weights).values.min() > 0
        assert not cross_correlation(step.T, KERNELS[name].weights).values.any()
    for name in ("sobel-y", "prewitt-y", "scharr-y", "horizontal"):
        assert cross_correlation(step.T, KERNELS[name].weights).values.min() > 0


@pytest.mark.parametrize("name", [name for name in KERNELS if not name.startswith("roberts")])
def test_responses_are_pillows(name: str) -> None:
    kernel = KERNELS[name]
    grey = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    # Pillow's rows run upwards.
    numbers = [number for row in kernel.rows[::-1] for number in row]
    theirs = Image.fromarray(grey).filter(ImageFilter.Kernel((3, 3), numbers, kernel.divisor))
    mine = np.clip(cross_correlation(grey, kernel.weights).values, 0, 255)
    assert np.abs(np.asarray(theirs)[1:-1, 1:-1] - mine).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("-1 0 1; -1 0 1; -1 0 1", [[-1, 0, 1]] * 3),
        ("  1,2 ;3 , 4 ", [[1, 2], [3, 4]]),
        ("1 2\n3 4\n", [[1, 2], [3, 4]]),
        ("+.5 -1e-1", [[0.5, -0.1]]),
        ("1 1; 1 1 / 4", [[0.25, 0.25], [0.25, 0.25]]),
        ("1 2/-.5", [[-2, -4]]),
        ("7", [[7]]),
    ],
)
def test_a_kernel_as_text(text: str, weights: list[list[float]]) -> None:
    assert find_kernel(text).weights.tolist() == weights
    assert "\n" not in find_kernel(text).name


def test_whole_numbers_stay_whole() -> None:
    assert find_kernel("1 2").weights.dtype == np.int64
    assert KERNELS["sobel-x"].weights.dtype == np.int64


def test_rounding_does_not_hide_that_a_kernel_is_for_edges() -> None:
    assert find_kernel("0.1 0.2 -0.3").finds_changes
    assert not find_kernel("0.1 0.2 -0.29").finds_changes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sobel", "unknown kernel 'sobel'; did you mean sobel-"),
        ("Blur", "unknown kernel 'Blur'; did you mean blur"),
        ("1 2; 3", "2, 1 numbers"),
        ("1 2;", "'' in kernel '1 2;' is no number"),
        ("", "'' in kernel '' is no number"),
        ("1 2x", "'2x'"),
        ("1 2 / 0", "divides by 0"),
        ("1 2 /", "'' in kernel '1 2 /'"),
        ("1/9 1/9", "'9 1/9'"),
        ("1 1e999", "'1e999'"),
        ("-inf 0", "'-inf'"),
        ("1\n2 3", "1, 2 numbers"),
    ],
)
def test_bad_kernels_are_named(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        find_kernel(text)
    assert message in str(caught.value)
