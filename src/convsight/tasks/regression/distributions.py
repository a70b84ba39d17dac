"""What a network of regression tells of each number, and the loss that teaches it: one class for each kind of answer.

Networks tell standardised numbers, (number - mean) / standard deviation of the training targets.
"""

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from convsight.tasks.regression.light.settings import RegressionSettings

Floats = NDArray[np.floating[Any]]

COMPONENTS = 5
_NARROWEST = 1e-3  # standard deviations of the targets; a narrower distribution gains likelihood by rounding alone
_BETA = 0.5
_REACH = 1.5  # standard deviations on either side, over which the components of a mixture lie at first


class Told(NamedTuple):
    """Normal distributions of standardised numbers, each (batch, numbers, components); weights add up to 1."""

    weights: Tensor
    means: Tensor
    deviations: Tensor


class Answer(ABC):
    """What the outputs of a network, `per_number` for each number, mean. Abstract or final."""

    per_number: int = 1

    @abstractmethod
    def told(self, outputs: Tensor) -> Told:
        """The distributions in `outputs` (batch, numbers, per_number), float32."""

    @abstractmethod
    def begun(self, row: Floats, bias: float, deviation: float) -> tuple[Floats, Floats]:
        """Weights (per_number, features) and biases (per_number,) of outputs that tell a number of `row` and `bias`.

        The number is `row` times the features and `bias`, its distribution of about that `deviation`.
        """

    @abstractmethod
    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """The mean loss, a scalar, of `outputs` (batch, numbers, per_number) for `wanted` (batch, numbers)."""


@final
class Point(Answer):
    """A number alone: its distribution is as wide as the targets', until a validation tells how wide it is."""

    def __init__(self, loss: str, delta: float) -> None:
        self._loss = loss
        self._delta = delta

    def told(self, outputs: Tensor) -> Told:
        return Told(torch.ones_like(outputs), outputs, torch.ones_like(outputs))

    def begun(self, row: Floats, bias: float, deviation: float) -> tuple[Floats, Floats]:
        return row[None], np.array([bias])

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """The mean squared or absolute difference, or Huber's, squared up to `delta` and even beyond."""
        values = outputs[..., 0]
        if self._loss == "mse":
            return F.mse_loss(values, wanted)
        if self._loss == "mae":
            return F.l1_loss(values, wanted)
        return F.huber_loss(values, wanted, delta=self._delta)


@final
class Gaussian(Answer):
    """A normal distribution of its own for each image."""

    per_number = 2

    def told(self, outputs: Tensor) -> Told:
        means, widths = outputs[..., :1], outputs[..., 1:]
        return Told(torch.ones_like(means), means, F.softplus(widths) + _NARROWEST)

    def begun(self, row: Floats, bias: float, deviation: float) -> tuple[Floats, Floats]:
        return np.stack([row, np.zeros_like(row)]), np.array([bias, _width(deviation)])

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """The negative log likelihood, each number's times the root of its variance, through which no gradient goes.

        Without that factor the network leaves alone what it finds hard: Seitzer et al., "On the Pitfalls of
        Heteroscedastic Uncertainty Estimation with Probabilistic Neural Networks", 2022, with beta 0.5.
        """
        _, means, deviations = (part[..., 0] for part in self.told(outputs))
        nll = 0.5 * ((wanted - means) / deviations).square() + deviations.log()
        return (nll * deviations.detach().pow(2 * _BETA)).mean()


@final
class GaussianMixture(Answer):
    """Several normal distributions for each image, since a car may pass a tree on either side.

    Bishop, "Mixture Density Networks", 1994. The means begin side by side, or all would learn the same.
    """

    def __init__(self, components: int) -> None:
        self.components = components
        self.per_number = 3 * components

    def told(self, outputs: Tensor) -> Told:
        weights, means, widths = torch.split(outputs, self.components, dim=-1)
        apart = torch.linspace(-_REACH, _REACH, self.components, device=outputs.device, dtype=outputs.dtype)
        return Told(weights.softmax(dim=-1), means + apart, F.softplus(widths) + _NARROWEST)

    def begun(self, row: Floats, bias: float, deviation: float) -> tuple[Floats, Floats]:
        apart, none = np.linspace(-_REACH, _REACH, self.components), np.zeros((self.components, len(row)))
        # Beside one another still, as far as the distribution is wide.
        biases = [
            np.zeros(self.components),
            bias + apart * (deviation - 1),
            np.full(self.components, _width(deviation)),
        ]
        return np.concatenate([none, np.tile(row, (self.components, 1)), none]), np.concatenate(biases)

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """The negative log likelihood of the mixture."""
        weights = torch.split(outputs, self.components, dim=-1)[0].log_softmax(dim=-1)
        _, means, deviations = self.told(outputs)
        scaled = (wanted[..., None] - means) / deviations
        parts = weights - 0.5 * scaled.square() - deviations.log() - 0.5 * math.log(2 * math.pi)
        likelihoods: Tensor = parts.logsumexp(dim=-1)
        return -likelihoods.mean()


def _width(deviation: float) -> float:
    """The output that tells this deviation, or one not quite as narrow as may be."""
    return math.log(math.expm1(max(deviation, 2 * _NARROWEST) - _NARROWEST))


def answer_of(settings: RegressionSettings) -> Answer:
    """What the network tells, and how that is taught."""
    if settings.loss == "gaussian":
        return Gaussian()
    if settings.loss == "mixture":
        return GaussianMixture(settings.components or COMPONENTS)
    return Point(settings.loss, settings.huber_delta or 1.0)
