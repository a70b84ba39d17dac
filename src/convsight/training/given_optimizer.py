"""An optimizer that a program's function makes, beside the loop's schedule: its rates are the largest ones."""

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import torch
from torch import nn

from convsight.errors import UserError

OwnOptimizer = Callable[[list[nn.Parameter]], torch.optim.Optimizer]

_Loss = TypeVar("_Loss")


class _Holding(Protocol):
    optimizer: torch.optim.Optimizer


def own_optimizer(factory: OwnOptimizer, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer that `factory` makes of `parameters`, each group with its share of the first one's rate.

    Raises `UserError` where it is none that the loop can use, or moves other weights than those it was given.
    """
    made = factory(parameters)
    if not isinstance(made, torch.optim.Optimizer):
        raise UserError(f"optimizer=...: the function gives {type(made).__name__}, and not a torch.optim.Optimizer")
    name = type(made).__name__
    closure = inspect.signature(made.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise UserError(f"optimizer=...: {name} computes a step's loss several times, which a training here does once")
    moved = {id(weight) for group in made.param_groups for weight in group["params"]}
    left = sum(id(weight) not in moved for weight in parameters)
    if left or len(moved) > len(parameters):
        raise UserError(
            f"optimizer=...: {name} leaves {left} of {len(parameters)} weights out, and moves "
            f"{len(moved) - len(parameters) + left} others: make it of the weights that the function is given, which "
            "are those of a copy of the network"
        )
    first = float(made.param_groups[0].get("lr", 0.0))
    if first <= 0:
        raise UserError(f"optimizer=...: {name} has no learning rate above 0, which the schedule would move")
    for group in made.param_groups:
        group["lr_share"] = float(group["lr"]) / first
    return made


def largest_rate(optimizers: Mapping[str, _Holding]) -> float:
    """The rate that the first of `optimizers` was made with."""
    first = next(iter(optimizers.values())).optimizer
    return float(first.param_groups[0]["lr"])


def on_device(loss: _Loss, device: str) -> _Loss:
    """A loss as it is called there: a copy where it is a module; raises `UserError` where that has weights to learn."""
    if not isinstance(loss, nn.Module):
        return loss
    if any(weight.requires_grad for weight in loss.parameters()):
        raise UserError(f"loss=...: {type(loss).__name__} has weights of its own, which nothing would train")
    found: Any = copy.deepcopy(loss).to(device)
    return found  # type: ignore[no-any-return]
