"""What is done to single values written out: normalisations, activations, sums, products, joined maps, softmax."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convsight.arithmetic.cell import written
from convsight.inside.written.steps import Call
from convsight.inside.written.sum import Place, Worked, listed, numbers


def batch_norm(call: Call, place: Place) -> Worked | None:
    """(x - mean)/sqrt(variance + eps)*weight + bias, with the statistics that the training kept of the channel."""
    volume, weight, bias, mean, variance, training, _, eps = call.arguments[:8]
    if training:
        return None
    channel = place[1]
    gain, shift = (_at(each, channel, usual) for each, usual in ((weight, 1.0), (bias, 0.0)))
    return _normalised(float(volume[place]), float(mean[channel]), float(variance[channel]), eps, gain, shift)


def layer_norm(call: Call, place: Place) -> Worked | None:
    """The same with the mean and variance of the last axes of this very input."""
    volume, shape, weight, bias, eps = call.arguments[:5]
    if len(shape) != 1:
        return None
    row = numbers(volume[place[:-1]])
    gain, shift = (_at(each, place[-1], usual) for each, usual in ((weight, 1.0), (bias, 0.0)))
    return _normalised(float(row[place[-1]]), float(row.mean()), float(row.var()), eps, gain, shift)


def group_norm(call: Call, place: Place) -> Worked | None:
    """The same with the mean and variance of the group of channels, over the whole map."""
    volume, weight, bias, _, channels, _, groups, eps = call.arguments[:8]
    each, channel = channels // groups, place[1]
    start = channel // each * each
    own = numbers(volume[0, start : start + each])
    gain, shift = (_at(one, channel, usual) for one, usual in ((weight, 1.0), (bias, 0.0)))
    return _normalised(float(volume[place]), float(own.mean()), float(own.var()), eps, gain, shift)


def _at(values: Any, place: int, usual: float) -> float:
    return usual if values is None else float(values.detach()[place])


def _normalised(value: float, mean: float, variance: float, eps: float, gain: float, shift: float) -> Worked:
    total = (value - mean) / math.sqrt(variance + eps) * gain + shift
    text = (
        f"({written(value)} - {written(mean)})/sqrt({written(variance)} + {eps:g})*{written(gain)} + {written(shift)}"
        f" = {written(total)}"
    )
    parts = {"input": value, "mean": mean, "variance": variance, "eps": eps, "weight": gain, "shift": shift}
    return Worked(total, text, parts)


def relu(call: Call, place: Place) -> Worked:
    """max(0, x)."""
    return _of_one(call, place, lambda x: max(0.0, x), "max(0, {x})")


def hardtanh(call: Call, place: Place) -> Worked:
    """min(max(x, low), high): with 0 and 6 it is ReLU6."""
    low, high = (float(each) for each in (*call.arguments[1:3], *(-1.0, 1.0)[len(call.arguments[1:3]) :]))
    return _of_one(call, place, lambda x: min(max(x, low), high), f"min(max({{x}}, {low:g}), {high:g})")


def leaky_relu(call: Call, place: Place) -> Worked:
    """X where it is positive, else x times the slope."""
    slope = float(call.arguments[1]) if len(call.arguments) > 1 else 0.01
    return _of_one(call, place, lambda x: x if x > 0 else slope * x, f"{{x}} if positive, else {slope:g}*{{x}}")


def hardswish(call: Call, place: Place) -> Worked:
    """X min(max(x + 3, 0), 6)/6."""
    return _of_one(call, place, lambda x: x * min(max(x + 3, 0.0), 6.0) / 6, "{x}*min(max({x} + 3, 0), 6)/6")


def hardsigmoid(call: Call, place: Place) -> Worked:
    """min(max(x + 3, 0), 6)/6."""
    return _of_one(call, place, lambda x: min(max(x + 3, 0.0), 6.0) / 6, "min(max({x} + 3, 0), 6)/6")


def sigmoid(call: Call, place: Place) -> Worked:
    """1/(1 + exp(-x))."""
    return _of_one(call, place, _sigmoid, "1/(1 + exp(-{x}))")


def silu(call: Call, place: Place) -> Worked:
    """x/(1 + exp(-x))."""
    return _of_one(call, place, lambda x: x * _sigmoid(x), "{x}/(1 + exp(-{x}))")


def tanh(call: Call, place: Place) -> Worked:
    """The hyperbolic tangent."""
    return _of_one(call, place, math.tanh, "tanh({x})")


def gelu(call: Call, place: Place) -> Worked:
    """X (1 + erf(x/sqrt(2)))/2."""
    return _of_one(call, place, lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2, "{x}*(1 + erf({x}/sqrt(2)))/2")


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _of_one(call: Call, place: Place, function: Callable[[float], float], form: str) -> Worked:
    value = float(call.arguments[0][place])
    total = function(value)
    return Worked(total, f"{form.format(x=written(value))} = {written(total)}", {"input": value})


def add(call: Call, place: Place) -> Worked:
    """The sum of two maps, cell by cell, or of a map and a number."""
    return _of_two(call, place, "+", lambda a, b: a + b)


def mul(call: Call, place: Place) -> Worked:
    """The product of two maps, cell by cell, or of a map and a number for each channel."""
    return _of_two(call, place, "*", lambda a, b: a * b)


def _of_two(call: Call, place: Place, sign: str, function: Callable[[float, float], float]) -> Worked:
    inputs = [_broadcast(each, place) for each in call.arguments[:2]]
    total = function(*inputs)
    return Worked(total, f"{written(inputs[0])} {sign} {written(inputs[1])} = {written(total)}", {"inputs": inputs})


def _broadcast(value: Any, place: Place) -> float:
    """The number of a tensor that meets `place`, by PyTorch's rules for axes that are missing or have one cell."""
    if isinstance(value, int | float):
        return float(value)
    own = place[len(place) - value.dim() :]
    return float(value.detach()[tuple(0 if n == 1 else at for n, at in zip(value.shape, own, strict=True))])


def joined(call: Call, place: Place) -> Worked | None:
    """The value as it is in the one of the joined maps that this channel is of."""
    tensors = call.arguments[0]
    axis = call.arguments[1] if len(call.arguments) > 1 else 0
    at = place[axis]
    for number, tensor in enumerate(tensors):
        if at < tensor.shape[axis]:
            total = float(tensor[(*place[:axis], at, *place[axis + 1 :])])
            text = f"part {number + 1} of {len(tensors)}, its channel {at}: {written(total)}"
            return Worked(total, text, {"part": number, "channel": at})
        at -= tensor.shape[axis]
    return None


def softmax(call: Call, place: Place) -> Worked | None:
    """exp(x)/the sum of exp over all."""
    volume, axis = call.arguments[:2]
    axis = axis % volume.dim()
    row = numbers(volume[(*place[:axis], slice(None), *place[axis + 1 :])])
    powers = np.exp(row - row.max())
    total = float(powers[place[axis]] / powers.sum())
    value = float(row[place[axis]])
    text = f"exp({written(value)})/(sum of exp of {len(row)} values) = {written(total)}"
    return Worked(total, text, {"input": value, "values": listed(row) if len(row) <= 100 else []})
