"""`Network`: a network with weights from elsewhere, and the card that says what it takes and tells."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from pydantic import ValidationError
from torch import nn

from convsight.card import TAKEN_FROM, Card
from convsight.errors import UserError
from convsight.export.torch_engine import graph_engine
from convsight.images import InputSize
from convsight.inputs import ImageInput
from convsight.nets.memory_format import channels_last
from convsight.nets.weight_names import unwrapped
from convsight.nets.weights import Weights
from convsight.runtime.engine import Engine
from convsight.runtime.process_engine import ProcessEngine
from convsight.tasks import task_of
from convsight.tasks.capabilities import AsItIs, Published
from convsight.versions import versions


@dataclass(frozen=True)
class Network:
    """What `card` says, with the weights that `read` gives; `notes` tell what was assumed.

    Weights are read, checked and put in where the model is asked for, so that the card is there before. `advice` is for
    those that have all names but other shapes, as of a network for other classes.
    """

    card: Card
    read: Callable[[], Weights]
    notes: tuple[str, ...] = ()
    advice: str = ""

    def model(self) -> tuple[nn.Module, list[str]]:
        """The network in evaluation mode, and what was done to its weights, in words.

        Raises `UserError` where they cannot be read, or do not fit.
        """
        weights, task = self.read(), task_of(self.card.task)
        assert isinstance(task, AsItIs)  # else it had published nothing
        task.check(self.card)
        model = task.build(self.card)
        try:
            notes = task.fill(model, self.card, weights)
        except UserError as error:
            named = unwrapped(weights.tensors, model.state_dict())[0].keys() >= dict(model.named_parameters()).keys()
            raise UserError(f"{error}{self.advice if named else ''}") from error
        return channels_last(model.eval()), notes

    def engine(self, precision: str | None = None) -> Engine:
        """PyTorch's engine for it."""
        return ProcessEngine(self._engine(precision), partial(self._engine_in_child, precision))

    def _engine(self, precision: str | None) -> Engine:
        model, _ = self.model()
        return graph_engine(task_of(self.card.task).graph(model, self.card), precision, self.card.net)

    def _engine_in_child(self, precision: str | None) -> Engine:
        torch.set_num_threads(1)
        return self._engine(precision)


@dataclass(frozen=True)
class Statistics:
    """Mean and deviation of a network's images, in 0..1, a value a channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def card_of(
    task: str, published: Published, classes: tuple[str, ...], size: InputSize, statistics: Statistics, origin: str
) -> Card:
    """The card of a network that was trained elsewhere, on images prepared so, to tell these classes.

    Raises `UserError` where the network cannot take such images.
    """
    height, width, fit, shorter, how = size
    try:
        spec = ImageInput(
            height=height,
            width=width,
            fit=fit,
            shorter=shorter,
            filter=how,
            channels=len(statistics.mean),
            mean=statistics.mean,
            std=statistics.std,
        )
    except ValidationError as error:
        raise UserError(f"such images cannot be: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
    return Card(
        task=task,
        net=published.net,
        target=published.target(classes),
        input=spec,
        options=published.options,
        training={TAKEN_FROM: origin},
        versions=versions(),
    )
