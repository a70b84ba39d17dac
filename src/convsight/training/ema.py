"""Exponential moving average of a network's weights, which predict better than the last step's."""

import copy

import torch
from torch import Tensor, nn


class Ema:
    """Holds `model`, an averaged copy of the trained network.

    The decay warms up as (1 + step) / (10 + step), so that the random start is forgotten at once.
    Source: Polyak and Juditsky, 1992; warm-up as in TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        first: dict[int, str] = {}
        for name, value in self.model.state_dict(keep_vars=True).items():
            first.setdefault(id(value), name)  # what has several names is averaged once
        self._names = tuple(first.values())

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        averaged: list[Tensor] = []
        current: list[Tensor] = []
        means, values = self.model.state_dict(), model.state_dict()
        for name in self._names:
            mean, value = means[name], values[name]
            if mean.is_floating_point():
                averaged.append(mean)
                current.append(value)
            else:  # counters such as BatchNorm's num_batches_tracked have no average
                mean.copy_(value)
        torch._foreach_lerp_(averaged, current, weight)
