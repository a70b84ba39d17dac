"""What a training works on whose first stages are frozen: features computed once, and the layers that learn."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from convsight.card import Card
from convsight.datasets import Examples
from convsight.rng import uniform
from convsight.training.features.computing import FeatureRows

ON_IMAGES = -1  # as `Choices.views`: a training that computes what is frozen in every epoch
SEEN = "seen again"  # in `Frozen.judged`: some of the training images


@final
@dataclass(frozen=True)
class Frozen:
    """Features in place of images: `card` and `examples` are as the layers that learn, `tail`, are given them.

    `whole` is the network that they are of; `views` are the features of the training images: as they are, and varied.
    `judged` are the splits that are judged in the end, and `SEEN`, of the images as the deployed network sees them: as
    they are, and mirrored where it looks twice.
    """

    whole: nn.Module
    tail: nn.Module
    card: Card
    examples: Mapping[str, Examples]
    views: tuple[FeatureRows, ...]
    judged: Mapping[str, Examples]
    seed: int

    def whole_with(self, tail: nn.Module) -> nn.Module:
        """The network as it is deployed, with the weights of `tail`."""
        self.whole.load_state_dict({**self.whole.state_dict(), **tail.state_dict()})
        return self.whole

    def tail_of(self, whole: nn.Module) -> nn.Module:
        """What of a network as it is deployed follows the features."""
        tail, weights = copy.deepcopy(self.tail), whole.state_dict()
        tail.load_state_dict({name: weights[name] for name in tail.state_dict()})
        return tail.eval()

    def card_of_judged(self, card: Card) -> Card:
        """`card`, of the network as it is deployed, for what of it follows the features."""
        return card.model_copy(update={"input": self.judged[SEEN].images.spec})

    def take(self, samples: NDArray[np.int64], numbers: NDArray[np.int64], epoch: int) -> NDArray[np.float32]:
        """Features (samples, 1, numbers, 1) of training images as `epoch` sees them: every view in turn.

        `numbers` tell draws of one image in an epoch apart.
        """
        first = (uniform(self.seed, 0, numbers, 1)[:, 0] * len(self.views)).astype(np.int64)
        seen = (first + epoch) % len(self.views)
        found = np.empty((len(samples), *self.card.input.array_shape), np.float32)
        for view in np.unique(seen).tolist():
            mine = seen == view
            found[mine] = self.views[view].take(samples[mine])
        return found
