"""Cross-correlation and convolution against PyTorch, and the lectures' worked numbers."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional as F

from convsight.arithmetic import convolution, cross_correlation, same_padding
from convsight.errors import UserError

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time
CONVOLUTIONS: dict[int, Callable[..., Any]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}

IMAGE = [
    [8, 2, 5, 3, 0, 4, 9, 1],
    [4, 5, 6, 6, 5, 3, 0, 7],
    [2, 9, 4, 4, 7, 6, 1, 9],
    [9, 7, 3, 2, 9, 9, 2, 9],
    [6, 1, 7, 0, 0, 7, 8, 7],
    [3, 2, 9, 8, 4, 8, 9, 8],
    [6, 4, 8, 9, 6, 5, 7, 4],
    [7, 6, 5, 3, 3, 4, 1, 3],
]
VERTICAL = [[-1, 0, 1]] * 3
PRINTED = [
    [-1, 3, 3, 0, 2, -4],
    [2, 9, -8, -6, 18, -7],
    [3, 11, -2, -16, 5, -3],
    [-1, 0, 6, -14, -6, 0],
    [-9, -10, 14, -3, -14, 1],
    [-6, -8, 9, 3, -4, 2],
]


def test_the_lectures_printed_result_is_the_true_convolution() -> None:
    found = convolution(IMAGE, VERTICAL)
    assert found.values.tolist() == PRINTED
    assert found.operation == "convolution (kernel flipped)"
    assert [str(side) for side in found.sides] == ["8 - 3 + 1 = 6"] * 2
    cell = found.cell(0, 0)
    assert cell.operation == found.operation
    assert cell.text == "8*1 + 2*0 + 5*-1 + 4*1 + 5*0 + 6*-1 + 2*1 + 9*0 + 4*-1 = -1"


def test_the_lectures_written_sums_are_the_cross_correlation() -> None:
    found = cross_correlation(IMAGE, VERTICAL)
    assert found.values.tolist() == (-np.array(PRINTED)).tolist()
    assert found.operation == "cross-correlation"
    # The three sums that stand on the slides beside the result.
    assert found.cell(0, 0).text == "8*-1 + 2*0 + 5*1 + 4*-1 + 5*0 + 6*1 + 2*-1 + 9*0 + 4*1 = 1"
    assert found.cell(0, 1).text == "2*-1 + 5*0 + 3*1 + 5*-1 + 6*0 + 6*1 + 9*-1 + 4*0 + 4*1 = -3"
    assert found.cell(0, 2).text == "5*-1 + 3*0 + 0*1 + 6*-1 + 6*0 + 5*1 + 4*-1 + 4*0 + 7*1 = -3"


def test_the_other_lectures_example() -> None:
    image = [[int(cell) for cell in row] for row in ("11100", "01110", "00111", "00110", "01100")]
    kernel = [[int(cell) for cell in row] for row in ("101", "010", "101")]
    # The kernel looks the same flipped, so that both operations agree.
    for operation in (cross_correlation, convolution):
        assert operation(image, kernel).values.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def per_axis(axes: int, low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    """One number an axis."""
    return st.lists(st.integers(low, high), min_size=axes, max_size=axes).map(tuple)


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    """A volume, weights that fit it, and settings, in one to three dimensions."""
    axes = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    kernel, stride = draw(per_axis(axes, 1, 4)), draw(per_axis(axes, 1, 3))
    dilation, padding, more = draw(per_axis(axes, 1, 3)), draw(per_axis(axes, 0, 2)), draw(per_axis(axes, 0, 4))
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    sides = [max(1, span - 2 * p) + m for span, p, m in zip(spans, padding, more, strict=True)]
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return {
        "image": random.normal(size=(inputs * groups, *sides)),
        "kernel": random.normal(size=(outputs * groups, inputs, *kernel)),
        "bias": random.normal(size=outputs * groups) if draw(st.booleans()) else None,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
    }


@UNHURRIED
@given(layers())
def test_cross_correlation_is_pytorchs_convolution(layer: dict[str, Any]) -> None:
    found = cross_correlation(**layer)
    np.testing.assert_allclose(found.values, by_pytorch(layer), atol=1e-12)
    assert found.values.shape[1:] == tuple(side.value for side in found.sides)


@UNHURRIED
@given(layers())
def test_convolution_is_pytorchs_with_the_kernel_flipped(layer: dict[str, Any]) -> None:
    found = convolution(**layer)
    flipped = np.flip(layer["kernel"], range(2, layer["kernel"].ndim)).copy()  # type: ignore[call-overload]
    np.testing.assert_allclose(found.values, by_pytorch(layer | {"kernel": flipped}), atol=1e-12)


@UNHURRIED
@given(layers(), st.booleans(), st.data())
def test_the_terms_of_a_cell_make_its_value(layer: dict[str, Any], flip: bool, data: st.DataObject) -> None:
    found = convolution(**layer) if flip else cross_correlation(**layer)
    position = data.draw(st.tuples(*[st.integers(0, side - 1) for side in found.values.shape]))
    cell = found.cell(*position)
    assert cell.total == found.values[position]
    assert sum(term.product for term in cell.terms) + (cell.bias or 0) == pytest.approx(cell.total)
    assert len(cell.terms) == layer["kernel"][0].size
    for term in cell.terms:
        assert term.weight_position is not None
        assert term.weight == layer["kernel"][term.weight_position]
        assert term.value == (layer["image"][term.position] if term.inside else 0)


@UNHURRIED
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_same_is_tensorflows_padding(axes: int, cells: int, stride: int, dilation: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sides = random.integers(1, 9, axes).tolist()
    image, kernel = random.normal(size=(2, *sides)), random.normal(size=(3, 2, *[cells] * axes))
    found = cross_correlation(image, kernel, padding="same", stride=stride, dilation=dilation)
    assert found.values.shape[1:] == tuple(-(-side // stride) for side in sides)
    # PyTorch has "same" for stride 1 alone, so that its image is padded beforehand; F.pad names the last axis first.
    pads = [end for side in reversed(sides) for end in same_padding(side, cells, stride, dilation)]
    padded = F.pad(torch.from_numpy(image)[None], pads)
    expected = CONVOLUTIONS[axes](padded, torch.from_numpy(kernel), stride=stride, dilation=dilation)
    np.testing.assert_allclose(found.values, expected[0], atol=1e-12)


def test_single_arrays_are_volumes_of_one_channel() -> None:
    for axes in (1, 2, 3):
        image = np.random.default_rng(axes).integers(0, 256, (5, 6, 7)[:axes], dtype=np.uint8)
        kernel = np.random.default_rng(axes).integers(-9, 9, (2, 3, 2)[:axes])
        alone = cross_correlation(image, kernel, bias=5, padding=1, stride=2)
        volume = cross_correlation(image[None], kernel[None, None], bias=[5], padding=1, stride=2)
        assert alone.values.dtype == np.int64
        assert np.array_equal(alone.values, volume.values[0])
        position = (1,) * axes
        assert alone.cell(*position).text == volume.cell(0, *position).text
        for mine, theirs in zip(alone.cell(*position).terms, volume.cell(0, *position).terms, strict=True):
            assert (0, *mine.position) == theirs.position
            assert (0, 0, *(mine.weight_position or ())) == theirs.weight_position


def test_padding_may_differ_at_the_two_ends() -> None:
    found = cross_correlation([1, 2, 3], [1, 10], padding=[(0, 1)])
    assert found.values.tolist() == [21, 32, 3]
    assert found.cell(2).text == "3*1 + 0*10 = 3"
    assert [term.inside for term in found.cell(2).terms] == [True, False]
    assert found.cell(2).terms[1].position == (3,)
    assert cross_correlation([1, 2, 3], [1, 10], padding=[(1, 0)]).cell(0).terms[0].position == (-1,)


def test_whole_numbers_stay_whole_and_do_not_wrap() -> None:
    found = cross_correlation(np.full((3, 3), 255, np.uint8), np.full((3, 3), -128, np.int8))
    assert found.values.tolist() == [[-128 * 255 * 9]]


def test_what_does_not_fit_int64_becomes_float64() -> None:
    found = cross_correlation([2**40, 2**40], [2**30, 2**30])
    assert found.values.dtype == np.float64
    assert found.values.tolist() == [2.0**71]
    assert cross_correlation(np.array([2**64 - 1], np.uint64), [1]).values.tolist() == [2.0**64]
    assert cross_correlation([2**40], [2**10]).values.tolist() == [2**50]


def test_the_bias_is_shown() -> None:
    cell = cross_correlation([[1, 2]], [[[3]]], bias=[0.5]).cell(0, 1)
    assert cell.text == "2*3 + 0.5 (bias) = 6.5"
    assert cell.to_json()["bias"] == 0.5


def test_a_dilated_kernel_by_its_definition() -> None:
    image, kernel = np.arange(49).reshape(7, 7), np.arange(9).reshape(3, 3)
    found = cross_correlation(image, kernel, dilation=(2, 3)).values
    for row, column in product(range(3), range(1)):
        expected = sum(image[row + 2 * i, column + 3 * j] * kernel[i, j] for i in range(3) for j in range(3))
        assert found[row, column] == expected


@pytest.mark.parametrize(
    ("image", "kernel", "settings_", "message"),
    [
        ((5, 5), (7, 7), {}, "spans 7 cells does not fit into the 5 + 0 + 0 cells of axis 0"),
        ((5, 9), (3, 3), {"dilation": 3}, "spans 7 cells does not fit into the 5"),
        ((5, 5), (3, 3), {"stride": 0}, "stride 0 is too small; use 1 or more"),
        ((5, 5), (3, 3), {"stride": (1, -2)}, "stride -2"),
        ((5, 5), (3, 3), {"stride": (1, 1, 1)}, "3 axes, but there are 2"),
        ((5, 5), (3, 3), {"stride": 1.5}, "1.5 is no whole number"),
        ((5, 5), (3, 3), {"dilation": 0}, "dilation 0"),
        ((5, 5), (3, 3), {"padding": -1}, "padding -1"),
        ((5, 5), (3, 3), {"padding": (1,)}, "1 axes, but there are 2"),
        ((5, 5), (3, 3), {"padding": [(1, 2, 3), 1]}, "3 numbers"),
        ((5, 5), (3, 3), {"padding": "full"}, "unknown padding 'full'"),
        ((5, 5), (3,), {}, "2 axes and a kernel of 1"),
        ((5,), (2, 1), {}, "1 axes and a kernel of 2"),
        ((3, 5, 5), (4, 2, 3, 3), {}, "3 channels, the kernel of shape (4, 2, 3, 3) takes 2"),
        ((4, 5, 5), (4, 4, 3, 3), {"groups": 2}, "takes 8 (4 in each of 2 groups)"),
        ((3, 5, 5), (4, 1, 3, 3), {"groups": 2}, "2 groups do not divide 3 channels"),
        ((4, 5, 5), (3, 2, 3, 3), {"groups": 2}, "2 groups do not divide 4 channels and 3 outputs"),
        ((4, 5, 5), (3, 2, 3, 3), {"groups": 0}, "groups 0 is too small"),
        ((2, 5, 5), (4, 2, 3, 3), {"bias": [[1], [2, 3]]}, "the bias is no array"),
        ((2, 5, 5), (4, 2, 3, 3), {"bias": [1, 2]}, "bias of shape (2,) does not match 4 outputs"),
        ((0, 5), (1, 1), {}, "shape (0, 5)"),
    ],
)
def test_bad_input_is_named(
    image: tuple[int, ...], kernel: tuple[int, ...], settings_: dict[str, Any], message: str
) -> None:
    for operation in (cross_correlation, convolution):
        with pytest.raises(UserError) as caught:
            operation(np.ones(image), np.ones(kernel), **settings_)
        assert message in str(caught.value)


@pytest.mark.parametrize(("image", "message"), [([[1, 2], [3]], "same length"), (["a", "b"], "expected numbers")])
def test_what_holds_no_numbers_is_refused(image: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        cross_correlation(image, [[1]])


@pytest.mark.parametrize("position", [(6, 0), (0, -1), (0,), (0, 0, 0)])
def test_a_cell_outside_is_refused(position: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"no cell .* in a result of 6 x 6; they run from \(0, 0\) to \(5, 5\)"):
        cross_correlation(IMAGE, VERTICAL).cell(*position)


def by_pytorch(layer: dict[str, Any]) -> NDArray[np.float64]:
    volume, weight = torch.from_numpy(layer["image"]), torch.from_numpy(layer["kernel"])
    bias = None if layer["bias"] is None else torch.from_numpy(layer["bias"])
    stride, padding, dilation, groups = (layer[name] for name in ("stride", "padding", "dilation", "groups"))
    out = CONVOLUTIONS[volume.ndim - 1](volume[None], weight, bias, stride, padding, dilation, groups)
    array: NDArray[np.float64] = out[0].numpy()
    return array
