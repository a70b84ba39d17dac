"""Batch normalisation over the batches of all processes, on processors too, wherever a network asks for it.

PyTorch's `SyncBatchNorm` knows GPUs alone, and takes the place of layers by their type, so that layers of others
(timm's, a user's own) stay as they were. Here every call of `torch.nn.functional.batch_norm` in a training step is
computed over all rows: all layers come to it.
"""

from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

Gather = Callable[[Tensor], Tensor]  # (numbers,) of this process to (processes, numbers)


@final
class BatchNormOverAll(TorchFunctionMode):
    """Within it, batch normalisation in training normalises by all processes' rows; each must come to the same calls.

    `copies` is how many processes have the same rows. Source: Peng et al., "MegDet", 2018, section 3.2; means and
    variances are put together as Chan, Golub and LeVeque, "Updating Formulae", 1979, do, without squares of large sums.
    """

    def __init__(self, gather: Gather, copies: int = 1) -> None:
        super().__init__()
        self._gather = gather
        self._copies = copies

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is F.batch_norm:
            return self._batch_norm(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _batch_norm(
        self,
        x: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        if not training:
            return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
        with torch.no_grad():
            mean, var, count = self._statistics(x.detach())
            if running_mean is not None and running_var is not None:
                distinct = count / self._copies
                running_mean.lerp_(mean.to(running_mean.dtype), momentum)
                running_var.lerp_((var * (distinct / (distinct - 1))).to(running_var.dtype), momentum)
        scale = torch.ones_like(mean) if weight is None else weight
        shift = torch.zeros_like(mean) if bias is None else bias
        normalised: Tensor = _Normalised.apply(x, scale, shift, mean, var, count, eps, self._gather)
        return normalised

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance (channels,) over all processes' rows, float32, and how many numbers a channel has."""
        channels = x.shape[1]
        # Not by PyTorch's own kernels, whose sums lose digits where channels stand last, in gradients a thousandfold.
        rows = x.movedim(1, -1).reshape(-1, channels).float()
        mean = rows.mean(dim=0, dtype=torch.float64).float()
        var = (rows - mean).square_().mean(dim=0, dtype=torch.float64).float()
        numbers = x.new_full((1,), x.numel() // channels, dtype=torch.float32)
        found = self._gather(torch.cat([numbers, mean, var]))
        counts, means, variances = found[:, :1], found[:, 1 : channels + 1], found[:, channels + 1 :]
        count = counts.sum()
        shares = counts / count
        mean = (means * shares).sum(dim=0)
        return mean, ((variances + (means - mean).square()) * shares).sum(dim=0), count


class _Normalised(torch.autograd.Function):
    """x normalised by `mean` and `var`, which are those of all processes' x, `count` numbers a channel."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        var: Tensor,
        count: Tensor,
        eps: float,
        gather: Gather,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, mean, var, count)
        ctx.eps, ctx.gather = eps, gather
        return F.batch_norm(x, mean, var, weight, bias, False, 0.0, eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, var, count = ctx.saved_tensors
        # As if mean and var were constants, by PyTorch's own kernels; then what goes through them.
        own, by_weight, by_bias = torch.ops.aten.native_batch_norm_backward(
            gradients[0], x, weight, mean, var, None, None, False, ctx.eps, [True, True, True]
        )
        of_all = ctx.gather(torch.cat([by_weight, by_bias]).float()).sum(dim=0) / count
        through_var, through_mean = of_all.split(len(mean))
        scale = -weight * (var + ctx.eps).rsqrt()
        own += F.batch_norm(x, mean, var, scale * through_var, scale * through_mean, False, 0.0, ctx.eps)
        return own, by_weight, by_bias, None, None, None, None, None
