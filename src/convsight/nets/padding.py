"""Sizes under a moving window, and TensorFlow's `same` padding, which PyTorch's pooling does not have."""

import math
from typing import final

from torch import Tensor, nn
from torch.nn import functional as F


def valid_size(size: int, kernel: int, stride: int = 1) -> int:
    """How many windows of `kernel` px, `stride` px apart, lie wholly inside `size` px (no padding).

    Raises `ValueError` where not one does.

    >>> valid_size(28, kernel=5, stride=2)
    12
    """
    if kernel > size:
        raise ValueError(f"a window of {kernel} px does not fit into {size} px")
    return (size - kernel) // stride + 1


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Pixels to add before and after `size` px so that windows give ceil(size / stride) outputs.

    An odd pixel goes after. Source: TensorFlow's definition of `padding="SAME"`; ONNX calls it SAME_UPPER.

    >>> same_padding(28, kernel=2, stride=1)
    (0, 1)
    """
    outputs = math.ceil(size / stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


@final
class MaxPoolSame(nn.Module):
    """Max pooling with TensorFlow's `same` padding; what is added is -inf, so it is never the maximum.

    (batch, channels, height, width) to (batch, channels, ceil(height / stride), ceil(width / stride)).
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, maps: Tensor) -> Tensor:
        height, width = maps.shape[2:]
        rows = same_padding(height, self.kernel, self.stride)
        columns = same_padding(width, self.kernel, self.stride)
        # F.pad names the last axis first.
        padded = F.pad(maps, (*columns, *rows), value=-math.inf)
        return F.max_pool2d(padded, self.kernel, self.stride)

    def extra_repr(self) -> str:
        return f"kernel={self.kernel}, stride={self.stride}"
