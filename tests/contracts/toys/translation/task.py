"""The target of an example is another image, made a tensor when it is asked for."""

from typing import final

from tests.contracts.toys.to_image import ToImage
from torch import Tensor, nn

from convsight.augmentation import Batch
from convsight.card import Card
from convsight.settings import TrainSettings
from convsight.tasks.learner import Learner, OneNetwork


@final
class Translation(ToImage):
    def learner(self, network: nn.Module, card: Card, settings: TrainSettings) -> Learner:
        def loss(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
            return {"total": (network(batch.image).float().sigmoid() - batch.targets["image"]).square().mean()}

        return OneNetwork(network, loss)
