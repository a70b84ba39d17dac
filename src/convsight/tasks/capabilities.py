"""What only some tasks can do: start from pretrained weights, vary examples, show baselines and figures.

Each is a protocol; whoever needs one asks the function beside it, which knows what to do where a task lacks it.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from convsight.augmentation import Augmentation, Unchanged
from convsight.augmentation.erasing import Erasing
from convsight.augmentation.rand_augment import RandAugment
from convsight.augmentation.staged import Stage, staged
from convsight.card import Card
from convsight.datasets import Dataset, Examples
from convsight.errors import UserError
from convsight.images import InputSize
from convsight.inputs import ImageInput, InputSpec
from convsight.metrics import Measured, Metric
from convsight.nets.cut import Cut
from convsight.nets.entry import NetShape, Pretrained
from convsight.nets.stages import Stages
from convsight.nets.weights import Weights
from convsight.progress import Listener
from convsight.results import Result
from convsight.results.caption import with_caption
from convsight.settings import FRESH, TrainSettings
from convsight.targets import AnyTarget, Classes, Targets
from convsight.tasks.contract import Task
from convsight.tasks.learner import Learner
from convsight.tasks.question import Question
from convsight.tasks.reader import Metrics

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@runtime_checkable
class FromPretrained(Protocol):
    """Networks that may begin with weights that were trained before."""

    # The learning rate then, as a share of that of fresh weights: large steps leave a good place.
    finetune_lr_scale: ClassVar[float]

    def weights(self, net: str, weights: str, *, download: bool) -> Weights:
        """The pretrained weights that `weights` names for the network called `net`: `imagenet`, or a file.

        Nothing is fetched without `download`. Raises `UserError` where there are none, or the file cannot be used; it
        says what to bring.
        """

    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        """Put pretrained weights into a fresh `model`; returns what was done, in words."""

    def stages(self, model: nn.Module, card: Card) -> Stages:
        """The stages of what of `model` may begin pretrained, by their names in it; computes shapes alone."""


def pretrained(task: Task, name: str) -> FromPretrained:
    """`task`, which must be able to begin with the weights called `name`; raises `UserError` where it is not."""
    if not isinstance(task, FromPretrained):
        raise UserError(f"--weights {name}: this task has no pretrained networks; leave it out")
    return task


def _classes(names: tuple[str, ...]) -> Classes:
    return Classes(names=names)


class Published(NamedTuple):
    """A network that may be used as it is: what our cards call it, and its library's weights, the usual ones first.

    `options` are those of its deployed graph, `Card.options`; `size` is how images come to it where no weights tell.
    `target` makes what it tells of the names of its classes.
    """

    net: str
    weights: tuple[Pretrained, ...]
    options: dict[str, Any]
    size: InputSize
    target: Callable[[tuple[str, ...]], AnyTarget] = _classes


@runtime_checkable
class AsItIs(Protocol):
    """Networks that answer with weights from elsewhere, without a training here."""

    def published(self, name: str) -> Published | None:
        """What is known of the network called `name`, here or by its library; None where this task has none such."""

    def fill(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        """Put all of `weights` into `model`, a network for `card`; returns what was done, in words.

        Raises `UserError` where anything does not fit, the layer that tells classes included.
        """


class Start(NamedTuple):
    """The network that a training begins with, its first weights (None: fresh ones), and why, where that was chosen."""

    net: str
    weights: str | None
    why: str = ""


@runtime_checkable
class TakingModules(Protocol):
    """Any network will do that has the outputs of the target."""

    def shape(self, card: Card) -> NetShape:
        """The shape of a network for `card`."""


def taking_modules(task: Task, name: str) -> TakingModules:
    """`task`, which is called `name`, and must take a program's own network; raises `UserError` where it does not."""
    if not isinstance(task, TakingModules):
        raise UserError(f"net=...: the task {name} takes networks by their names alone; leave your own out")
    return task


@runtime_checkable
class TakingLosses(Protocol):
    """A loss of the user's own has a place."""

    def learner_by(self, loss: Callable[[Tensor, Tensor], Tensor], network: nn.Module, card: Card) -> Learner:
        """What trains `network` by `loss`, which gets its outputs and what they shall be: a scalar to minimise."""


