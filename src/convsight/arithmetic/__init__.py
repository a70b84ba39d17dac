"""The convolution itself: what a layer does to a volume, shown number by number."""

from convsight.arithmetic.cell import Cell, Term
from convsight.arithmetic.correlation import convolution, cross_correlation
from convsight.arithmetic.feature_map import FeatureMap
from convsight.arithmetic.filters import KERNELS, Kernel, find_kernel
from convsight.arithmetic.pooling import (
    average_pool,
    global_average_pool,
    global_max_pool,
    global_sum_pool,
    lp_pool,
    max_pool,
    sum_pool,
)
from convsight.arithmetic.shapes import Window, Worked, same_padding, smallest_side, transposed_side, window_side
from convsight.arithmetic.sliding_windows import Padding, PerAxis
from convsight.arithmetic.transposed import transposed_convolution

__all__ = [
    "KERNELS",
    "Cell",
    "FeatureMap",
    "Kernel",
    "Padding",
    "PerAxis",
    "Term",
    "Window",
    "Worked",
    "average_pool",
    "convolution",
    "cross_correlation",
    "find_kernel",
    "global_average_pool",
    "global_max_pool",
    "global_sum_pool",
    "lp_pool",
    "max_pool",
    "same_padding",
    "smallest_side",
    "sum_pool",
    "transposed_convolution",
    "transposed_side",
    "window_side",
]
