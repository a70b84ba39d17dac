"""`OptimizerSteps`: how a loss becomes a step of an optimizer: gradients, clipping, accumulation, learning rate."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.tasks.learner import MAIN, Learner, Optimized
from convsight.training.checkpoint import laid_out_like
from convsight.training.given_optimizer import OwnOptimizer, own_optimizer
from convsight.training.optimizers import OWN, Parameters, build_optimizer
from convsight.training.processes.processes import ALONE, Processes


class NotFiniteError(UserError):
    """A loss became infinite or no number; no weight was moved by it."""


@dataclass
class NamedOptimizer:
    """One of a training's optimizers: the weights that it moves, and what its rate is of the training's."""

    optimizer: torch.optim.Optimizer
    parameters: list[nn.Parameter]
    lr_scale: float
    waiting: int = 0  # batches whose gradients are added up, and not used yet


def build_optimizers(
    learner: Learner,
    default: str,
    lr: float,
    weight_decay: float,
    its: Parameters = OWN,
    rates: Mapping[int, float] | None = None,
    factory: OwnOptimizer | None = None,
) -> dict[str, NamedOptimizer]:
    """The optimizers of `learner` by name, over the weights that can be trained; `default` where it names none.

    `its` are the parameters of that one; others keep their own. `rates` are what weights, by their `id`, take of the
    learning rate; others take all of it. A program's own `factory` makes what would be the default.
    """

    def built(wanted: Optimized) -> NamedOptimizer:
        parameters = [weights for weights in wanted.module.parameters() if weights.requires_grad]
        if factory is not None and wanted.optimizer is None:
            return NamedOptimizer(own_optimizer(factory, parameters), parameters, wanted.lr_scale)
        name = wanted.optimizer or default
        own = its if name == default else OWN
        optimizer = build_optimizer(wanted.module, name, lr * wanted.lr_scale, weight_decay, own, rates)
        return NamedOptimizer(optimizer, parameters, wanted.lr_scale)

    return {name: built(wanted) for name, wanted in learner.optimized().items()}


@final
@dataclass
class OptimizerSteps:
    """What a learner calls with each of its losses.

    `lr` is the rate of this step. With `accumulate`, the mean gradient of so many batches makes one step; `flush`
    makes it of those that are left. `clip_norm` is the longest gradient of an optimizer, all of its weights together.
    """

    optimizers: Mapping[str, NamedOptimizer]
    device: torch.device
    accumulate: int = 1
    clip_norm: float | None = None
    lr: float = 0.0
    processes: Processes = ALONE
    _moved: bool = field(default=False, init=False)

    def __call__(self, loss: Tensor, optimizer: str = MAIN) -> None:
        chosen = self.optimizers[optimizer]
        # Steps are computed in float32, whatever the networks run in.
        with torch.autocast(self.device.type, enabled=False):
            # Where a loss goes through several networks, only the weights of this optimizer learn from it.
            learning = [weight for weight in chosen.parameters if weight.requires_grad]
            only = learning if len(self.optimizers) > 1 else None
            own = self.processes.weighted(loss)
            (own / self.accumulate if self.accumulate > 1 else own).backward(inputs=only)  # type: ignore[no-untyped-call]
            value = self.processes.whole(own)
            if not math.isfinite(value):
                raise NotFiniteError(f"the loss became {value}")
            chosen.waiting += 1
            if chosen.waiting == self.accumulate:
                self._step(chosen)

    def states(self) -> dict[str, torch.optim.Optimizer]:
        """The optimizers by name, for a checkpoint."""
        return {name: chosen.optimizer for name, chosen in self.optimizers.items()}

    def waiting(self) -> tuple[dict[str, Tensor], dict[str, int]]:
        """Gradients that wait for more batches, and of how many each optimizer's are, for a checkpoint."""
        counts = {name: chosen.waiting for name, chosen in self.optimizers.items() if chosen.waiting}
        gradients = {
            f"{name}/{index}": weight.grad
            for name in counts
            for index, weight in enumerate(self.optimizers[name].parameters)
            if weight.grad is not None
        }
        return gradients, counts

    def wait_again(self, gradients: Mapping[str, Tensor], counts: Mapping[str, int]) -> None:
        """Put back what `waiting` told."""
        for name, count in counts.items():
            self.optimizers[name].waiting = count
        for key, gradient in gradients.items():
            name, _, index = key.rpartition("/")
            weight = self.optimizers[name].parameters[int(index)]
            weight.grad = laid_out_like(weight, gradient.to(weight.device))

    def flush(self) -> None:
        """Make the steps of gradients that wait for more batches, at the end of an epoch."""
        for chosen in self.optimizers.values():
            if chosen.waiting:
                self._step(chosen)

    def moved(self) -> bool:
        """Whether any weights were moved since this was last asked."""
        moved, self._moved = self._moved, False
        return moved

    def _step(self, chosen: NamedOptimizer) -> None:
        self.processes.add_gradients(chosen.parameters)
        if chosen.waiting < self.accumulate:  # each loss was divided by the number of batches of a whole group
            gradients = [weight.grad for weight in chosen.parameters if weight.grad is not None]
            torch._foreach_mul_(gradients, self.accumulate / chosen.waiting)
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(chosen.parameters, self.clip_norm)
        for group in chosen.optimizer.param_groups:
            group["lr"] = self.lr * chosen.lr_scale * group["lr_share"]
        chosen.optimizer.step()
        chosen.optimizer.zero_grad(set_to_none=True)  # at once, so that they take no memory in the next forward pass
        chosen.waiting = 0
        self._moved = True
        # Weights in another number format are kept for a whole step, and would be old ones for the next loss.
        torch.clear_autocast_cache()


@final
class GradientsAlone:
    """What measures the cost of a step calls: gradients are computed, and no weight is moved."""

    def __init__(self, learner: Learner, device: torch.device) -> None:
        self._learner = learner
        self._device = device

    def __call__(self, loss: Tensor, optimizer: str = MAIN) -> None:
        self._learner.zero_grad(set_to_none=True)
        with torch.autocast(self._device.type, enabled=False):
            loss.backward()  # type: ignore[no-untyped-call]
