"""Padding and pooling against definitions written out in plain Python, and the ONNX conformance vectors."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convsight.nets.padding import MaxPoolSame, same_padding, valid_size

UNHURRIED = settings(deadline=None)  # on a busy machine an example may take any time

_sizes = st.integers(1, 40)
_kernels = st.integers(1, 7)
_strides = st.integers(1, 7)


@UNHURRIED
@given(_sizes, _kernels, _strides)
def test_valid_size_counts_windows(size: int, kernel: int, stride: int) -> None:
    windows = [start for start in range(0, size, stride) if start + kernel <= size]
    if windows:
        assert valid_size(size, kernel, stride) == len(windows)
    else:
        with pytest.raises(ValueError, match="does not fit"):
            valid_size(size, kernel, stride)


@UNHURRIED
@given(_sizes, _kernels, _strides)
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int) -> None:
    assert same_padding(size, kernel, stride) == _tensorflow_padding(size, kernel, stride)


@UNHURRIED
@given(_sizes, _kernels, _strides)
def test_same_padding_gives_ceil_of_size_over_stride(size: int, kernel: int, stride: int) -> None:
    before, after = same_padding(size, kernel, stride)
    assert valid_size(before + size + after, kernel, stride) == math.ceil(size / stride)


@UNHURRIED
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_max_pool_same_is_its_definition(height: int, width: int, kernel: int, stride: int, seed: int) -> None:
    # All negative, so that padding with zeros would show.
    maps = -1 - np.random.default_rng(seed).random((2, 2, height, width), dtype=np.float32)
    found = MaxPoolSame(kernel, stride)(torch.from_numpy(maps))
    assert found.tolist() == [[_pooled(plane.tolist(), kernel, stride) for plane in picture] for picture in maps]


def test_odd_padding_goes_below_and_right() -> None:
    picture = torch.arange(9.0).view(1, 1, 3, 3)
    assert MaxPoolSame(kernel=2, stride=1)(picture).tolist() == [[[[4, 5, 5], [7, 8, 8], [7, 8, 8]]]]


def test_max_pool_same_keeps_the_memory_format() -> None:
    maps = torch.randn(2, 16, 9, 9).to(memory_format=torch.channels_last)
    assert MaxPoolSame(kernel=2, stride=1)(maps).is_contiguous(memory_format=torch.channels_last)


def test_max_pool_same_gives_gradient_to_each_maximum_alone() -> None:
    picture = torch.arange(9.0).view(1, 1, 3, 3).requires_grad_()
    MaxPoolSame(kernel=2, stride=1)(picture).sum().backward()
    assert picture.grad is not None
    assert picture.grad.tolist() == [[[[0, 0, 0], [0, 1, 2], [0, 2, 4]]]]


def test_onnx_vectors(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("onnx_node_vectors")
    cases = [
        case
        for case in json.loads((folder / "index.json").read_text())
        if case["op"] == "MaxPool" and case["attributes"].get("auto_pad") == "SAME_UPPER"
    ]
    assert len(cases) == 2
    for case in cases:
        kernel, stride = case["attributes"]["kernel_shape"][0], case["attributes"].get("strides", [1])[0]
        with np.load(folder / f"{case['name']}.npz", allow_pickle=False) as arrays:
            expected = torch.from_numpy(arrays["out0"])
            assert torch.equal(MaxPoolSame(kernel, stride)(torch.from_numpy(arrays["in0"])), expected), case["name"]


def _tensorflow_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """The formula as TensorFlow's documentation of `tf.nn` words it, by the remainder."""
    remainder = size % stride
    total = max(kernel - (stride if remainder == 0 else remainder), 0)
    return total // 2, total - total // 2


def _pooled(plane: list[list[float]], kernel: int, stride: int) -> list[list[float]]:
    """Each output is the maximum over those pixels of its window that lie inside the plane."""
    rows, columns = (_windows(size, kernel, stride) for size in (len(plane), len(plane[0])))
    return [[max(plane[y][x] for y in ys for x in xs) for xs in columns] for ys in rows]


def _windows(size: int, kernel: int, stride: int) -> list[range]:
    before, _ = _tensorflow_padding(size, kernel, stride)
    starts = [n * stride - before for n in range(math.ceil(size / stride))]
    return [range(max(start, 0), min(start + kernel, size)) for start in starts]
