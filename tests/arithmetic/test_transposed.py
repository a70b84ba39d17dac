"""Transposed convolution against PyTorch, against the matrix that it is the transpose of, and TensorFlow's shapes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convsight.arithmetic import cross_correlation, transposed_convolution
from convsight.errors import UserError

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time
TRANSPOSED: dict[int, Callable[..., Any]] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def per_axis(axes: int, low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    """One number an axis."""
    return st.lists(st.integers(low, high), min_size=axes, max_size=axes).map(tuple)


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    """A volume, weights and settings in one to three dimensions."""
    axes = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    sides, kernel, stride = draw(per_axis(axes, 1, 4)), draw(per_axis(axes, 1, 4)), draw(per_axis(axes, 1, 3))
    dilation, padding = draw(per_axis(axes, 1, 3)), draw(per_axis(axes, 0, 2))
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    for n, s, p, d, k, e in zip(sides, stride, padding, dilation, kernel, extra, strict=True):
        assume((n - 1) * s - 2 * p + d * (k - 1) + 1 + e >= 1)
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return {
        "image": random.normal(size=(inputs * groups, *sides)),
        "kernel": random.normal(size=(inputs * groups, outputs, *kernel)),
        "bias": random.normal(size=outputs * groups) if draw(st.booleans()) else None,
        "stride": stride,
        "padding": padding,
        "output_padding": extra,
        "dilation": dilation,
        "groups": groups,
    }


@UNHURRIED
@given(layers())
def test_it_is_pytorchs(layer: dict[str, Any]) -> None:
    found = transposed_convolution(**layer)
    volume, weight = torch.from_numpy(layer["image"]), torch.from_numpy(layer["kernel"])
    bias = None if layer["bias"] is None else torch.from_numpy(layer["bias"])
    names = ("stride", "padding", "output_padding", "groups", "dilation")
    expected = TRANSPOSED[volume.ndim - 1](volume[None], weight, bias, *(layer[name] for name in names))
    np.testing.assert_allclose(found.values, expected[0], atol=1e-12)
    assert found.values.shape[1:] == tuple(side.value for side in found.sides)


@UNHURRIED
@given(layers(), st.data())
def test_the_terms_of_a_cell_make_its_value(layer: dict[str, Any], data: st.DataObject) -> None:
    found = transposed_convolution(**layer)
    position = data.draw(st.tuples(*[st.integers(0, side - 1) for side in found.values.shape]))
    cell = found.cell(*position)
    assert cell.operation == "transposed convolution"
    assert sum(term.product for term in cell.terms) + (cell.bias or 0) == pytest.approx(cell.total, abs=1e-12)
    assert [term.position for term in cell.terms] == sorted(term.position for term in cell.terms)
    for term in cell.terms:
        assert term.weight_position is not None
        assert term.weight == layer["kernel"][term.weight_position]
        assert term.value == layer["image"][term.position]


@UNHURRIED
@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["same", "valid"]))
def test_it_is_the_transpose_of_cross_correlation(n: int, cells: int, stride: int, dilation: int, padding: Any) -> None:
    # The columns of the matrix of a linear map are what it makes of the unit vectors.
    kernel = np.arange(1, cells + 1)
    rows = np.array(
        [
            transposed_convolution(unit, kernel, stride=stride, padding=padding, dilation=dilation).values
            for unit in np.eye(n)
        ]
    )
    columns = np.array(
        [
            cross_correlation(unit, kernel, stride=stride, padding=padding, dilation=dilation).values
            for unit in np.eye(rows.shape[1])
        ]
    )
    assert np.array_equal(rows, columns.T)
    if padding == "same":
        assert rows.shape[1] == n * stride


def test_padding_may_differ_at_the_two_ends() -> None:
    whole = transposed_convolution([1, 2, 3], [1, 10, 100], stride=2)
    cut = transposed_convolution([1, 2, 3], [1, 10, 100], stride=2, padding=[(1, 2)])
    assert cut.values.tolist() == whole.values[1:-2].tolist()
    assert [cut.cell(at).text for at in range(4)] == [whole.cell(at).text for at in range(1, 5)]


def test_a_cell_that_nothing_reaches() -> None:
    found = transposed_convolution([1, 2], [5], stride=3, output_padding=1)
    assert found.values.tolist() == [5, 0, 0, 10, 0]
    assert found.cell(1).text == "0 = 0"
    assert found.cell(1).terms == ()
    assert found.cell(3).text == "2*5 = 10"


def test_whole_numbers_stay_whole() -> None:
    assert transposed_convolution([200, 200], np.array([100, 100], np.uint8)).values.tolist() == [20000, 40000, 20000]


@pytest.mark.parametrize(
    ("kernel", "settings_", "message"),
    [
        ((4, 2, 3, 3), {}, "3 channels, the kernel of shape (4, 2, 3, 3) takes 4"),
        ((3, 2, 3, 3), {"groups": 2}, "2 groups do not divide 3 channels and 3 inputs"),
        ((3, 2, 3, 3), {"stride": 0}, "stride 0"),
        ((3, 2, 3, 3), {"output_padding": 1}, "output_padding 1 must be less than the stride 1 or the dilation 1"),
        ((3, 2, 3, 3), {"padding": (0, 4)}, "padding 4 + 4 leaves no cell of axis 1"),
        ((3, 2, 3, 3), {"bias": [1]}, "bias of shape (1,) does not match 2 outputs"),
        ((3, 3, 3), {"bias": [1, 2]}, "does not match 1 outputs"),
        ((3, 3), {}, "(channels, outputs / groups, *kernel)"),
    ],
)
def test_bad_input_is_named(kernel: tuple[int, ...], settings_: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        transposed_convolution(np.ones((3, 5, 5)), np.ones(kernel), **settings_)
    assert message in str(caught.value)
