"""Depthwise convolutions that train in bfloat16 on processors, where two of their gradients fall back to slow kernels.

oneDNN (of PyTorch 2.15) has fast kernels for a depthwise convolution in bfloat16, channels last, but for two gradients:

- that of the input where the stride is not 1: computed here in float32, from the same bfloat16 values;
- that of the weights where the kernel is larger than 3 x 3: computed here by blocks of 3 x 3 taps, each of which is the
  gradient of a convolution of 3 x 3 on shifted maps, which is fast.

On two Zen 4 cores the first takes 22 ms for 32 x 72 maps of 32 px, in float32 0.6; the second takes 27 ms for 16 x 480
maps of 14 px, in float32 7.7, by blocks 2.2.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, TypeVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_BLOCK = 3  # the side of the largest kernel whose gradient is fast

Module = TypeVar("Module", bound=nn.Module)


def is_depthwise(layer: nn.Module) -> bool:
    """Whether `layer` convolves each channel for itself.

    >>> is_depthwise(nn.Conv2d(8, 8, 3, groups=8)), is_depthwise(nn.Conv2d(8, 8, 3))
    (True, False)
    """
    return isinstance(layer, nn.modules.conv._ConvNd) and layer.groups == layer.in_channels > 1


def with_fast_depthwise(module: Module) -> Module:
    """`module`, changed so that its depthwise convolutions of images train as fast in bfloat16 as their kernels allow.

    Weights, names and what is computed stay; a copy of the network is changed like it. Layers of classes that are not
    known here stay as they are.
    """
    for layer in module.modules():
        if not is_depthwise(layer):
            continue
        if type(layer) is nn.Conv2d and isinstance(layer.padding, tuple) and layer.padding_mode == "zeros":
            layer.__class__ = DepthwiseConv2d  # its weights stay those that optimizers and averages hold
        elif _is_same_padded(layer):
            layer.__class__ = SamePaddedDepthwiseConv2d
    return module


def slow_in_bfloat16(module: nn.Module) -> bool:
    """Whether `module` has depthwise convolutions that `with_fast_depthwise` does not know."""
    known = (DepthwiseConv2d, SamePaddedDepthwiseConv2d)
    return any(is_depthwise(layer) and not isinstance(layer, known) for layer in module.modules())


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise `nn.Conv2d` whose slow gradients are computed in float32 where it runs in bfloat16."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the class above
        if not _is_slow_on(input.device) or not torch.is_grad_enabled():
            return super().forward(input)
        assert not isinstance(self.padding, str)  # as `with_fast_depthwise` sees to
        how = _How(self.stride, self.padding, self.dilation, self.groups)
        convolved: Tensor = _Depthwise.apply(*_cast(input, self.weight, self.bias), how)
        return convolved


@final
class SamePaddedDepthwiseConv2d(DepthwiseConv2d):
    """timm's `Conv2dSame`, which pads as TensorFlow does: by what the size of the image needs."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        height, width = (self._missing(axis, input.shape[2 + axis]) for axis in (0, 1))
        around = [width // 2, width - width // 2, height // 2, height - height // 2]
        return super().forward(F.pad(input, around) if height or width else input)

    def _missing(self, axis: int, side: int) -> int:
        """How many pixels `side` lacks for a result of side / stride, rounded up."""
        stride, seen = self.stride[axis], self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        return max(0, (math.ceil(side / stride) - 1) * stride + seen - side)


def _is_slow_on(device: torch.device) -> bool:
    """Whether convolutions run in another format there, by oneDNN: GPUs have kernels of their own for all gradients."""
    return device.type == "cpu" and torch.is_autocast_enabled("cpu")


def _is_same_padded(layer: nn.Module) -> bool:
    return type(layer).__module__.startswith("timm.") and type(layer).__name__ == "Conv2dSame"


def _cast(*tensors: Tensor | None) -> list[Tensor | None]:
    """What autocast would make of the operands of a convolution."""
    return [None if tensor is None else tensor.to(torch.get_autocast_dtype(tensor.device.type)) for tensor in tensors]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, how: "_How") -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.how, ctx.has_bias = how, bias is not None
        return F.conv2d(images, weight, bias, how.stride, how.padding, how.dilation, how.groups)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        images, weight = ctx.saved_tensors
        how: _How = ctx.how
        of_images, of_weight, of_bias = None, None, None
        if ctx.needs_input_grad[0]:
            of_images = _gradients(gradient, images, weight, how, of_images=True)
        if ctx.needs_input_grad[1]:
            by_blocks = max(weight.shape[2:]) > _BLOCK and how.dilation == (1, 1)
            of_weight = (
                _by_blocks(gradient, images, weight, how)
                if by_blocks
                else _gradients(gradient, images, weight, how, of_images=False)
            )
        if ctx.has_bias and ctx.needs_input_grad[2]:
            of_bias = gradient.sum((0, 2, 3))
        return of_images, of_weight, of_bias, None


@dataclass(frozen=True)
class _How:
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


def _gradients(gradient: Tensor, images: Tensor, weight: Tensor, how: _How, of_images: bool) -> Tensor:
    """The gradient of the convolution's input, or of its weights; in float32 where bfloat16 is slow, or wrong.

    Wrong: of the weights, where a map has fewer rows or columns than the stride, parts of it are left unwritten.
    """
    is_slow = of_images and max(how.stride) > 1
    is_wrong = not of_images and any(side < step for side, step in zip(images.shape[2:], how.stride, strict=True))
    operands = (gradient, images, weight)
    if is_slow or is_wrong:
        operands = (gradient.float(), images.float(), weight.float())
    found = torch.ops.aten.convolution_backward(
        *operands,
        None,
        how.stride,
        how.padding,
        how.dilation,
        False,
        [0, 0],
        how.groups,
        [of_images, not of_images, False],
    )
    chosen: Tensor = found[0 if of_images else 1]
    return chosen.to(weight.dtype)


def _by_blocks(gradient: Tensor, images: Tensor, weight: Tensor, how: _How) -> Tensor:
    """The gradient of the weights, a block of taps after the other."""
    height, width = gradient.shape[2:]
    padded = F.pad(images, [how.padding[1]] * 2 + [how.padding[0]] * 2)
    inside = replace(how, padding=(0, 0))
    found = torch.empty_like(weight)
    for rows in _blocks(weight.shape[2]):
        for columns in _blocks(weight.shape[3]):
            seen = padded[
                :,
                :,
                rows.start : rows.stop + how.stride[0] * (height - 1),
                columns.start : columns.stop + how.stride[1] * (width - 1),
            ].contiguous(memory_format=torch.channels_last)
            block = weight[:, :, rows, columns].contiguous(memory_format=torch.channels_last)
            found[:, :, rows, columns] = _gradients(gradient, seen, block, inside, of_images=False)
    return found


def _blocks(side: int) -> list[slice]:
    """Slices of at most three taps that cover `side`; the last ones may overlap, so that all are of three.

    >>> _blocks(5), _blocks(6)
    ([slice(0, 3, None), slice(2, 5, None)], [slice(0, 3, None), slice(3, 6, None)])
    """
    starts = range(0, side, _BLOCK)
    firsts = [max(0, min(start, side - _BLOCK)) for start in starts]
    return [slice(first, min(first + _BLOCK, side)) for first in firsts]
