"""The ONNX conformance vectors of convolution and pooling: each is run, or left out by name with its reason."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.arithmetic import (
    Padding,
    average_pool,
    cross_correlation,
    global_average_pool,
    global_max_pool,
    lp_pool,
    max_pool,
    same_padding,
    transposed_convolution,
)

Array = NDArray[Any]
Attributes = dict[str, Any]

LEFT_OUT = {
    "test_qlinearconv": "quantised",
    "test_convinteger_with_padding": "quantised",
    "test_convinteger_without_padding": "quantised",
    "test_basic_deform_conv_with_padding": "deformable convolution is another operation",
    "test_basic_deform_conv_without_padding": "deformable convolution is another operation",
    "test_deform_conv_with_mask_bias": "deformable convolution is another operation",
    "test_deform_conv_with_multiple_offset_groups": "deformable convolution is another operation",
    "test_maxunpool_export_with_output_shape": "unpooling is another operation",
    "test_maxunpool_export_without_output_shape": "unpooling is another operation",
}
# The index names them, but the folder may lack their arrays; where they are there, they are run.
MAY_BE_MISSING = {
    "test_averagepool_2d_default",
    "test_averagepool_2d_precomputed_pads",
    "test_averagepool_2d_same_lower",
    "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
    "test_averagepool_3d_dilations_small",
    "test_conv_with_strides_and_asymmetric_padding",
    "test_convtranspose_autopad_same",
    "test_convtranspose_kernel_shape",
    "test_globalmaxpool",
    "test_lppool_2d_pads",
    "test_lppool_3d_default",
    "test_maxpool_1d_default",
    "test_maxpool_2d_dilations",
    "test_maxpool_2d_precomputed_strides",
    "test_maxpool_2d_uint8",
    "test_maxpool_3d_dilations_use_ref_impl_large",
}
ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 5e-4}  # expected numbers of four digits
OPERATORS = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool"}


def padding_of(attributes: Attributes, sides: Sequence[int], kernel: Sequence[int]) -> Padding:
    """The padding that `pads` or `auto_pad` ask for; SAME_LOWER puts the odd cell in front."""
    axes = len(kernel)
    match attributes.get("auto_pad", "NOTSET"):
        case "SAME_UPPER":
            return "same"
        case "SAME_LOWER":
            steps, apart = attributes.get("strides", [1] * axes), attributes.get("dilations", [1] * axes)
            return [(after, before) for before, after in map(same_padding, sides, kernel, steps, apart)]
    pads = attributes.get("pads", [0] * 2 * axes)
    return list(zip(pads[:axes], pads[axes:], strict=True))


def convolved(attributes: Attributes, image: Array, kernel: Array, bias: Array | None = None) -> Array:
    return cross_correlation(
        image,
        kernel,
        bias=bias,
        stride=attributes.get("strides", 1),
        padding=padding_of(attributes, image.shape[1:], kernel.shape[2:]),
        dilation=attributes.get("dilations", 1),
        groups=attributes.get("group", 1),
    ).values


def spread(attributes: Attributes, image: Array, kernel: Array, bias: Array | None = None) -> Array:
    extra = attributes.get("output_padding", 0)
    if "output_shape" in attributes:
        # The vectors ask for as much as comes out, or one cell more.
        steps = attributes["strides"]
        natural = [(n - 1) * s + k for n, s, k in zip(image.shape[1:], steps, kernel.shape[2:], strict=True)]
        extra = [wanted - side for wanted, side in zip(attributes["output_shape"], natural, strict=True)]
    return transposed_convolution(
        image,
        kernel,
        bias=bias,
        stride=attributes.get("strides", 1),
        padding=padding_of(attributes, image.shape[1:], kernel.shape[2:]),
        output_padding=extra,
        dilation=attributes.get("dilations", 1),
        groups=attributes.get("group", 1),
    ).values


def pooled(operator: str, attributes: Attributes, volume: Array) -> Array:
    kernel = attributes["kernel_shape"]
    pool: Callable[..., Any] = {"MaxPool": max_pool, "AveragePool": average_pool, "LpPool": lp_pool}[operator]
    options: dict[str, Any] = {
        "stride": attributes.get("strides", 1),
        "padding": padding_of(attributes, volume.shape[-len(kernel) :], kernel),
        "dilation": attributes.get("dilations", 1),
        "ceil_mode": bool(attributes.get("ceil_mode", 0)),
    }
    if operator == "AveragePool":
        options["count_include_pad"] = bool(attributes.get("count_include_pad", 0))
    if operator == "LpPool":
        options["p"] = attributes.get("p", 2)
    values: Array = pool(volume, kernel, **options).values
    return values


def run(operator: str, attributes: Attributes, inputs: list[Array]) -> Array:
    """The output of one case, image by image."""
    images, *others = inputs
    match operator:
        case "Conv":
            maps = [convolved(attributes, image, *others) for image in images]
        case "ConvTranspose":
            maps = [spread(attributes, image, *others) for image in images]
        case "GlobalMaxPool":
            maps = [global_max_pool(image).values for image in images]
        case "GlobalAveragePool":
            maps = [global_average_pool(image).values for image in images]
        case _:
            maps = [pooled(operator, attributes, image) for image in images]
    return np.stack(maps)


def test_every_vector_of_convolution_and_pooling(
    shared_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data("onnx_node_vectors")
    cases = {case["name"]: case for case in json.loads((folder / "index.json").read_text())}
    about = {
        name for name, case in cases.items() if "Conv" in case["op"] or "Pool" in case["op"] or "pool" in case["op"]
    }
    asked = {name for name in about if cases[name]["op"] in OPERATORS}
    assert about - asked == set(LEFT_OUT)
    assert len(asked) == 68
    missing = {name for name in asked if not (folder / f"{name}.npz").exists()}
    assert missing <= MAY_BE_MISSING
    for name in asked - missing:
        case = cases[name]
        with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
            inputs, expected = [arrays[key] for key in case["inputs"]], arrays["out0"]
        found = run(case["op"], case["attributes"], inputs)
        np.testing.assert_allclose(found, expected, rtol=ROUNDED.get(name, 1e-5), atol=1e-6, err_msg=name)
    with capsys.disabled():
        counts = Counter(cases[name]["op"] for name in asked - missing)
        print(f"\nONNX vectors run: {counts.total()} of {len(asked)} {dict(counts)}")
        print(f"without arrays: {sorted(missing)}; left out: {LEFT_OUT}")
