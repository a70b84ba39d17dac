"""Which stages of a pretrained network learn, from when on, and how fast.

Sources: Yosinski et al., "How transferable are features in deep neural networks?", 2014 (freezing the first stages);
Howard and Ruder, "Universal Language Model Fine-tuning", 2018 (gradual unfreezing, a learning rate for each stage).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from torch import nn

from convsight.card import Card
from convsight.errors import UserError
from convsight.nets.dry_run.build import WithoutMemory
from convsight.nets.stages import Stages
from convsight.settings import TrainSettings
from convsight.tasks.capabilities import pretrained
from convsight.tasks.contract import Task
from convsight.tasks.learner import Learner
from convsight.words import counted

BACKBONE: Final = "backbone"
OF_FEATURES: Final = ("views", "features_limit")  # settings that say which features of frozen stages are kept
_UNFROZEN_BY = 0.5  # of the training; from then on every stage that may learn does


@final
@dataclass
class Transfer:
    """Freezes stages of the network of a learner, and lets them learn in turn.

    The first `frozen` of the `stages` never learn; `gradual` lets the others begin one after the other, the last
    first. A stage learns at the share `rate` of the learning rate of the one after it.
    """

    stages: Stages
    frozen: int
    gradual: bool
    rate: float
    _now: int | None = field(default=None, init=False)

    def frozen_at(self, progress: float) -> int:
        """How many of the first stages are frozen at `progress`, in 0..1: a function of it alone.

        Evenly until the middle: of four stages the last begins to learn after a tenth of the training.
        """
        if not self.gradual:
            return self.frozen
        learning = len(self.stages) - self.frozen
        begun = int(progress / _UNFROZEN_BY * (learning + 1) + 1e-9)
        return len(self.stages) - min(begun, learning)

    def apply(self, learner: Learner, progress: float) -> None:
        """Freeze what shall be frozen at `progress`, and nothing else."""
        count = self.frozen_at(progress)
        if count == self._now:
            return
        self._now = count
        layers = {name for stage in self.stages.stages[:count] for name in stage.layers}
        for name, module in learner.network.named_modules():
            for weight in module.parameters(recurse=False):
                weight.requires_grad_(name not in layers)
        learner.rest(_whole(learner.network, layers))

    @property
    def layers(self) -> set[str]:
        """The layers that never learn."""
        return {name for stage in self.stages.stages[: self.frozen] for name in stage.layers}

    def resting(self, network: nn.Module) -> Iterator[nn.Module]:
        """The modules of `network` that always compute as at prediction."""
        return _whole(network, self.layers)

    def rates(self, network: nn.Module) -> dict[int, float]:
        """The learning rate of weights as a share of that of the last layer, by their `id`; those with 1 are left out.

        They are those of the stages that learn at some time.
        """
        found: dict[int, float] = {}
        for later, stage in enumerate(reversed(self.stages.stages[self.frozen :]), start=1):
            for name in stage.layers:
                for weight in network.get_submodule(name).parameters(recurse=False):
                    found[id(weight)] = self.rate**later
        return found if self.rate < 1 else {}

    def reasons(self, network: nn.Module) -> Iterator[str]:
        """What is frozen, and what follows from it, in words."""
        if self.frozen:
            count = sum(
                w.numel() for name in self.layers for w in network.get_submodule(name).parameters(recurse=False)
            )
            named = "; ".join(str(stage) for stage in self.stages.stages[: self.frozen])
            yield (
                f"frozen: {self.frozen} of {counted(len(self.stages), 'stage')} ({named}), {count:,} parameters; they "
                "compute as at prediction: batch normalisation keeps its statistics, dropout is off"
            )
        if self.gradual:
            yield f"stages begin to learn one after the other, the last first, all of them by {_UNFROZEN_BY:.0%}"
        if self.rate < 1:
            yield f"each stage learns at {self.rate:g} of the rate of the one after it"


def transfer_of(task: Task, network: nn.Module, card: Card, settings: TrainSettings) -> Transfer | None:
    """What of the `network` that `card` describes is frozen; None where all of it learns alike.

    Raises `UserError` where `settings` ask for more than it has.
    """
    if not asked(settings):
        return None
    if settings.weights is None:
        raise UserError(
            f"{_options(settings)} is for pretrained networks: name their --weights (imagenet, or a file); what nobody "
            "taught must learn"
        )
    stages = pretrained(task, settings.weights).stages(network, card)
    return Transfer(stages, _count(settings.freeze, stages, card.net), settings.gradual, settings.stage_lr)


def check_transfer(task: Task, card: Card, settings: TrainSettings) -> None:
    """Raise `UserError` where `settings` ask for what the network that `card` describes does not have."""
    _refuse_idle_features(settings)
    if asked(settings):
        with WithoutMemory():
            network = task.build(card)
        transfer_of(task, network.to("meta"), card, settings)


def _refuse_idle_features(settings: TrainSettings) -> None:
    """Raise `UserError` for what is said of features where none are kept."""
    for name in OF_FEATURES:
        option = f"--{name.replace('_', '-')}"
        if name not in settings.changed():
            continue
        if settings.freeze in ("none", "0"):
            raise UserError(f"{option} is for features of frozen stages, and none are frozen: --freeze, or neither")
        if not settings.features:
            raise UserError(f"{option} does nothing beside --no-features: leave one of both out")


def asked(settings: TrainSettings) -> Mapping[str, object]:
    """The settings of transfer that are not as they are by default."""
    usual: dict[str, object] = {"freeze": "none", "gradual": False, "stage_lr": 1.0}
    given = {name: getattr(settings, name) for name in usual}
    return {name.replace("_", "-"): value for name, value in given.items() if value != usual[name]}


def _options(settings: TrainSettings) -> str:
    return " and ".join(f"--{name}" + ("" if value is True else f" {value}") for name, value in asked(settings).items())


def _count(freeze: str, stages: Stages, net: str) -> int:
    """The number of stages that `freeze` means."""
    count = len(stages) if freeze == BACKBONE else int(freeze) if freeze.isdecimal() else 0
    if count > len(stages):
        raise UserError(
            f"--freeze {freeze}: {net} has {counted(len(stages), 'stage')} before its last layer: {stages.summary()}; "
            f"give 0 to {len(stages)}, or {BACKBONE} for all of them"
        )
    if freeze == BACKBONE and not count:
        raise UserError(f"--freeze {freeze}: {net} has no layers before its last one; leave it out")
    return count


def _whole(network: nn.Module, layers: set[str]) -> Iterator[nn.Module]:
    """The modules of `network` all of whose weights are in those of `layers`, and what stands before one of them."""
    waiting: list[nn.Module] = []
    for name, module in network.named_modules():
        own = any(True for _ in module.parameters(recurse=False))
        below = [one for one, part in module.named_modules() if any(True for _ in part.parameters(recurse=False))]
        if below and all(f"{name}.{one}".strip(".") in layers for one in below):
            yield from waiting
            yield module
            waiting = []
        elif own:
            waiting = []
        elif not below:
            waiting.append(module)
