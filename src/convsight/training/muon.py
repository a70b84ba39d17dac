"""Muon: steps whose direction is the orthogonalised momentum of each weight matrix.

Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the scale that lets it share
learning rate and weight decay with AdamW is that of Liu et al., "Muon is Scalable for LLM Training", 2025.
"""

import math
from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor

# Quintic iteration whose fixed points spread the singular values over about 0.7 to 1.2 (Jordan et al.).
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 4
_RMS_OF_ADAMW = 0.2  # root mean square of AdamW's updates, as Liu et al. measured it


@final
class Muon(torch.optim.Optimizer):
    """Muon for the groups marked `orthogonal`, AdamW for the others, at one learning rate.

    A convolution's weight is taken as the matrix (output channels, all the rest).
    """

    def __init__(self, groups: list[dict[str, Any]], lr: float) -> None:
        defaults = {"lr": lr, "momentum": 0.9, "betas": (0.9, 0.99), "weight_decay": 0.0, "orthogonal": False}
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients."""
        for group in self.param_groups:
            direction = _muon_direction if group["orthogonal"] else _adam_direction
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(direction(weight, self.state[weight], group), alpha=-group["lr"])


def _muon_direction(weight: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    gradient = weight.grad
    assert gradient is not None
    if not state:
        state["momentum"] = torch.zeros_like(weight)
    state["momentum"].lerp_(gradient, 1 - group["momentum"])
    nesterov = gradient.lerp(state["momentum"], float(group["momentum"]))
    return orthogonalised(nesterov) * _scale(weight)


def _adam_direction(weight: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> Tensor:
    """Adam's direction (Kingma and Ba, 2015, algorithm 1)."""
    gradient = weight.grad
    assert gradient is not None
    if not state:
        state["step"] = torch.zeros(())
        state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
    first, second = map(float, group["betas"])
    state["step"] += 1
    state["mean"].lerp_(gradient, 1 - first)
    state["square"].lerp_(gradient.square(), 1 - second)
    steps = int(state["step"])
    denominator = (state["square"] / (1 - second**steps)).sqrt() + 1e-8
    direction: Tensor = state["mean"] / (denominator * (1 - first**steps))
    return direction


def orthogonalised(update: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrix to `update`, about, by Newton-Schulz iteration in bfloat16.

    Shapes: any of two or more axes, taken as the matrix (first axis, all others).
    """
    a, b, c = _COEFFICIENTS
    matrix = update.reshape(len(update), -1).bfloat16()
    tall = matrix.shape[0] > matrix.shape[1]
    matrix = matrix.T if tall else matrix
    matrix = matrix / (matrix.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        square = matrix @ matrix.T
        matrix = a * matrix + (b * square + c * square @ square) @ matrix
    matrix = matrix.T if tall else matrix
    orthogonal: Tensor = matrix.reshape(update.shape).to(update.dtype)
    return orthogonal


def _scale(weight: Tensor) -> float:
    """Gives a step the root mean square of one of AdamW's: an orthogonal matrix has 1 / sqrt(longer side)."""
    rows = len(weight)
    return _RMS_OF_ADAMW * math.sqrt(max(rows, weight.numel() // rows))
