"""`Training`: everything that the loop works on, and how far it is."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from convsight.augmentation import Augmentation
from convsight.card import Card
from convsight.datasets import Examples
from convsight.metrics import Measured
from convsight.nets.input_layers import InputLayer
from convsight.run import Row, Run
from convsight.tasks import reader_of
from convsight.tasks.learner import Learner
from convsight.tasks.reader import Reader
from convsight.training.callbacks import Callbacks
from convsight.training.choices import SEEN_AGAIN
from convsight.training.clock import Clock
from convsight.training.ema import Ema
from convsight.training.epoch_state import EpochState
from convsight.training.features.frozen import Frozen
from convsight.training.generations import Generations
from convsight.training.loader import Loader
from convsight.training.log.trackers import Trackers
from convsight.training.plan import Plan
from convsight.training.plateau import Plateau
from convsight.training.processes.processes import ALONE, Processes
from convsight.training.transfer import Transfer
from convsight.training.update import OptimizerSteps
from convsight.training.waiting import waited_share


@dataclass
class Training:
    """Everything the loop works on, and how far it is; `plan` is what it shall be, and does not change."""

    plan: Plan
    learner: Learner
    ema: Ema | None
    update: OptimizerSteps
    loader: Loader
    augmentation: Augmentation
    varies_most: bool  # whether inputs vary as much as --augment strong would have them
    inputs: InputLayer
    train: Examples
    val: Examples
    run: Run
    checkpoints: Generations
    clock: Clock
    transfer: Transfer | None = None  # None: all of the network learns alike
    processes: Processes = ALONE  # that train together, of which this is one
    frozen_part: Frozen | None = None  # its features, where they stand for the images
    plateau: Plateau | None = None  # what lowers the rate where epochs get no better, if the schedule does
    callbacks: Callbacks = field(default_factory=Callbacks)
    log: Trackers = field(default_factory=Trackers)
    splits: str = ""  # the digest of the run's cut
    reasons: tuple[str, ...] = ()  # what was chosen for what is learnt, in words
    epoch: int = 0
    step: int = 0
    averaged: int = 0  # how often the averaged weights moved
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
    budget_from: float = 0.0  # the seconds already spent when the present --minutes began
    part: EpochState | None = None  # of the epoch that is not whole yet; None between two
    saved_step: int | None = None  # that of the last checkpoint
    is_unsaved: bool = False  # whether the last one could not be written
    best_epoch: int = 0
    risen_epoch: int = 0  # when the metric itself last rose, ties aside
    best_key: tuple[float, ...] = (-math.inf,)
    # On the test split, before the first step; see beginning.py.
    frozen: dict[str, Measured] = field(default_factory=dict)
    seen_again: int = SEEN_AGAIN

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.plan.device

    @property
    def reader(self) -> Reader:
        """What reads the predictions of the network, uncalibrated."""
        return reader_of(self.plan.card)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.plan.rate(self.clock.progress, self.epoch) * (self.plateau.share if self.plateau else 1)

    @property
    def kept(self) -> nn.Module:
        """The network that is validated and kept: the averaged one if there is one."""
        return self.ema.model if self.ema else self.learner.network

    @property
    def taught(self) -> Card:
        """The card of what learns: of the network, or of the layers that follow its frozen part."""
        return self.frozen_part.card if self.frozen_part else self.plan.card

    @property
    def deployed(self) -> nn.Module:
        """The whole of the kept network."""
        return self.frozen_part.whole_with(self.kept) if self.frozen_part else self.kept

    @property
    def validated(self) -> Examples:
        """The validation split as what learns is given it."""
        return self.frozen_part.examples["val"] if self.frozen_part else self.val

    @property
    def waited_in_vain(self) -> bool:
        """Whether early stopping says stop."""
        patience = self.plan.settings.patience
        return bool(patience) and self.epoch - self.risen_epoch >= patience

    @property
    def is_over(self) -> bool:
        """Whether no step is left to make, and no epoch to end."""
        return self.part is None and (self.clock.done or self.waited_in_vain)

    @property
    def spent(self) -> float:
        """The seconds that all calls so far trained, those of the epoch that is not whole included."""
        return self.seconds + (self.part.seconds if self.part else 0.0)

    def summary(self, finished: bool) -> dict[str, Any]:
        """What the card tells about the training."""
        return {
            **self.plan.card.training,
            "epochs": self.epoch,
            "steps": self.step,
            "best_epoch": self.best_epoch,
            "seconds": round(self.seconds, 1),
            **({} if (share := waited_share(self.rows)) is None else {"waited_share": share}),
            "finished": finished,
        }
