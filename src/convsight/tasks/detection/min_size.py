"""Images too small for a detector: some map of theirs has nothing left to halve.

Such maps teach nothing, and worse: on processors with bfloat16, oneDNN (of PyTorch 2.15) leaves the gradient of a
strided convolution's weights unwritten where a map has fewer rows than the stride, so that steps become infinite.
"""

from dataclasses import replace

import torch

from convsight.errors import UserError
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.dry_run.run import SHAPE_ERRORS
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.stride_check import SAFE_SIDE, strides_exceed_maps

STRIDE = 16  # pixels; both sides of the network's images are multiples of it
MIN_SIDE = 2 * STRIDE  # px; at a stride of 32 one cell is left
_SMALLEST_SHARE = 0.7  # of the sides: trainings may begin with smaller images, or see several sizes


def check_min_size(name: str, entry: NetEntry, shape: NetShape) -> None:
    """Raise `UserError` where such images are too small for the detector called `name`, with a size that is not."""
    # PyTorch's meta device, slow at first, is seldom needed.
    if min(shape.height, shape.width) >= SAFE_SIDE or _is_large_enough(entry, shape):
        return
    asked = f"{shape.height}" if shape.height == shape.width else f"{shape.height} x {shape.width}"
    larger = range(MIN_SIDE, SAFE_SIDE, STRIDE)
    smallest = next((side for side in larger if _takes(entry, shape, side)), SAFE_SIDE)
    longest = max(shape.height, shape.width) * smallest // min(shape.height, shape.width)
    raise UserError(
        f"{name} needs images of at least {smallest} px; {asked} was asked: use --size {longest} or more, or "
        "another net"
    )


def _takes(entry: NetEntry, shape: NetShape, side: int) -> bool:
    """Whether images of the same proportions with shorter sides of `side` px are large enough."""
    scale = side / min(shape.height, shape.width)
    height, width = (STRIDE * round(each * scale / STRIDE) for each in (shape.height, shape.width))
    try:
        return _is_large_enough(entry, replace(shape, height=height, width=width))
    except UserError:  # too small to be built at all
        return False


def _is_large_enough(entry: NetEntry, shape: NetShape) -> bool:
    """Whether all strided convolutions but depthwise ones see as many rows and columns as a step takes, or more."""
    net = build_without_memory(entry, shape)
    for share in (1.0, _SMALLEST_SHARE):
        height, width = (round(side * share) for side in (shape.height, shape.width))
        try:
            if strides_exceed_maps(net, torch.empty(1, shape.channels, height, width, device="meta")):
                return False
        except SHAPE_ERRORS:
            continue
    return True
