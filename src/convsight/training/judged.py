"""`Judged`: what is judged at the end of a training, and by what: the network, or what of it follows kept features.

The latter answers as the whole network does but for the digits of float16, in which features are kept.
"""

from dataclasses import dataclass
from typing import Self, final

from torch import nn

from convsight.card import Card
from convsight.datasets import Examples
from convsight.spread import evenly
from convsight.training.features.frozen import SEEN
from convsight.training.state import Training


@final
@dataclass(frozen=True)
class Judged:
    """`card` describes `network` as it is deployed, uncalibrated; the examples are as it is given them.

    `told` are those that the final metrics are of: the test, or without one the validation. `seen` are training images.
    """

    network: nn.Module
    card: Card
    told: Examples
    val: Examples
    seen: Examples

    @classmethod
    def of(cls, t: Training, whole: nn.Module, test: Examples | None) -> Self:
        """Of the network `whole`, which `t` has trained; `test` are the images of that split, if there is one."""
        part = t.frozen_part
        if part is None:
            seen = t.train.select(evenly(len(t.train), t.seen_again))
            return cls(whole, t.plan.card, test or t.val, t.val, seen)
        told, seen = part.judged["test" if test else "val"], part.judged[SEEN]
        some = seen.select(evenly(len(seen), t.seen_again))
        tail = part.tail_of(whole).to(t.device)
        return cls(tail, part.card_of_judged(t.plan.card), told, part.judged["val"], some)