def learner_of(
    task: Task, network: nn.Module, card: Card, settings: TrainSettings, loss: Callable[[Tensor, Tensor], Tensor] | None
) -> Learner:
    """What trains `network`: by the user's own `loss`, else by that of the settings."""
    if loss is None:
        return task.learner(network, card, settings)
    if not isinstance(task, TakingLosses):
        raise UserError(f"loss=...: the task {card.task} has losses by name alone; leave your own out")
    return task.learner_by(loss, network, card)


@runtime_checkable
class ChoosingStart(Protocol):
    """Networks and first weights that follow from the data, where the user leaves them open."""

    def start(self, dataset: Dataset, settings: TrainSettings) -> Start:
        """The network and first weights for the training examples of `dataset`; what `settings` name stays."""

    def untried_weights(self, card: Card) -> str:
        """The option that begins pretrained what `card` describes, where that may help; else empty."""


def start_of(task: Task, dataset: Dataset, settings: TrainSettings) -> Start:
    """The network and first weights: as the settings say, as the task chooses, or its usual one with fresh ones."""
    if settings.weights == FRESH:
        return Start(settings.net or task.default_net, None)
    if isinstance(task, ChoosingStart):
        return task.start(dataset, settings)
    return Start(settings.net or task.default_net, settings.weights)


def untried_weights(task: Task, card: Card) -> str:
    """The option that begins pretrained what `card` describes, where that may help; else empty."""
    return task.untried_weights(card) if isinstance(task, ChoosingStart) else ""


@runtime_checkable
class HeadStarting(Protocol):
    """Pretrained networks whose last layer can be fitted before the first step."""

    def head_start(
        self, network: nn.Module, card: Card, train: Examples, seconds: float | None, listener: Listener
    ) -> float | None:
        """Fit the last layer of `network` on `train`, in about so many `seconds`; returns the loss on them.

        None where this network has no last layer of that kind: it is left as it is.
        """


class Doubt(NamedTuple):
    """A label that is doubted: its place, what it says and what is likelier, and how probable each of both is."""

    position: int
    given: str
    likely: str
    given_probability: float
    likely_probability: float


class Doubts(NamedTuple):
    """The doubted of `looked_at` labels, the most doubtful first, and the estimated share of them that is `wrong`."""

    doubted: tuple[Doubt, ...]
    looked_at: int
    wrong: float


@runtime_checkable
class Doubting(Protocol):
    """Labels that answers can contradict which were told without having seen them."""

    def doubts(
        self,
        features: "NDArray[np.float32]",
        targets: Sequence[Targets],
        same: "NDArray[np.uint64]",
        listener: Listener,
    ) -> Doubts:
        """What a head says against `targets` that learns from others: it is fitted to `features` (images, features).

        `targets` are those of one split after the other. Images with the same number in `same` are learnt from
        together or not at all. Raises `UserError` where there are too few of them.
        """


def doubting(task: Task, name: str) -> Doubting:
    """`task`, which is called `name`, and whose labels can be doubted; raises `UserError` where they cannot."""
    if not isinstance(task, Doubting):
        raise UserError(f"--doubtful: labels of {name} are not doubted here; classes of whole images are; leave it out")
    return task


@runtime_checkable
class WithGridHead(Protocol):
    """Networks whose last layer may be told of cells of the image, instead of the mean over all of it."""

    def head_pool(self, card: Card) -> int:
        """How many of them there are a side."""


@runtime_checkable
class AnsweringByFeatures(Protocol):
    """Networks of which a learner needs nothing but what they answer, so that their last layers can stand for them."""

    def cut(self, network: nn.Module, frozen: Collection[str], card: Card) -> Cut:
        """`network` in two behind the layers called `frozen`; raises `NotCutError` where that cannot be."""


@runtime_checkable
class Configured(Protocol):
    """Deployed networks that need to know of some settings."""

    def options(self, settings: TrainSettings) -> dict[str, Any]:
        """What of the settings the deployed network needs: `Card.options`."""


