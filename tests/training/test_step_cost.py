"""The number format of a training."""

import time
from typing import Any

import pytest
import torch
from torch import nn

from convsight.nets.catalogue import NetShape, build_net
from convsight.settings import TrainSettings
from convsight.training import step_cost
from convsight.training.step_cost import choose_precision, seconds_of_slow_step

CPU = torch.device("cpu")


@pytest.mark.skipif(not torch.cpu._is_avx512_bf16_supported(), reason="this processor has no bfloat16")
@pytest.mark.parametrize(("side", "expected"), [(64, "bfloat16"), (32, "bfloat16"), (16, "float32")])
def test_maps_of_fewer_rows_than_a_stride_are_trained_in_float32(side: int, expected: str) -> None:
    # A ResNet halves five times: of 32 px its last stride of 2 sees 2 rows, of 16 px it sees 1.
    net = build_net("resnet18", NetShape(outputs=2, channels=3, height=side, width=side))
    precision, why = choose_precision(net, TrainSettings(data="digits"), CPU, torch.zeros(1, 3, side, side))
    assert precision == expected
    assert ("fewer rows than a stride" in why) == (expected == "float32")


def test_one_step_tells_only_of_a_slow_network(monkeypatch: pytest.MonkeyPatch) -> None:
    learner: Any = nn.Linear(1, 1)
    stepped: list[nn.Module] = []
    assert seconds_of_slow_step(learner, stepped.append) is None
    assert stepped[0] is not learner
    monkeypatch.setattr(step_cost, "_SLOW", 0.01)
    took = seconds_of_slow_step(learner, lambda scratch: time.sleep(0.02))
    assert took is not None
    assert took >= 0.02
