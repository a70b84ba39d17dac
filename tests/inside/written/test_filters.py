"""What is kept of a call where the picture's numbers are no longer needed."""

import torch
from torch import Tensor, nn

from convsight.inside.written.filters import weights_alone
from convsight.inside.written.steps import Call, run_steps, tensors_in


class Joined(nn.Module):
    """Maps joined with weights and put through a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.own = nn.Parameter(torch.rand(1, 1, 4, 4))
        self.conv = nn.Conv2d(4, 2, 1)

    def forward(self, given: Tensor) -> Tensor:
        found: Tensor = self.conv(torch.cat([self.own, given], dim=1))
        return found


def calls_of_joined() -> list[Call]:
    calls: list[Call] = []
    run_steps(Joined(), torch.rand(1, 3, 4, 4), calls.append)
    return calls


def test_only_weights_are_left_also_of_lists() -> None:
    joined, convolved = (weights_alone(call) for call in calls_of_joined())
    assert [each.is_meta for each in tensors_in((joined.arguments, joined.result))] == [False, True, True]
    assert [each.is_meta for each in tensors_in((convolved.arguments, convolved.result))] == [True, False, False, True]
    assert joined.arguments[1] == 1
    assert [tuple(each.shape) for each in tensors_in(joined.arguments)] == [(1, 1, 4, 4), (1, 3, 4, 4)]


def test_the_size_of_a_call_counts_what_is_in_lists() -> None:
    joined, convolved = calls_of_joined()
    assert joined.size == 4 * (16 + 48 + 64)
    assert convolved.size == 4 * (64 + 8 + 2 + 32)
