"""Pooling against PyTorch, the lecture's worked numbers, and windows written out in plain Python."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convsight.arithmetic import (
    FeatureMap,
    average_pool,
    global_average_pool,
    global_max_pool,
    global_sum_pool,
    lp_pool,
    max_pool,
    sum_pool,
)
from convsight.errors import UserError

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time
MAX: dict[int, Callable[..., Any]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE: dict[int, Callable[..., Any]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
LECTURE = [[255, 200, 5, 54], [28, 32, 28, 1], [150, 215, 10, 30], [200, 230, 15, 5]]


def test_the_lectures_max_pooling() -> None:
    found = max_pool(LECTURE, (2, 2))
    assert found.values.tolist() == [[255, 54], [230, 30]]
    assert found.operation == "max pooling"
    assert found.cell(0, 0).text == "max(255, 200, 28, 32) = 255"
    assert found.cell(1, 0).text == "max(150, 215, 200, 230) = 230"
    assert [term.position for term in found.cell(0, 1).terms] == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_the_other_poolings_written_out() -> None:
    assert average_pool(LECTURE, (2, 2)).cell(0, 0).text == "(255 + 200 + 28 + 32)/4 = 128.75"
    assert sum_pool(LECTURE, (2, 2)).cell(0, 0).text == "255 + 200 + 28 + 32 = 515"
    assert lp_pool([[3, -4]], (1, 2)).cell(0, 0).text == "(|3|^2 + |-4|^2)^(1/2) = 5"
    assert lp_pool([[3, -4]], (1, 2), p=1).cell(0, 0).text == "(|3|^1 + |-4|^1)^(1/1) = 7"


def test_same_gives_ceil_of_the_side_over_the_stride() -> None:
    maps = max_pool(np.zeros((16, 26, 26)), (2, 2), stride=1, padding="same")
    assert maps.values.shape == (16, 26, 26)
    assert str(maps.sides[0]) == "26 + 1 - 2 + 1 = 26"
    # All negative, so that padding with zeros would show; the odd cell is behind.
    assert max_pool([-3, -2, -1], (2,), stride=1, padding="same").values.tolist() == [-2, -1, -1]
    assert max_pool([-3.0, -2.0, -1.0], (2,), stride=1, padding="same").values.tolist() == [-2, -1, -1]


def per_axis(axes: int, low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    """One number an axis."""
    return st.lists(st.integers(low, high), min_size=axes, max_size=axes).map(tuple)


@st.composite
def poolings(draw: st.DrawFn) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """A volume and settings that PyTorch takes, in one to three dimensions."""
    axes = draw(st.integers(1, 3))
    kernel, more = draw(per_axis(axes, 1, 4)), draw(per_axis(axes, 0, 5))
    padding = tuple(draw(st.integers(0, cells // 2)) for cells in kernel)
    given_ = {
        "kernel": kernel,
        "stride": draw(per_axis(axes, 1, 4)) if draw(st.booleans()) else None,
        "padding": padding,
        "ceil_mode": draw(st.booleans()),
    }
    sides = [max(1, cells - 2 * p) + m for cells, p, m in zip(kernel, padding, more, strict=True)]
    volume = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=(2, *sides)) - 1
    return volume, given_


@UNHURRIED
@given(poolings(), st.integers(1, 3))
def test_max_pooling_is_pytorchs(pooling: tuple[np.ndarray[Any, Any], dict[str, Any]], dilation: int) -> None:
    volume, given_ = pooling
    names = ("kernel", "stride", "padding")
    try:
        expected = MAX[volume.ndim - 1](
            torch.from_numpy(volume)[None], *(given_[name] for name in names), dilation, given_["ceil_mode"]
        )[0]
    except RuntimeError:
        expected = None  # no window fits
    if expected is None or torch.isinf(expected).any():  # or one sees nothing but padding
        with pytest.raises(UserError, match=r"does not fit|nothing but padding"):
            max_pool(volume, **given_, dilation=dilation)
    else:
        assert np.array_equal(max_pool(volume, **given_, dilation=dilation).values, expected)


def pytorch_averages(volume: np.ndarray[Any, Any], kernel: tuple[int, ...]) -> bool:
    """Whether PyTorch takes the volume: in three dimensions it refuses sides shorter than the kernel, padded or not."""
    return volume.ndim < 4 or all(side >= cells for side, cells in zip(volume.shape[1:], kernel, strict=True))


@UNHURRIED
@given(poolings(), st.booleans())
def test_average_pooling_is_pytorchs(pooling: tuple[np.ndarray[Any, Any], dict[str, Any]], count_pad: bool) -> None:
    volume, given_ = pooling
    assume(pytorch_averages(volume, given_["kernel"]))
    names = ("kernel", "stride", "padding", "ceil_mode")
    expected = AVERAGE[volume.ndim - 1](torch.from_numpy(volume)[None], *(given_[name] for name in names), count_pad)
    found = average_pool(volume, **given_, count_include_pad=count_pad)
    np.testing.assert_allclose(found.values, expected[0], atol=1e-12)


@UNHURRIED
@given(poolings())
def test_sum_pooling_is_pytorchs_average_times_the_kernel(
    pooling: tuple[np.ndarray[Any, Any], dict[str, Any]],
) -> None:
    volume, given_ = pooling
    # PyTorch has the divisor in two and three dimensions only.
    assume(volume.ndim > 2 and pytorch_averages(volume, given_["kernel"]))
    names = ("kernel", "stride", "padding", "ceil_mode")
    expected = AVERAGE[volume.ndim - 1](
        torch.from_numpy(volume)[None], *(given_[name] for name in names), divisor_override=1
    )
    np.testing.assert_allclose(sum_pool(volume, **given_).values, expected[0], atol=1e-12)


@UNHURRIED
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 2, 3.5]), st.integers(0, 2**32 - 1))
def test_lp_pooling_is_pytorchs(axes: int, cells: int, stride: int, p: float, seed: int) -> None:
    volume = np.random.default_rng(seed).random((2, *[cells + 2] * axes))  # PyTorch takes no absolute value
    theirs = {1: F.lp_pool1d, 2: F.lp_pool2d, 3: F.lp_pool3d}[axes]
    expected = theirs(torch.from_numpy(volume), p, cells, stride)
    np.testing.assert_allclose(lp_pool(volume, (cells,) * axes, p=p, stride=stride).values, expected, atol=1e-12)


REDUCTIONS: dict[str, tuple[Callable[..., FeatureMap], Callable[[list[float]], float]]] = {
    "max": (max_pool, max),
    "average": (average_pool, lambda values: sum(values) / len(values)),
    "average with padding": (
        lambda *a, **k: average_pool(*a, **k, count_include_pad=True),
        lambda values: sum(values) / len(values),
    ),
    "sum": (sum_pool, sum),
    "norm": (lambda *a, **k: lp_pool(*a, **k, p=3), lambda values: sum(abs(v) ** 3 for v in values) ** (1 / 3)),
}


@UNHURRIED
@given(poolings(), st.sampled_from(sorted(REDUCTIONS)), st.integers(1, 2), st.data())
def test_the_terms_of_a_cell_make_its_value(
    pooling: tuple[np.ndarray[Any, Any], dict[str, Any]], name: str, dilation: int, data: st.DataObject
) -> None:
    volume, given_ = pooling
    pool, reduce = REDUCTIONS[name]
    try:
        found = pool(volume, **given_, dilation=dilation)
    except UserError:
        return
    position = data.draw(st.tuples(*[st.integers(0, side - 1) for side in found.values.shape]))
    cell = found.cell(*position)
    assert reduce([float(term.value) for term in cell.terms]) == pytest.approx(found.values[position])
    assert all(term.value == (volume[term.position] if term.inside else 0) for term in cell.terms)
    assert all(term.position[0] == position[0] for term in cell.terms)
    assert name == "average with padding" or all(term.inside for term in cell.terms)
    assert {"weight", "product"}.isdisjoint(cell.to_json()["terms"][0])


def test_global_pooling_is_over_all_sides() -> None:
    volume = np.random.default_rng(0).normal(size=(3, 5, 7))
    for pool, reduce in ((global_max_pool, np.max), (global_average_pool, np.mean), (global_sum_pool, np.sum)):
        found = pool(volume)
        assert found.values.shape == (3, 1, 1)
        np.testing.assert_allclose(found.values[:, 0, 0], reduce(volume, axis=(1, 2)))
        assert len(found.cell(2, 0, 0).terms) == 35


def test_sums_do_not_wrap() -> None:
    assert sum_pool([2**62, 2**62], (2,)).values.tolist() == [2.0**63]
    assert average_pool([2**62, 2**62], (2,)).values.tolist() == [2.0**62]
    assert max_pool(np.array([[0, 255], [3, 4]], np.uint8), (2, 2)).values.tolist() == [[255]]


def test_nan_is_not_hidden() -> None:
    assert math.isnan(max_pool([1.0, math.nan, 0.0], (2,), stride=1).values[0])


@pytest.mark.parametrize(
    ("shape", "settings_", "message"),
    [
        ((4, 4), {"kernel": (5, 5)}, "spans 5 cells does not fit into the 4"),
        ((4, 4), {"kernel": 2}, "the kernel 2 does not match an array of 2 axes"),
        ((4, 4), {"kernel": ()}, "the kernel () does not match"),
        ((4, 4), {"kernel": (2, 2, 2)}, "the kernel (2, 2, 2) does not match an array of 2 axes"),
        ((4, 4), {"kernel": (2, 0)}, "kernel 0 is too small"),
        ((4, 4), {"kernel": (2, 2), "stride": 0}, "stride 0"),
        ((4, 4), {"kernel": (2, 2), "stride": (1, 2, 3)}, "3 axes, but there are 2"),
        ((4, 4), {"kernel": (2, 2), "padding": 2}, "nothing but padding"),
        ((1, 1), {"kernel": (2, 2), "padding": 1, "dilation": 2}, "nothing but padding"),
    ],
)
def test_bad_input_is_named(shape: tuple[int, ...], settings_: dict[str, Any], message: str) -> None:
    for pool in (max_pool, average_pool, sum_pool, lp_pool):
        with pytest.raises(UserError) as caught:
            pool(np.ones(shape), **settings_)
        assert message in str(caught.value)


def test_bad_input_of_single_kinds() -> None:
    with pytest.raises(UserError, match="p = 0"):
        lp_pool([1, 2], (2,), p=0)
    with pytest.raises(UserError, match=r"expected \(channels, \*sides\)"):
        global_max_pool([1, 2])