def options_of(task: Task, settings: TrainSettings) -> dict[str, Any]:
    """What of the settings the deployed network needs."""
    return task.options(settings) if isinstance(task, Configured) else {}


@runtime_checkable
class Augmenting(Protocol):
    """Training examples that vary from epoch to epoch."""

    def augmentation(self, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float) -> Augmentation:
        """How training examples (and their targets), each seen about `passes` times, vary, and the reasons in words."""

    def mirrors(self, augmentation: Augmentation, settings: TrainSettings) -> bool:
        """Whether predictions are averaged over an input and its mirror image: `Card.mirror`."""


def augmentation_of(
    task: Task, dataset: Dataset, spec: InputSpec, settings: TrainSettings, passes: float
) -> Augmentation:
    """How training examples vary, with what the user adds to it; not at all, where the task does not say."""
    if not isinstance(task, Augmenting):
        return Unchanged(("no variation: this task has none",))
    added: list[Stage] = []
    if settings.rand_augment is not None:
        added.append(RandAugment(settings.rand_augment, settings.rand_augment_ops))
    if settings.erase:
        added.append(Erasing(settings.erase))
    return staged(task.augmentation(dataset, spec, settings, passes), added)


def mirrors(task: Task, augmentation: Augmentation, settings: TrainSettings) -> bool:
    """Whether predictions are averaged over an input and its mirror image."""
    return isinstance(task, Augmenting) and task.mirrors(augmentation, settings)


@runtime_checkable
class Weighing(Protocol):
    """Training examples that an epoch may see more often than others."""

    def weights_of(self, train: Examples, settings: TrainSettings) -> tuple["NDArray[np.float64] | None", str]:
        """How often each example (examples,) is seen beside others, and why; None: each once an epoch."""


def weights_of(task: Task, train: Examples, settings: TrainSettings) -> "tuple[NDArray[np.float64] | None, str]":
    """How often each example is seen beside others, and why; None: each once an epoch."""
    return task.weights_of(train, settings) if isinstance(task, Weighing) else (None, "")


# Its operations know colours alone.
_OF_RAND_AUGMENT = ("rand_augment", "rand_augment_ops")


def without_effect(task: Task, spec: InputSpec) -> frozenset[str]:
    """The general settings that do nothing for `task` on such inputs."""
    idle: frozenset[str] = frozenset()
    if not isinstance(task, Augmenting):
        idle |= {"augment", "flip", "grow", "erase", *_OF_RAND_AUGMENT}
    if not isinstance(task, WithGridHead):
        idle |= {"head_pool"}
    if not isinstance(spec, ImageInput):
        return idle | {"size", "fit", "colour", "grow", "erase", *_OF_RAND_AUGMENT}
    return idle if spec.is_rgb else idle | {*_OF_RAND_AUGMENT}


def refuse_without_effect(task: Task, spec: InputSpec, settings: TrainSettings) -> None:
    """Raise `UserError` for a setting that was given and does nothing for `task` on such inputs."""
    for name in sorted(without_effect(task, spec) & settings.changed()):
        raise UserError(f"--{name.replace('_', '-')} does nothing for {settings.task} of {spec.summary}: leave it out")


@runtime_checkable
class ShowingTargets(Protocol):
    """What is to be learnt of an example can be drawn as the learner sees it, varied with its image."""

    def draw_targets(self, image: Image.Image, targets: Mapping[str, Tensor], card: Card) -> Image.Image:
        """A copy of `image` (RGB), which may be larger, with the named `targets` of the one example it shows."""


def draw_targets(
    task: Task, image: Image.Image, targets: Mapping[str, Tensor], card: Card, target: Result
) -> Image.Image:
    """`image` with its varied `targets`; where the task cannot draw these, with the words of `target`, unvaried."""
    if isinstance(task, ShowingTargets):
        return task.draw_targets(image, targets, card)
    return with_caption(image, [target.summary()])


