"""The number format of a training."""

import pytest
import torch

from convsight.nets.catalogue import NetShape, build_net
from convsight.settings import TrainSettings
from convsight.training.step_cost import choose_precision

CPU = torch.device("cpu")


@pytest.mark.skipif(not torch.cpu._is_avx512_bf16_supported(), reason="this processor has no bfloat16")
@pytest.mark.parametrize(("side", "expected"), [(64, "bfloat16"), (32, "bfloat16"), (16, "float32")])
def test_maps_of_fewer_rows_than_a_stride_are_trained_in_float32(side: int, expected: str) -> None:
    # A ResNet halves five times: of 32 px its last stride of 2 sees 2 rows, of 16 px it sees 1.
    net = build_net("resnet18", NetShape(outputs=2, channels=3, height=side, width=side))
    precision, why = choose_precision(net, TrainSettings(data="digits"), CPU, torch.zeros(1, 3, side, side))
    assert precision == expected
    assert ("fewer rows than a stride" in why) == (expected == "float32")
