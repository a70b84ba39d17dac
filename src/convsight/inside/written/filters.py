"""What a layer looks for: the weights of a channel of it, as numbers for a page."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

from convsight.inside.written.steps import Call, Origin
from convsight.inside.written.sum import numbers, strongest_first

_MOST_CHANNELS = 8
_MOST_CELLS = 4096  # of the kernels that are told


def weights_alone(call: Call) -> Call:
    """The same call without the numbers of the picture, of which shapes alone are left."""
    arguments = _weights_alone(call.arguments, iter(call.origins))
    return call._replace(arguments=arguments, result=call.result.to("meta"))


def _weights_alone(value: Any, origins: Iterator[Origin | None]) -> Any:
    """`value`, or what is in its lists, with shapes alone of the tensors that have an origin."""
    if isinstance(value, Tensor):
        return value if next(origins) is None else value.to("meta")
    if isinstance(value, tuple | list):
        return tuple(_weights_alone(each, origins) for each in value)
    return value


def filter_of(call: Call, channel: int, of_picture: bool) -> dict[str, Any]:
    """The kernels of `channel`, those with the largest weights first, or the weights of a unit; None of what has none.

    Of a layer that sees the picture itself all kernels stand in the order of its channels.
    """
    if call.step.operation == "convolution" and call.result.dim() == 4:
        return _kernels(call, channel, of_picture)
    if call.step.operation in {"addmm", "mm"}:
        return _dense(call, channel)
    return {"kind": None}


def _kernels(call: Call, channel: int, of_picture: bool) -> dict[str, Any]:
    volume, weight, bias, *_, transposed, _, groups = call.arguments[:9]
    each = volume.shape[1] // groups
    own = weight.shape[1] if transposed else weight.shape[0] // groups
    first = channel // own * each
    kernels = numbers(weight[first : first + each, channel % own] if transposed else weight[channel])
    sums = np.abs(kernels).sum(axis=(1, 2))
    count = min(_MOST_CHANNELS, max(1, _MOST_CELLS // kernels[0].size))
    shown = list(range(len(kernels))) if of_picture and len(kernels) <= count else strongest_first(sums)[:count]
    whole = float(sums.sum()) or 1.0
    return {
        "kind": "kernels",
        "of_picture": of_picture,
        "kernels": [
            {"channel": first + n, "kernel": kernels[n].tolist(), "share": float(sums[n]) / whole} for n in shown
        ],
        "others": len(kernels) - len(shown),
        "bias": None if bias is None else float(bias.detach()[channel]),
    }


def _dense(call: Call, unit: int) -> dict[str, Any]:
    weights = numbers(call.arguments[-1][:, unit])
    shown = strongest_first(weights)
    bias = call.arguments[0].detach() if call.step.operation == "addmm" else None
    return {
        "kind": "weights",
        "weights": [{"place": n, "weight": float(weights[n])} for n in shown],
        "others": len(weights) - len(shown),
        "bias": None if bias is None else float(bias[unit] if bias.dim() == 1 else bias[0, unit]),
    }
