"""Sides and paddings against PyTorch, the ONNX conformance vectors, TensorFlow's definition and counting."""

import json
import warnings
from collections.abc import Callable
from math import ceil, floor
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from convsight.arithmetic import Window, same_padding, smallest_side, transposed_side, window_side

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time

sides = st.integers(1, 40)
kernels = st.integers(1, 7)
strides = st.integers(1, 7)
dilations = st.integers(1, 4)


@UNHURRIED
@given(sides, kernels, strides, st.integers(0, 6), dilations)
def test_a_convolution_has_pytorchs_side(n: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    window = Window(kernel, stride, padding, padding, dilation)
    found = window_side(n, window).value
    if n + 2 * padding < window.span:
        assert found < 1
    else:
        out = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, kernel), None, stride, padding, dilation)
        assert found == out.shape[-1]


@UNHURRIED
@given(sides, kernels, strides, st.data(), dilations, st.booleans())
def test_a_pooling_has_pytorchs_side(
    n: int, kernel: int, stride: int, data: st.DataObject, dilation: int, ceil_mode: bool
) -> None:
    padding = data.draw(st.integers(0, kernel // 2))  # PyTorch takes no more
    found = window_side(n, Window(kernel, stride, padding, padding, dilation, ceil_mode)).value
    try:
        out = F.max_pool1d(torch.zeros(1, 1, n), kernel, stride, padding, dilation, ceil_mode)
    except RuntimeError:  # no window fits
        assert found < 1
    else:
        assert found == out.shape[-1]


@UNHURRIED
@given(sides, kernels, strides, st.integers(0, 6), dilations, st.integers(0, 3))
def test_a_transposed_convolution_has_pytorchs_side(
    n: int, kernel: int, stride: int, padding: int, dilation: int, extra: int
) -> None:
    assume(extra < max(stride, dilation))
    found = transposed_side(n, Window(kernel, stride, padding, padding, dilation), extra).value
    assume(found >= 1)
    weight = torch.zeros(1, 1, kernel)
    out = F.conv_transpose1d(torch.zeros(1, 1, n), weight, None, stride, padding, extra, 1, dilation)
    assert found == out.shape[-1]


@UNHURRIED
@given(sides, kernels, strides, st.tuples(st.integers(0, 4), st.integers(0, 4)), dilations, st.booleans())
def test_a_formula_has_the_value_it_claims(
    n: int, kernel: int, stride: int, ends: tuple[int, int], dilation: int, round_up: bool
) -> None:
    names = {"floor": floor, "ceil": ceil}
    window = Window(kernel, stride, *ends, dilation, round_up)
    for worked in (window_side(n, window), transposed_side(n, window, output_padding=1)):
        assert eval(worked.formula.partition(" (the last")[0], names) == worked.value


@pytest.mark.parametrize(
    ("n", "window", "text"),
    [
        (256, Window(5, stride=2), "floor((256 - 5)/2) + 1 = 126"),  # a slide prints 125
        (28, Window(3), "28 - 3 + 1 = 26"),
        (224, Window(3, 1, 1, 1), "224 + 2*1 - 3 + 1 = 224"),
        (6, Window(3, 2, 0, 1), "floor((6 + 1 - 3)/2) + 1 = 3"),
        (32, Window(5, 1, dilation=2), "32 - (2*(5 - 1) + 1) + 1 = 24"),
        (4, Window(3, 2, round_up=True), "ceil((4 - 3)/2) + 1 = 2"),
        (2, Window(1, 2, round_up=True), "ceil((2 - 1)/2) + 1 - 1 (the last window would lie in the padding) = 1"),
    ],
)
def test_worked_sides(n: int, window: Window, text: str) -> None:
    assert str(window_side(n, window)) == text


def test_a_large_number_has_separators() -> None:
    assert str(window_side(1_000_000, Window(1))) == "1000000 - 1 + 1 = 1,000,000"


@UNHURRIED
@given(sides, kernels, strides, dilations)
def test_same_padding_is_tensorflows(n: int, kernel: int, stride: int, dilation: int) -> None:
    # The formula as the documentation of tf.nn words it, by the remainder, with the kernel's dilated span.
    span = (kernel - 1) * dilation + 1
    remainder = n % stride
    total = max(span - (stride if remainder == 0 else remainder), 0)
    before, after = same_padding(n, kernel, stride, dilation)
    assert (before, after) == (total // 2, total - total // 2)
    assert window_side(n, Window(kernel, stride, before, after, dilation)).value == -(-n // stride)


@UNHURRIED
@given(sides, kernels, dilations)
def test_same_padding_is_pytorchs_for_stride_one(n: int, kernel: int, dilation: int) -> None:
    # Distinct weights on a single 1 in the image show how far the kernel was moved.
    image = torch.zeros(1, 1, n)
    image[0, 0, n // 2] = 1
    weight = torch.arange(1.0, kernel + 1)[None, None]
    with warnings.catch_warnings(action="ignore"):  # it may copy an even kernel's image
        expected = F.conv1d(image, weight, padding="same", dilation=dilation)
    padded = F.pad(image, same_padding(n, kernel, 1, dilation))
    assert torch.equal(F.conv1d(padded, weight, dilation=dilation), expected)


def test_same_padding_on_onnx_vectors(shared_data: Callable[[str], Path]) -> None:
    checked = 0
    for case in json.loads((shared_data("onnx_node_vectors") / "index.json").read_text()):
        attributes = case["attributes"]
        if case["op"] not in {"MaxPool", "AveragePool", "LpPool"} or attributes.get("auto_pad") != "SAME_UPPER":
            continue
        shape, out = case["inputs"]["in0"][0][2:], case["outputs"]["out0"][0][2:]
        steps = attributes.get("strides", [1] * len(shape))
        for n, kernel, stride, wanted in zip(shape, attributes["kernel_shape"], steps, out, strict=True):
            assert window_side(n, Window(kernel, stride, *same_padding(n, kernel, stride))).value == wanted
        checked += 1
    assert checked == 5


@UNHURRIED
@given(kernels, strides, st.tuples(st.integers(0, 4), st.integers(0, 4)), dilations, st.booleans(), st.integers(1, 6))
def test_smallest_side_is_the_first_that_leaves_enough(
    kernel: int, stride: int, ends: tuple[int, int], dilation: int, round_up: bool, wanted: int
) -> None:
    window = Window(kernel, stride, *ends, dilation, round_up)
    counted = next(n for n in range(1, 200) if window_side(n, window).value >= wanted)
    assert smallest_side(window, wanted) == counted
