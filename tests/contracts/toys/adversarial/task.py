"""Two networks in turn: a generator of images, and a critic that tells them from real ones."""

from collections.abc import Mapping
from typing import final

import torch
from tests.contracts.toys.plain import SIDE
from tests.contracts.toys.to_image import ToImage
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner, Optimized, Update


@final
class Adversarial(ToImage):
    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        return TwoNetworks(network)


class TwoNetworks(Learner):
    """Goodfellow et al., Generative Adversarial Nets, 2014, with the distance to the target beside it."""

    fooled: Tensor

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.network = generator
        self.critic = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1))
        self.critic(torch.zeros(1, 1, SIDE, SIDE))
        self.register_buffer("fooled", torch.zeros(()))  # how sure the critic was lately: an entry of its own

    def optimized(self) -> Mapping[str, Optimized]:
        return {"generator": Optimized(self.network), "critic": Optimized(self.critic, "adamw", lr_scale=0.5)}

    def step(self, batch: Batch, update: Update) -> Mapping[str, Tensor]:
        real = batch.targets["image"]
        made = self.network(batch.image).float().sigmoid()
        critic = _surprise(self.critic(real), 1) + _surprise(self.critic(made.detach()), 0)
        update(critic, "critic")
        judged = self.critic(made)
        self.fooled.lerp_(judged.detach().float().sigmoid().mean(), 0.1)
        distance, fooling = (made - real).square().mean(), _surprise(judged, 1)
        update(distance + 0.01 * fooling, "generator")
        return {"total": distance + 0.01 * fooling, "distance": distance, "fooling": fooling, "critic": critic}


def _surprise(logits: Tensor, target: int) -> Tensor:
    return binary_cross_entropy_with_logits(logits.float(), torch.full_like(logits, target, dtype=torch.float32))
