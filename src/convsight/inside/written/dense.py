"""Dense layers and means written out."""

from typing import Any

import numpy as np

from convsight.arithmetic.cell import written
from convsight.inside.written.steps import Call
from convsight.inside.written.sum import Place, Values, Worked, numbers, products, strongest_first


def addmm(call: Call, place: Place) -> Worked | None:
    """Bias and the products of inputs and weights."""
    bias, inputs, weights = call.arguments[:3]
    if inputs.dim() != 2 or len(place) != 2:
        return None
    row, unit = place
    own = float(bias.detach()[unit] if bias.dim() == 1 else bias.detach()[place])
    return _products(numbers(inputs[row]), numbers(weights[:, unit]), own)


def mm(call: Call, place: Place) -> Worked | None:
    """The same without a bias."""
    inputs, weights = call.arguments[:2]
    row, unit = place
    return _products(numbers(inputs[row]), numbers(weights[:, unit]), None)


def _products(values: Values, weights: Values, bias: float | None) -> Worked:
    sums = values * weights
    total = float(sums.sum()) + (bias or 0.0)
    shown = strongest_first(sums)
    parts: dict[str, Any] = {
        "terms": [
            {"place": n, "value": float(values[n]), "weight": float(weights[n]), "product": float(sums[n])}
            for n in shown
        ],
        "others": {"count": len(sums) - len(shown), "sum": float(sums.sum() - sums[shown].sum())},
        "bias": bias,
    }
    return Worked(total, products(values, weights, shown, bias, total), parts)


def mean(call: Call, place: Place) -> Worked | None:
    """The mean over some axes, as a pooling of the whole map is."""
    volume, axes = call.arguments[:2]
    keeps = len(call.arguments) > 2 and bool(call.arguments[2])
    reduced = {axis % volume.dim() for axis in axes}
    left = iter(place)
    index: list[Any] = []
    for axis in range(volume.dim()):
        if axis in reduced:
            index.append(slice(None))
            if keeps:
                next(left)
        else:
            index.append(next(left))
    values = numbers(volume[tuple(index)])
    total = float(values.mean())
    first = " + ".join(written(float(value)) for value in values.ravel()[:6])
    more = f" + {values.size - 6} more" if values.size > 6 else ""
    window = np.atleast_2d(values).tolist() if values.ndim <= 2 and values.size <= 400 else []
    return Worked(
        total, f"({first}{more})/{values.size} = {written(total)}", {"window": window, "divisor": values.size}
    )
