"""Several labels: which of a list does the image show, any number of them?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Batch, ShareTarget
from convsight.augmentation.mixing import mixed
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.inputs import InputSpec
from convsight.metrics import Measured
from convsight.nets.input_layers import InputLayer
from convsight.progress import Listener
from convsight.results.caption import with_caption
from convsight.results.label_set import NONE
from convsight.settings import TrainSettings
from convsight.spread import evenly
from convsight.targets.several_labels import label_sets
from convsight.tasks.capabilities import mean_answer
from convsight.tasks.image_variation import choose_augmentation
from convsight.tasks.learner import Learner, OneNetwork, by_own_loss
from convsight.tasks.multilabel.baselines import LINEAR_IMAGES, frequency_baseline, linear_baseline
from convsight.tasks.multilabel.figures import labels_figure
from convsight.tasks.multilabel.head_start import start_head
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics
from convsight.tasks.multilabel.light.settings import MultilabelSettings
from convsight.tasks.multilabel.losses import balanced_weights, label_loss
from convsight.tasks.pixel_features import shrunk_images
from convsight.tasks.question import OutputQuestion, Question
from convsight.tasks.rare_classes import rarest_class_weights
from convsight.tasks.reader import Metrics
from convsight.tasks.target_tensors import HeldTargets, TargetTensors
from convsight.tasks.whole_image import WholeImageTask, options_of_head

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABELS = "labels"  # the name of the target
_KINDS = {_LABELS: ShareTarget()}
_LEAST_SHOWN = 0.005  # of a label in a mixture


@final
class Multilabel(WholeImageTask):
    """A probability for each label, by a sigmoid over logits."""

    trivial_baseline_name = "frequencies"

    def head_start(
        self, network: nn.Module, card: Card, train: Examples, seconds: float | None, listener: Listener
    ) -> float | None:
        return start_head(network, InputLayer(card.input), train.images, label_sets(train.targets), seconds, listener)

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        return options_of_head(settings)

    def targets(self, examples: Examples) -> TargetTensors:
        return HeldTargets({_LABELS: torch.from_numpy(label_sets(examples.targets).present.astype(np.float32))})

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        own, varied = MultilabelSettings.of(settings), choose_augmentation(dataset, spec, settings, _KINDS)
        return mixed(varied, own.mixup, own.cutmix)

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        there = zip(card.target.names, targets[_LABELS].tolist(), strict=True)
        shares = [(name, share) for name, share in there if share >= _LEAST_SHOWN]
        words = [name if share > 1 - _LEAST_SHOWN else f"{name} {share:.0%}" for name, share in shares]
        return with_caption(image, words or [NONE])

    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        own = MultilabelSettings.of(settings)
        weights = None
        if own.positive_weight == "balanced" and card.data:
            images = card.data["pictures"]["train"]
            weights = balanced_weights(card.data["train_counts"], images, card.target.names)
        return OneNetwork(network, partial(_loss, weights=weights, gamma=own.focal_gamma or 0.0))

    def learner_by(self, loss: Callable[[Tensor, Tensor], Tensor], network: nn.Module, card: Card) -> Learner:
        return OneNetwork(network, by_own_loss(loss, lambda batch: batch.targets[_LABELS]))

    def weights_of(self, train: Examples, settings: TrainSettings) -> tuple[NDArray[np.float64] | None, str]:
        if MultilabelSettings.of(settings).sampling == "each":
            return None, ""
        labels = label_sets(train.targets)
        return rarest_class_weights([row.nonzero()[0] for row in labels.present], len(labels.classes))

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        return MultilabelSettings.of(settings).mirror and augmentation.mirrors

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        assert isinstance(question, OutputQuestion)
        logits: Tensor = model(planes)
        return logits[:, question.index]

    def graph(self, model: nn.Module, card: Card) -> nn.Module:
        return LabelSetGraph(InputLayer(card.input), model, card.mirror)

    def averaged(self, answers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return mean_answer(answers)

    def averaged_calibration(self, cards: Sequence[Card]) -> dict[str, float]:
        """The mean of the thresholds, which readers take."""
        return {name: fmean(card.calibration[name] for card in cards) for name in cards[0].calibration}

    def trivial_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        return frequency_baseline(label_sets(train.targets), label_sets(judged.targets))

    def baselines(self, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
        train_labels, test_labels = label_sets(train.targets), label_sets(test.targets)
        chosen = np.array(evenly(len(train_labels), LINEAR_IMAGES), np.int64)
        outputs = len(train_labels.classes)
        seen = shrunk_images(train.images, chosen, outputs)
        unseen = shrunk_images(test.images, np.arange(len(test_labels)), outputs)
        linear = linear_baseline(seen, train_labels.select(chosen), unseen, test_labels)
        return {self.trivial_baseline_name: self.trivial_baseline(train, test), "linear": linear}

    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        if not isinstance(metrics, LabelSetMetrics):
            raise TypeError(f"figures of several labels need LabelSetMetrics, not {type(metrics).__name__}")
        return {"labels": labels_figure(metrics)}


def _loss(network: nn.Module, batch: Batch, weights: Tensor | None, gamma: float) -> dict[str, Tensor]:
    logits = network(batch.image).float()  # summed in float32, whatever the network runs in
    weights = None if weights is None else weights.to(logits.device)
    return {"total": label_loss(logits, batch.targets[_LABELS], weights, gamma)}


class LabelSetGraph(nn.Module):
    """The deployed network: RGB uint8 (batch, height, width, 3) to `probabilities` (batch, labels)."""

    def __init__(self, inputs: nn.Module, model: nn.Module, mirror: bool) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model
        self.mirror = mirror

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        planes = self.inputs(images)
        logits = self.model(planes).float()
        if self.mirror:
            logits = (logits + self.model(planes.flip(-1)).float()) / 2
        return {"probabilities": logits.sigmoid()}
