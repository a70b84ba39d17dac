"""Muon: steps whose direction is the orthogonalised momentum of each weight matrix.

Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the scale that lets it share
learning rate and weight decay with AdamW is that of Liu et al., "Muon is Scalable for LLM Training", 2025.
"""

import math
from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor
from torch.optim.adamw import adamw

# Quintic iteration whose fixed points spread the singular values over about 0.7 to 1.2 (Jordan et al.).
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 4
# Rows of the smallest matrix that is orthogonalised faster in bfloat16. On two Zen 4 cores 512 x 4608 takes 50 ms, and
# 89 in float32, 192 x 1728 2.2 and 5.4, 128 x 1152 the same in both.
_WORTH_HALF = 160
_RMS_OF_ADAMW = 0.2  # root mean square of AdamW's updates, as Liu et al. measured it


@final
class Muon(torch.optim.Optimizer):
    """Muon for the groups marked `orthogonal`, AdamW for the others, at one learning rate.

    A convolution's weight is taken as the matrix (output channels, all the rest).
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        lr: float,
        momentum: float = 0.9,
        nesterov: bool = True,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-8,
        iterations: int = ITERATIONS,
        products: torch.dtype = torch.float32,
    ) -> None:
        self._products = products  # the number format of large products; Jordan et al. take bfloat16
        of_matrices = {"momentum": momentum, "nesterov": nesterov, "iterations": iterations}
        of_others = {"betas": betas, "eps": eps}
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "orthogonal": False, **of_matrices, **of_others})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients."""
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if group["orthogonal"]:
                for weight in weights:
                    self._step_orthogonal(weight, group)
            elif weights:
                self._step_adamw(weights, group)

    def _step_orthogonal(self, weight: Tensor, group: dict[str, Any]) -> None:
        gradient, state = weight.grad, self.state[weight]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(gradient, 1 - group["momentum"])
        momentum = state["momentum"]
        ahead = gradient.lerp(momentum, group["momentum"]) if group["nesterov"] else momentum
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(orthogonalised(ahead, group["iterations"], self._products), alpha=-group["lr"] * _scale(weight))

    def _step_adamw(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        for weight in weights:
            if not self.state[weight]:
                start = {"exp_avg": torch.zeros_like(weight), "exp_avg_sq": torch.zeros_like(weight)}
                self.state[weight] = {"step": torch.zeros((), device=weight.device), **start}
        states = [self.state[weight] for weight in weights]
        adamw(
            weights,
            [weight.grad for weight in weights if weight.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def orthogonalised(update: Tensor, iterations: int = ITERATIONS, products: torch.dtype = torch.float32) -> Tensor:
    """The nearest (semi-)orthogonal matrix to `update`, about, by so many `iterations` of Newton-Schulz.

    Shapes: any of two or more axes, taken as the matrix (first axis, all others). Large matrices are multiplied in the
    number format `products`.

    Each step is X -> (a I + b S + c S S) X with S = X X^T, so all factors are polynomials of the first S. They commute,
    and only they are iterated: for a convolution of 3 x 3 two fifths of the operations on X itself, for one of 1 x 1
    between as many channels a quarter more.
    """
    a, b, c = _COEFFICIENTS
    matrix = update.reshape(len(update), -1).float()
    if min(matrix.shape) >= _WORTH_HALF:
        matrix = matrix.to(products)
    tall = matrix.shape[0] > matrix.shape[1]
    matrix = matrix.T if tall else matrix
    matrix = matrix / (matrix.norm() + 1e-7)
    square = matrix @ matrix.T
    factor = together = _plus_identity(torch.addmm(square, square, square, beta=b, alpha=c), a)
    for _ in range(iterations - 1):
        square = factor @ square @ factor
        factor = _plus_identity(torch.addmm(square, square, square, beta=b, alpha=c), a)
        together = factor @ together
    matrix = together @ matrix
    matrix = matrix.T if tall else matrix
    orthogonal: Tensor = matrix.reshape(update.shape).to(update.dtype)
    return orthogonal


def _plus_identity(matrix: Tensor, times: float) -> Tensor:
    """`matrix` itself, with `times` added along its diagonal."""
    matrix.diagonal().add_(times)
    return matrix


def _scale(weight: Tensor) -> float:
    """Gives a step the root mean square of one of AdamW's: an orthogonal matrix has 1 / sqrt(longer side)."""
    rows = len(weight)
    return _RMS_OF_ADAMW * math.sqrt(max(rows, weight.numel() // rows))
