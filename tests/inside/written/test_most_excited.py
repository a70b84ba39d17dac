"""The pictures that excite channels most, against a look at all of them; and the weights of a channel."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.inside.networks import opened
from torch import nn

from convsight.errors import UserError
from convsight.inside.written.network_view import NetworkView


@pytest.fixture(scope="module")
def pictures() -> Any:
    return np.random.default_rng(1).integers(0, 256, (25, 24, 24, 3), np.uint8)


@pytest.mark.parametrize("last", [False, True])
def test_they_are_those_with_the_largest_cells(pictures: Any, last: bool) -> None:
    network = opened("small", seed=3)
    view = NetworkView(network)
    layer = view.layers[-1 if last else 5]
    search = view.search(layer.name, lambda index: None if index == 4 else pictures[index])
    for start in range(0, 25, 7):
        search.look_at(range(start, min(25, start + 7)))
    assert search.looked_at == 25
    values = np.stack([view.open(each, layer.name).calls[-1].result[0].numpy() for each in pictures])
    values = values.reshape(25, layer.volume[-1], -1)
    values[4] = -np.inf
    for channel in (0, layer.volume[-1] - 1):
        found = search.most(channel)
        order = np.argsort(-values[:, channel].max(axis=1), kind="stable")[:6]
        assert [each.index for each in found] == order.tolist()
        for each in found:
            cells = values[each.index, channel]
            assert each.value == pytest.approx(cells.max(), abs=1e-5)
            columns = layer.volume[1] if len(layer.volume) == 3 else 1
            assert cells[each.cell[0] * columns + each.cell[1]] == pytest.approx(cells.max(), abs=1e-5)


def test_filters_are_the_weights_of_the_channel() -> None:
    network = opened("resnext50_32x4d", side=32)
    view = NetworkView(network)
    modules = dict(network.model.named_modules())
    first: Any = modules[view.layers[0].name]
    found = view.filter(view.layers[0].name, 5)
    assert found["of_picture"]
    assert [each["channel"] for each in found["kernels"]] == [0, 1, 2]
    assert np.array([each["kernel"] for each in found["kernels"]]) == pytest.approx(first.weight[5].numpy())
    assert sum(each["share"] for each in found["kernels"]) == pytest.approx(1)
    name, grouped = next((n, m) for n, m in modules.items() if isinstance(m, nn.Conv2d) and m.groups > 1)
    each, channel = grouped.in_channels // grouped.groups, grouped.out_channels // grouped.groups * 3
    found = view.filter(name, channel)
    assert not found["of_picture"]
    assert {one["channel"] for one in found["kernels"]} == set(range(3 * each, 4 * each))
    sums = [float(np.abs(one["kernel"]).sum()) for one in found["kernels"]]
    assert sums == sorted(sums, reverse=True)
    for one in found["kernels"]:
        assert np.array(one["kernel"]) == pytest.approx(grouped.weight[channel, one["channel"] - 3 * each].numpy())
    dense: Any = modules[view.layers[-1].name]
    found = view.filter(view.layers[-1].name, 1)
    assert found["bias"] == pytest.approx(float(dense.bias[1]))
    assert [each["place"] for each in found["weights"]] == torch.sort(
        dense.weight[1].abs(), descending=True, stable=True
    ).indices[:16].tolist()
    assert view.filter(next(each.name for each in view.layers if "pool" in each.kinds[0]), 0) == {"kind": None}
    with pytest.raises(UserError, match="no channel 64"):
        view.filter(view.layers[0].name, 64)