@runtime_checkable
class Baselined(Protocol):
    """Simple methods beside which a reader sees what the network adds."""

    # The baseline (a key of `baselines`) of a method that learns nothing from inputs.
    trivial_baseline_name: ClassVar[str]

    def trivial_baseline(self, train: Examples, judged: Examples) -> dict[str, Measured]:
        """What the method called `trivial_baseline_name`, which learns nothing, reaches on `judged`, by metric."""

    def baselines(self, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
        """What simple methods reach on `test`, by method and metric."""


def baselines_of(task: Task, train: Examples, test: Examples) -> dict[str, dict[str, Measured]]:
    """What simple methods reach on `test`, by method and metric; nothing where the task has none."""
    return task.baselines(train, test) if isinstance(task, Baselined) else {}


def trivial_value(task: Task, metric: Metric, train: Examples, judged: Examples) -> float:
    """What a method that learns nothing reaches on `judged`.

    Where the task has no such, one span from perfect; where nothing is perfect, what everything is better than.
    """
    if isinstance(task, Baselined):
        return task.trivial_baseline(train, judged)[metric.name].value
    if math.isinf(metric.perfect):
        return -metric.perfect
    return metric.perfect - metric.signed(metric.span)


@runtime_checkable
class Averaging(Protocol):
    """Answers that have a mean."""

    def averaged(self, answers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """One answer of several networks, from the arrays that the deployed graph of each gives for the same inputs."""

    def averaged_calibration(self, cards: Sequence[Card]) -> dict[str, float]:
        """What a reader needs of the calibrations of several networks, beyond what is in the graph of each."""


def averaging(task: Task, name: str) -> Averaging:
    """`task`, which is called `name`, and whose answers must have a mean; raises `UserError` where they have none."""
    if not isinstance(task, Averaging):
        raise UserError(f"--average: answers of the task {name} have no mean; leave it out, and take the best run")
    return task


def mean_answer(answers: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of every array over the `answers` of several networks."""
    return {name: torch.stack([answer[name] for answer in answers]).mean(dim=0) for name in answers[0]}


@runtime_checkable
class Illustrated(Protocol):
    """Judgements that can be seen."""

    def figures(self, metrics: Metrics) -> "dict[str, Figure]":
        """Figures of the judgement, by file stem."""


def figures_of(task: Task, metrics: Metrics) -> "dict[str, Figure]":
    """Figures of the judgement, by file stem; none where the task has none."""
    return task.figures(metrics) if isinstance(task, Illustrated) else {}


@runtime_checkable
class Differentiable(Protocol):
    """What a question asks for is also a number that can be followed back to the input."""

    def asked(self, model: nn.Module, planes: Tensor, question: Question, card: Card) -> Tensor:
        """The number (batch,) that `question` is about, of normalised inputs `planes`, before it is squashed to 0..1.

        `model` is the network on `card`. Of a class that is its logit, of one view and without a temperature.
        """


@runtime_checkable
class WithVector(Protocol):
    """Networks that answer about a picture as a whole, from one vector of it."""

    def vectors(self, model: nn.Module, planes: Tensor) -> Tensor:
        """What the last layer is given of normalised inputs `planes`: (batch, numbers); `UserError` where it is not."""


def with_vector(task: Task, name: str) -> WithVector:
    """`task`, which is called `name`, and must have a vector of each picture; raises `UserError` where it has none."""
    if not isinstance(task, WithVector):
        raise UserError(f"networks of {name} answer about places: they have no one vector of a picture before the head")
    return task


@runtime_checkable
class WithLevels(Protocol):
    """Networks that answer from maps of several strides, each of which tells of things of its size."""

    def told_by(self, model: nn.Module, planes: Tensor, question: Question) -> str | None:
        """The name of the layer whose maps most of what is asked of `planes` is read from; None where none is known."""


def told_by(task: Task, model: nn.Module, planes: Tensor, question: Question) -> str | None:
    """The name of the layer whose maps most of what is asked is read from; None for the last that it depends on."""
    return task.told_by(model, planes, question) if isinstance(task, WithLevels) else None


def differentiable(task: Task, name: str) -> Differentiable:
    """`task`, which is called `name`, and must give gradients; raises `UserError` where it does not."""
    if not isinstance(task, Differentiable):
        raise UserError(f"answers of {name} have no gradients here; occlusion, lime and rise need none")
    return task
