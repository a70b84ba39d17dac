"""Regression: what number, or which numbers, belong to the image?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch
from convsight.augmentation.mixing import mixed
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec
from convsight.metrics import Measured
from convsight.nets.catalogue import NetShape
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.results import Numbers, NumbersOfMany
from convsight.results.caption import with_caption
from convsight.settings import TrainSettings
from convsight.targets import NumberTargets, Targets
from convsight.tasks.capabilities import mean_answer
from convsight.tasks.learner import Learner, OneNetwork, by_own_loss
from convsight.tasks.net_shape import net_shape
from convsight.tasks.question import OutputQuestion, Question
from convsight.tasks.reader import Metrics
from convsight.tasks.regression.augmentation import choose_augmentation
from convsight.tasks.regression.baselines import constant_baseline, linear_baseline
from convsight.tasks.regression.distributions import Answer, answer_of
from convsight.tasks.regression.figures import residuals_figure, truth_figure
from convsight.tasks.regression.head_start import start_head
from convsight.tasks.regression.light.interval_width import WIDTH
from convsight.tasks.regression.light.metrics import NumberMetrics
from convsight.tasks.regression.light.reader import number_targets
from convsight.tasks.regression.light.settings import RegressionSettings
from convsight.tasks.target_tensors import HeldTargets, TargetTensors
from convsight.tasks.whole_image import WholeImageTask, options_of_head

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DISTRIBUTION = ("weights", "means", "deviations")  # arrays of the deployed graph, a column a component
_NUMBERS = "numbers"  # the target's name in a batch
_ANSWER = ("loss", "components", "huber_delta")  # of the settings, what a network's outputs mean


@final
class Regression(WholeImageTask):
    """One number or several, each with how likely every value is."""

    trivial_baseline_name = "mean"

    def net(self, name: str, settings: TrainSettings) -> str:
        RegressionSettings.of(settings).refuse_without_effect()
        return super().net(name, settings)

    def shape(self, card: Card) -> NetShape:
        return replace(net_shape(card), outputs=card.target.outputs * _answer(card).per_number)

    def head_start(
        self, network: nn.Module, card: Card, train: Examples, seconds: float | None, listener: Listener
    ) -> float | None:
        target = number_targets(card)
        values = _numbers(train.targets).values
        wanted = (values - np.asarray(target.mean, np.float64)) / np.asarray(target.scale, np.float64)
        return start_head(network, InputLayer(card.input), train.images, wanted, _answer(card), seconds, listener)

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        answer = RegressionSettings.of(settings).model_dump(include=set(_ANSWER), exclude_none=True)
        return {**answer, **options_of_head(settings)}

    def targets(self, examples: Examples) -> TargetTensors:
        return HeldTargets({_NUMBERS: torch.from_numpy(_numbers(examples.targets).values).float()})

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        varied = choose_augmentation(dataset, spec, settings, _NUMBERS)
        return mixed(varied, RegressionSettings.of(settings).mixup, 0.0)

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return False

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        target, values = number_targets(card), targets[_NUMBERS].double().cpu().numpy()
        return with_caption(image, [Numbers(target.names, target.units, values, np.ones(len(values))).summary()])

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        answer, target = _answer(card), number_targets(card)

        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            outputs = _by_number(network(batch.image).float(), target)
            return {"total": answer.loss(outputs, _standardised(batch, target))}

        return OneNetwork(network, loss)

    def learner_by(self, loss: Callable[[Tensor, Tensor], Tensor], network: nn.Module, card: Card) -> Learner:
        target = number_targets(card)
        return OneNetwork(network, by_own_loss(loss, lambda batch: _standardised(batch, target)))

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        """The number itself, in its unit."""
        assert isinstance(question, OutputQuestion)
        target = number_targets(card)
        assert target.mean is not None  # it was fitted before there was a network
        weights, means, _ = _answer(card).told(_by_number(model(planes).float(), target))
        middle = (weights * means).sum(dim=2)[:, question.index]
        return middle * target.scale[question.index] + target.mean[question.index]

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return NumberGraph(card, model)

    def averaged(self, answers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """The mixture of the distributions of all: where networks differ it is wider."""
        parts = {name: torch.cat([answer[name] for answer in answers], dim=2) for name in _DISTRIBUTION}
        parts["weights"] = parts["weights"] / len(answers)
        return {"numbers": mean_answer([{"numbers": answer["numbers"]} for answer in answers])["numbers"], **parts}

    def averaged_calibration(self, cards: Sequence[Card]) -> dict[str, float]:
        return {}  # widths are in the graphs

    def trivial_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        true = _numbers(train.targets)
        return constant_baseline(_fitted(true), true.values.mean(axis=0), _numbers(judged.targets))

    def baselines(self, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
        true, judged = _numbers(train.targets), _numbers(test.targets)
        targets = _fitted(true)
        return {
            "mean": self.trivial_baseline(train, test),
            "median": constant_baseline(targets, np.median(true.values, axis=0), judged),
            "linear": linear_baseline(targets, train, true, test, judged),
        }

    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        if not isinstance(metrics, NumberMetrics):
            raise TypeError(f"figures of regression need NumberMetrics, not {type(metrics).__name__}")
        return {"truth": truth_figure(metrics), "residuals": residuals_figure(metrics)}


class NumberGraph(nn.Module):
    """The deployed network: RGB uint8 (batch, height, width, 3) to numbers in their own units.

    `numbers` (batch, numbers) are the means of distributions `weights`, `means` and `deviations`, which are
    (batch, numbers, components) and as wide as the card's calibration says.
    """

    mean: Tensor
    std: Tensor
    width: Tensor

    def __init__(self, card: Card, model: nn.Module) -> None:
        super().__init__()
        self.inputs = InputLayer(card.input)
        self.model = model
        self.target = number_targets(card)
        self.answer = _answer(card)
        widths = [card.calibration.get(f"{WIDTH}{name}", 1.0) for name in self.target.names]
        for name, values in (("mean", self.target.mean), ("std", self.target.scale), ("width", widths)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32)[:, None], persistent=False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        outputs = self.model(self.inputs(images)).float()
        weights, means, deviations = self.answer.told(_by_number(outputs, self.target))
        middle = (weights * means).sum(dim=2, keepdim=True)
        means = middle + (means - middle) * self.width
        return {
            "numbers": (middle * self.std + self.mean)[..., 0],
            "weights": weights,
            "means": means * self.std + self.mean,
            "deviations": deviations * self.width * self.std,
        }


def _answer(card: Card) -> Answer:
    return answer_of(RegressionSettings(**{name: card.options[name] for name in _ANSWER if name in card.options}))


def _standardised(batch: Batch, target: NumberTargets) -> Tensor:
    """What a network shall tell (batch, numbers): less the mean, in standard deviations."""
    wanted = batch.targets[_NUMBERS]
    return (wanted - wanted.new_tensor(target.mean)) / wanted.new_tensor(target.scale)


def _by_number(outputs: Tensor, target: NumberTargets) -> Tensor:
    """What a network tells (batch, outputs) as (batch, numbers, outputs of a number)."""
    count = len(target.names)
    found: Tensor = torch.unflatten(outputs, 1, (count, outputs.shape[1] // count))
    return found


def _numbers(targets: Targets) -> NumbersOfMany:
    if not isinstance(targets, NumbersOfMany):
        raise TypeError(f"regression needs numbers as targets, not {type(targets).__name__}")
    return targets


def _fitted(true: NumbersOfMany) -> NumberTargets:
    return NumberTargets(names=true.names, units=true.units).fitted(true)
