"""Where the first number that is not finite stands in networks that learn: inputs, a layer's weights or its output."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.errors import UserError
from convsight.tasks.learner import MAIN, Learner

IN_INPUTS = "the inputs themselves"


class DivergedError(UserError):
    """Weights or what is computed with them became infinite: going on from the same state ends the same way."""


def first_not_finite(learner: Learner, batch: Batch, again: Callable[[], object]) -> str:
    """The first place in the order of computation that is not finite, in words; empty where all layers are finite.

    `again` does once more what `learner` did with `batch` when its loss became infinite or no number.
    """
    if not all(_finite(values) for values in batch.inputs.values()):
        return f"first in {IN_INPUTS}"
    found: list[str] = []

    def look(name: str, layer: nn.Module, inputs: Any, output: Any) -> None:
        if found:
            return
        called = f"{name} ({type(layer).__name__})"
        if not all(_finite(weight) for weight in layer.parameters(recurse=False)):
            found.append(f"first in the weights of {called}")
        elif not all(map(_finite, _tensors(inputs))):
            found.append(f"first in what goes into {called}")
        elif not all(map(_finite, _tensors(output))):
            found.append(f"first in the output of {called}")

    with ExitStack() as stack, torch.no_grad():
        for name, layer in learner.named_modules():
            if not any(True for _ in layer.children()):
                stack.callback(layer.register_forward_hook(partial(look, _short(name))).remove)
        # The search must not hide the error that it explains: a learner may need gradients for its loss.
        with suppress(RuntimeError, ValueError):
            again()
    return found[0] if found else ""


def weights_not_finite(network: nn.Module) -> str:
    """The first weights of `network` that are not finite, by the name of their layer; empty where all are."""
    return next((_short(name) for name, value in network.state_dict().items() if not _finite(value)), "")


class NoUpdate:
    """What a learner calls with its losses where nothing shall be learnt."""

    def __call__(self, loss: Tensor, optimizer: str = MAIN) -> None:
        """Do nothing."""


def _short(name: str) -> str:
    return name.removeprefix("network.")


def _finite(values: Tensor) -> bool:
    return not values.is_floating_point() or bool(values.isfinite().all())


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict | list | tuple):
        for part in values.values() if isinstance(values, dict) else values:
            yield from _tensors(part)
