"""Classification: which one of a list of classes does the image show?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, ClassTarget
from convsight.augmentation.mixing import mixed
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.errors import UserError
from convsight.images import InputSize
from convsight.inputs import InputSpec
from convsight.metrics import Measured
from convsight.nets.catalogue import canonical_name, knows, net_entry
from convsight.nets.input_layers import InputLayer
from convsight.nets.weights import Weights, fill
from convsight.progress import Listener
from convsight.results import Labels
from convsight.results.caption import with_caption
from convsight.settings import TrainSettings
from convsight.targets import Targets
from convsight.tasks.capabilities import Doubts, Published, mean_answer
from convsight.tasks.class_weights import class_weights
from convsight.tasks.classification.baselines import (
    LINEAR_IMAGES,
    linear_baseline,
    majority_baseline,
    subset,
)
from convsight.tasks.classification.doubts import doubts
from convsight.tasks.classification.figures import confusion_figure, reliability_figure
from convsight.tasks.classification.head_start import start_head
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.tasks.classification.light.settings import ClassificationSettings
from convsight.tasks.classification.light.temperature import TEMPERATURE
from convsight.tasks.classification.losses import ClassLoss, class_loss
from convsight.tasks.image_variation import choose_augmentation
from convsight.tasks.learner import Learner, OneNetwork, by_own_loss
from convsight.tasks.pixel_features import shrunk_images
from convsight.tasks.question import OutputQuestion, Question
from convsight.tasks.reader import Metrics
from convsight.tasks.target_tensors import HeldTargets, TargetTensors
from convsight.tasks.whole_image import WholeImageTask, options_of_head

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST_SHOWN = 0.005  # of a class in a mixture


@final
class Classification(WholeImageTask):
    """One class an image, by softmax over logits."""

    trivial_baseline_name = "majority"
    usual_fit = "crop"

    def published(self, name: str) -> Published | None:
        net = canonical_name(name)
        if not knows(net):
            return None
        entry = net_entry(net)
        weights = (entry.pretrained, *entry.others) if entry.pretrained else ()
        return Published(net, weights, {}, InputSize(entry.side, entry.side))

    def fill(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        return fill(model, card.net, weights)

    def head_start(
        self, network: nn.Module, card: Card, train: Examples, seconds: float | None, listener: Listener
    ) -> float | None:
        return start_head(network, InputLayer(card.input), train.images, _labels(train.targets), seconds, listener)

    def doubts(
        self, features: NDArray[np.float32], targets: Sequence[Targets], same: NDArray[np.uint64], listener: Listener
    ) -> Doubts:
        return doubts(features, [_labels(each) for each in targets], same, listener)

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        return options_of_head(settings)

    def targets(self, examples: Examples) -> TargetTensors:
        return HeldTargets({"class": torch.from_numpy(_labels(examples.targets).indices)})

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        own, kinds = ClassificationSettings.of(settings), {"class": ClassTarget(len(dataset.target.names))}
        return mixed(choose_augmentation(dataset, spec, settings, kinds), own.mixup, own.cutmix)

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        return with_caption(image, [_class_in_words(targets["class"], card.target.names)])

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        its, reasons = ClassLoss.of(ClassificationSettings.of(settings), card)
        return OneNetwork(network, partial(class_loss, its=its), reasons)

    def learner_by(self, loss: Callable[[Tensor, Tensor], Tensor], network: nn.Module, card: Card) -> Learner:
        return OneNetwork(network, by_own_loss(loss, lambda batch: batch.targets["class"]))

    def weights_of(self, train: Examples, settings: TrainSettings) -> tuple[NDArray[np.float64] | None, str]:
        if ClassificationSettings.of(settings).sampling == "each":
            return None, ""
        labels = _labels(train.targets)
        counts = np.bincount(labels.indices, minlength=len(labels.classes))
        there = counts[counts > 0]
        told = f"sampling: each class {len(labels) / len(there):,.0f} times an epoch; images of the rarest "
        return 1.0 / counts[labels.indices], f"{told}{len(labels) / len(there) / there.min():.3g} times each"

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return ClassificationSettings.of(settings).mirror and augmentation.mirrors

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        assert isinstance(question, OutputQuestion)
        logits: Tensor = model(planes)
        return logits[:, question.index]

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        temperature = card.calibration.get(TEMPERATURE, 1.0)
        if temperature <= 0:
            raise UserError(f"the card's temperature must be above 0, not {temperature:g}")
        return ClassGraph(InputLayer(card.input), model, card.mirror, temperature)

    def averaged(self, answers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return mean_answer(answers)

    def averaged_calibration(self, cards: Sequence[Card]) -> dict[str, float]:
        return {}  # temperatures are in the graphs

    def trivial_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        return majority_baseline(_labels(train.targets), _labels(judged.targets))

    def baselines(self, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
        train_targets, test_targets = _labels(train.targets), _labels(test.targets)
        chosen, classes = subset(train_targets, LINEAR_IMAGES), len(train_targets.classes)
        seen = shrunk_images(train.images, chosen, classes)
        unseen = shrunk_images(test.images, np.arange(len(test_targets)), classes)
        linear = linear_baseline(seen, train_targets.select(chosen), unseen, test_targets)
        return {self.trivial_baseline_name: self.trivial_baseline(train, test), "linear": linear}

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        if (weights := ClassificationSettings.of(settings).class_weights) is not None:
            class_weights(weights, dataset.target.names, {})  # what is wrong is found before images are read
        return super().input(net, dataset, settings)

    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        if not isinstance(metrics, ClassMetrics):
            raise TypeError(f"figures of classification need ClassMetrics, not {type(metrics).__name__}")
        return {"confusion": confusion_figure(metrics), "reliability": reliability_figure(metrics)}


def _class_in_words(target: Tensor, names: Sequence[str]) -> str:
    """The class of an example, or of a mixture those that are in it with their shares, the largest first."""
    if target.ndim == 0:
        return names[int(target)]
    order = target.argsort(descending=True, stable=True).tolist()
    shares = [(names[each], float(target[each])) for each in order if target[each] >= _LEAST_SHOWN]
    return ", ".join(name if share > 1 - _LEAST_SHOWN else f"{name} {share:.0%}" for name, share in shares)


class ClassGraph(nn.Module):
    """The deployed network: RGB uint8 (batch, height, width, 3) to `probabilities` (batch, classes)."""

    def __init__(self, inputs: nn.Module, model: nn.Module, mirror: bool, temperature: float) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model
        self.mirror = mirror
        self.temperature = temperature

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        planes = self.inputs(images)
        logits = self.model(planes).float()
        if self.mirror:
            logits = (logits + self.model(planes.flip(-1)).float()) / 2
        return {"probabilities": (logits / self.temperature).softmax(dim=1)}


def _labels(targets: Targets) -> Labels:
    if not isinstance(targets, Labels):
        raise TypeError(f"classification needs Labels as targets, not {type(targets).__name__}")
    return targets
