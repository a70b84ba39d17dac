"""A cell of a layer written out, step by step, from what goes in to the value in the cell."""

from collections.abc import Callable, Sequence

from convsight.inside.written import dense, value_by_value, windows
from convsight.inside.written.shown_layers import ShownLayer, place_in
from convsight.inside.written.steps import Call
from convsight.inside.written.sum import Place, Worked, WrittenStep

# How each of PyTorch's operations is written out.
WAYS: dict[str, Callable[[Call, Place], Worked | None]] = {
    "convolution": windows.convolution,
    "max_pool2d_with_indices": windows.max_pooling,
    "avg_pool2d": windows.average_pooling,
    "_adaptive_avg_pool2d": windows.adaptive_average_pooling,
    "mean": dense.mean,
    "addmm": dense.addmm,
    "mm": dense.mm,
    "native_batch_norm": value_by_value.batch_norm,
    "native_layer_norm": value_by_value.layer_norm,
    "native_group_norm": value_by_value.group_norm,
    "relu": value_by_value.relu,
    "hardtanh": value_by_value.hardtanh,
    "leaky_relu": value_by_value.leaky_relu,
    "hardswish": value_by_value.hardswish,
    "hardsigmoid": value_by_value.hardsigmoid,
    "sigmoid": value_by_value.sigmoid,
    "silu": value_by_value.silu,
    "tanh": value_by_value.tanh,
    "gelu": value_by_value.gelu,
    "add": value_by_value.add,
    "mul": value_by_value.mul,
    "cat": value_by_value.joined,
    "_softmax": value_by_value.softmax,
}


def written_cell(layer: ShownLayer, calls: Sequence[Call], channel: int, row: int, column: int) -> list[WrittenStep]:
    """The steps of a cell of `layer`, whose `calls` were seen; the value of the last is that of the cell."""
    return [
        _written(call, words, place_in(call.step, channel, row, column))
        for call, words in zip(calls, layer.kinds, strict=True)
    ]


def _written(call: Call, words: str, place: Place) -> WrittenStep:
    value = float(call.result[place])
    way = WAYS.get(call.step.operation)
    worked = None if way is None else way(call, place)
    if worked is None:
        return WrittenStep(words, call.step.path, value)
    return WrittenStep(words, call.step.path, value, worked.total, worked.text, worked.parts)
