"""What an operation of PyTorch costs.

Multiply-adds are those of convolutions and matrix products: half of the FLOPs that `torch.utils.flop_counter` gives.
Everything else, which most counters leave out, is counted apart as other operations: one for each addition,
comparison, multiplication or function value (so a batch normalisation in use costs two a value, a maximum over 2x2
cells three).
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from convsight.nets.dry_run.operation_windows import windows_of

aten = torch.ops.aten


def multiply_adds(packet: Any, args: Sequence[Any], out: Any) -> tuple[int, str]:
    """Multiply-adds of one operation, and the formula that gives them; (0, "") for others."""
    count = _MULTIPLY_ADDS.get(packet)
    return count(args, out) if count else (0, "")


def other_operations(packet: Any, args: Sequence[Any], out: Any) -> int:
    """Operations that are no multiply-adds: biases, sums, comparisons, function values."""
    result = out[0] if isinstance(out, tuple | list) else out
    if not isinstance(result, Tensor):
        return 0
    if packet in _REDUCING:
        return int(args[0].numel())
    return result.numel() * _operations_a_value(packet, args, result.ndim - 2)


def _operations_a_value(packet: Any, args: Sequence[Any], axes: int) -> int:
    """Other operations for each value that comes out of a map of so many spatial axes."""
    if packet == aten.convolution:
        return int(args[2] is not None)  # the bias
    if windows := windows_of(packet, args):
        cells = prod(window.kernel for window in windows.over)
        return cells - 1 if "max" in str(packet) else cells
    if packet in RESAMPLING:  # a weighted sum over the neighbours, none for a copy
        neighbours: int = RESAMPLING[packet] ** axes
        return 2 * neighbours - 1 if neighbours > 1 else 0
    # What is neither known nor only moves values computes something: it is counted rather than left out.
    return _PER_VALUE.get(packet, 0 if packet in _MOVES else 1)


def is_elementwise(packet: Any) -> bool:
    """Whether the operation makes each value from the values at its own place alone."""
    return packet in _PER_VALUE and packet not in _MULTIPLY_ADDS


def _of_convolution(args: Sequence[Any], out: Tensor) -> tuple[int, str]:
    images, weight, transposed = args[0], args[1], args[6]
    # A convolution multiplies a kernel for every value that comes out, a transposed one for every value that goes in.
    values = images if transposed else out
    kernel = "*".join(str(n) for n in weight.shape[2:])
    # weight: (out, in / groups, *kernel), of a transposed convolution (in, out / groups, *kernel)
    a_value = prod(weight.shape[1:])
    formula = f"{_volume(values)} * {kernel}*{weight.shape[1]}"
    return values.numel() * a_value, formula


def _of_product(left: Tensor, right: Tensor) -> tuple[int, str]:
    *batch, rows, inner = left.shape
    columns = right.shape[-1]
    shape = (*batch, rows, inner, columns)
    return prod(shape), "*".join(str(n) for n in shape if n > 1) or "1"


def _of_attention(args: Sequence[Any], _: Any) -> tuple[int, str]:
    query, key, value = args[:3]
    *batch, queries, width = query.shape
    keys, out = key.shape[-2], value.shape[-1]
    heads = "*".join(str(n) for n in batch)
    return prod(batch) * queries * keys * (width + out), f"{heads} * {queries}*{keys}*({width} + {out})"


_MULTIPLY_ADDS: dict[Any, Callable[[Sequence[Any], Any], tuple[int, str]]] = {
    aten.convolution: _of_convolution,
    aten.mm: lambda args, _: _of_product(args[0], args[1]),
    aten.bmm: lambda args, _: _of_product(args[0], args[1]),
    aten.addmm: lambda args, _: _of_product(args[1], args[2]),
    aten.baddbmm: lambda args, _: _of_product(args[1], args[2]),
    aten._scaled_dot_product_flash_attention: _of_attention,
    aten._scaled_dot_product_efficient_attention: _of_attention,
    aten._scaled_dot_product_cudnn_attention: _of_attention,
    aten._scaled_dot_product_flash_attention_for_cpu: _of_attention,
    aten._scaled_dot_product_fused_attention_overrideable: _of_attention,
}

# Operations that put values elsewhere and compute none.
_MOVES = {
    aten.cat, aten.stack, aten.clone, aten.copy, aten.copy_, aten.detach, aten.alias, aten.lift_fresh, aten.view,
    aten._unsafe_view, aten.reshape, aten._reshape_alias, aten.expand, aten.permute, aten.transpose, aten.t,
    aten.squeeze, aten.unsqueeze, aten.slice, aten.select, aten.split, aten.split_with_sizes, aten.unbind,
    aten.as_strided, aten.as_strided_, aten.index, aten.index_select, aten.gather, aten.embedding, aten.roll,
    aten.flip, aten.repeat, aten.unfold, aten.im2col, aten.col2im, aten.constant_pad_nd, aten.reflection_pad1d,
    aten.reflection_pad2d, aten.reflection_pad3d, aten.replication_pad1d, aten.replication_pad2d,
    aten.replication_pad3d, aten.pixel_shuffle, aten.pixel_unshuffle, aten.channel_shuffle, aten.empty,
    aten.empty_like, aten.empty_strided, aten.new_empty, aten.zeros, aten.zeros_like, aten.new_zeros, aten.ones,
    aten.ones_like, aten.new_ones, aten.full, aten.full_like, aten.new_full, aten.fill, aten.fill_, aten.zero_,
    aten.arange, aten.scalar_tensor, aten._to_copy, aten.mm, aten.bmm, aten.native_dropout, aten.bernoulli,
    aten.bernoulli_,
}  # fmt: skip

_REDUCING = (aten.mean, aten.sum, aten.amax, aten.max, aten.linalg_vector_norm)

# Neighbours along an axis that a resampled value is made from.
RESAMPLING: dict[Any, int] = {
    **dict.fromkeys((aten.upsample_nearest1d, aten.upsample_nearest2d, aten.upsample_nearest3d), 1),
    **dict.fromkeys((aten._upsample_nearest_exact1d, aten._upsample_nearest_exact2d), 1),
    **dict.fromkeys((aten.upsample_linear1d, aten.upsample_bilinear2d, aten.upsample_trilinear3d), 2),
    aten.upsample_bicubic2d: 4,
}

# Operations a value; scale and shift of a normalisation in use are two, computing its mean and variance three more.
_PER_VALUE = {
    **dict.fromkeys(
        [
            aten.relu, aten.relu_, aten.hardtanh, aten.hardtanh_, aten.hardsigmoid, aten.hardsigmoid_, aten.sigmoid,
            aten.sigmoid_, aten.tanh, aten.tanh_, aten.silu, aten.silu_, aten.gelu, aten.gelu_, aten.hardswish,
            aten.hardswish_, aten.leaky_relu, aten.leaky_relu_, aten.elu, aten.elu_, aten.mish, aten.mish_,
            aten.softplus, aten.clamp, aten.clamp_, aten.clamp_min, aten.clamp_max, aten.exp, aten.log, aten.sqrt,
            aten.rsqrt, aten.reciprocal, aten.abs, aten.neg, aten.pow, aten.erf, aten._prelu_kernel,
            aten.add, aten.add_, aten.sub, aten.sub_, aten.mul, aten.mul_, aten.div, aten.div_, aten.maximum,
            aten.minimum, aten.where, aten.masked_fill, aten.masked_fill_,
        ],
        1,
    ),
    aten.addmm: 1,  # the bias
    aten.baddbmm: 1,
    aten.addcmul: 2,
    aten.native_batch_norm: 2,
    aten._native_batch_norm_legit: 2,
    aten._native_batch_norm_legit_no_training: 2,
    aten.native_layer_norm: 5,
    aten.native_group_norm: 5,
    aten._softmax: 3,
    aten._safe_softmax: 3,
    aten._log_softmax: 3,
}  # fmt: skip


def _volume(tensor: Tensor) -> str:
    """Sides and channels of a (batch, channels, *sides) tensor, and the batch where there is more than one image."""
    batch, channels, *sides = tensor.shape
    return "*".join(str(n) for n in ([batch] if batch > 1 else []) + [*sides, channels])
