"""`OpenNetwork`: a trained network as PyTorch has it, whose layers and gradients can be seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convsight.card import Card
from convsight.errors import UserError, unknown_name
from convsight.explain.method import METHODS
from convsight.export.torch_engine import load_network
from convsight.model_files import read_card
from convsight.nets.input_layers import InputLayer
from convsight.pretrained.published import published_network
from convsight.run import find_weights_file
from convsight.runtime.find_network import is_of_library
from convsight.tasks import task_of
from convsight.tasks.capabilities import differentiable, told_by
from convsight.tasks.question import Question


@dataclass(frozen=True)
class OpenNetwork:
    """`model` takes normalised planes (batch, channels, height, width), in float32 as it was trained."""

    model: nn.Module
    card: Card

    def planes(self, arrays: NDArray[Any]) -> Tensor:
        """Loaded pictures (batch, height, width, channels) as the first layer sees them; gradients reach them."""
        planes: Tensor = InputLayer(self.card.input)(torch.from_numpy(arrays))
        return planes.detach().requires_grad_()

    def asked(self, planes: Tensor, question: Question) -> Tensor:
        """The number (batch,) that `question` is about, such as a class's logit.

        Raises `UserError` where gradients of `planes` are wanted and the network cuts them off on its way.
        """
        task = task_of(self.card.task)
        found = differentiable(task, self.card.task).asked(self.model, planes, question, self.card)
        if planes.requires_grad and torch.is_grad_enabled() and not found.requires_grad:
            others = ", ".join(name for name, entry in METHODS.items() if entry.light)
            raise UserError(f"{self.card.net} rounds on the way to its answer, so it has no gradients; use {others}")
        return found

    def told_by(self, planes: Tensor, question: Question) -> str | None:
        """The layer whose maps most of what is asked is read from, where the network has several side by side."""
        return told_by(task_of(self.card.task), self.model, planes, question)

    def gradient(self, planes: Tensor, question: Question) -> Tensor:
        """How the asked number of each picture changes with `planes`, in their shape."""
        [found] = torch.autograd.grad(self.asked(planes, question).sum(), [planes])
        return found

    def layer(self, name: str) -> nn.Module:
        """The module called `name`; raises `UserError` with the nearest names where there is none."""
        modules: dict[str, nn.Module] = dict(self.model.named_modules())
        if name not in modules or not name:
            raise unknown_name("layer", name, [each for each in modules if each])
        return modules[name]


def open_network(name: str | Path, weights: str | None = None, *, download: bool = False) -> OpenNetwork:
    """The network of a run folder, a run's name, a `.safetensors` file, or one that a library offers.

    Raises `UserError` for an exported file, which has no gradients: it says what is needed.
    """
    if weights is not None or download or is_of_library(name):
        found = published_network(str(name), weights, download=download)
        return OpenNetwork(found.model()[0].requires_grad_(False), found.card)
    try:
        file = find_weights_file(name)
    except UserError as error:
        raise UserError(f"{error}: gradients need the weights as PyTorch has them, not an exported graph") from error
    card = read_card(file)
    return OpenNetwork(load_network(file, card).requires_grad_(False), card)


@contextmanager
def watching(layer: nn.Module, see: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
    """Within, `see` is given what `layer` gives; what it returns, if anything, takes its place."""

    def hook(module: nn.Module, inputs: Any, output: Any) -> Tensor | None:
        if not isinstance(output, Tensor):
            raise UserError(f"the layer gives {type(output).__name__}, not one tensor: choose one inside of it")
        return see(output)

    handle = layer.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
