"""`Learner`: the networks of a training, and what one step teaches them."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self, final

import torch
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.errors import UserError

MAIN = "main"  # the optimizer of a learner that has one


@dataclass(frozen=True)
class Optimized:
    """The weights that one optimizer moves: those of `module`.

    `optimizer` is its name, by default the user's choice; `lr_scale` what its learning rate is of the training's.
    """

    module: nn.Module
    optimizer: str | None = None
    lr_scale: float = 1.0


class Update(Protocol):
    """Moves the weights of one optimizer; given by the training loop."""

    def __call__(self, loss: Tensor, optimizer: str = MAIN) -> None:
        """Make a step of the optimizer called `optimizer` along the gradient of the scalar `loss`.

        Clipping, accumulation, the schedule and the number format are the loop's. Raises `UserError` where the loss is
        not finite.
        """


class Learner(nn.Module):
    """One network or several that learn together. All their weights, and buffers of its own, are in its state dict.

    Abstract or final. `network` is the one that is validated, averaged, kept and deployed.
    """

    network: nn.Module
    reasons: tuple[str, ...] = ()  # what was chosen for what it learns from, and why, in words
    _resting: tuple[nn.Module, ...] = ()

    def rest(self, modules: Iterable[nn.Module]) -> None:
        """Let these parts of the networks compute as at prediction while the others are trained; replaces earlier ones.

        Their batch normalisation keeps its statistics, and they drop nothing.
        """
        self._resting = tuple(modules)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        for module in self._resting:
            module.eval()
        return self

    @abstractmethod
    def optimized(self) -> Mapping[str, Optimized]:
        """The optimizers by name, and what each moves."""

    @abstractmethod
    def step(self, batch: Batch, update: Update) -> Mapping[str, Tensor]:
        """Teach one batch: compute losses and call `update` for each.

        Returns what is logged, each a scalar: `total`, and parts by name.
        """


Loss = Callable[[nn.Module, Batch], Mapping[str, Tensor]]


def by_own_loss(loss: Callable[[Tensor, Tensor], Tensor], wanted: Callable[[Batch], Tensor]) -> Loss:
    """A loss of the user's own of a network's outputs and what is `wanted` of a batch, in float32.

    Raises `UserError` where it gives no scalar tensor that can be minimised.
    """

    def total(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        found: object = loss(network(batch.image).float(), wanted(batch))
        if not isinstance(found, Tensor) or found.ndim or found.requires_grad != torch.is_grad_enabled():
            what = f"a tensor of shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
            raise UserError(f"the loss gives {what}, not a scalar tensor that depends on the network's outputs")
        return {"total": found}

    return total


@final
class OneNetwork(Learner):
    """One network, one loss, one update a step: what most tasks need.

    `loss` gives `total`, which is minimised, and its named parts.
    """

    def __init__(self, network: nn.Module, loss: Loss, reasons: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.reasons = reasons

    def optimized(self) -> Mapping[str, Optimized]:
        return {MAIN: Optimized(self.network)}

    def step(self, batch: Batch, update: Update) -> Mapping[str, Tensor]:
        losses = self.loss(self.network, batch)
        update(losses["total"])
        return losses
