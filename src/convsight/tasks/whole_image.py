"""`WholeImageTask`: what tasks share that answer about an image as a whole, by any network of the catalogue."""

from abc import ABC
from collections.abc import Collection
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from convsight.card import Card
from convsight.datasets import Dataset
from convsight.inputs import InputSpec
from convsight.nets.catalogue import NetShape, build_net, canonical_name, check_size, net_entry
from convsight.nets.cut import Cut, cut_network
from convsight.nets.dry_run.build import WithoutMemory
from convsight.nets.grid_head import HEAD_POOL, with_grid_head
from convsight.nets.stages import Stages
from convsight.nets.text.source import is_net_text
from convsight.nets.weights import Weights, adapt_weights, read_weights
from convsight.settings import TrainSettings
from convsight.tasks.capabilities import Start
from convsight.tasks.contract import Task
from convsight.tasks.image_size import choose_side, typical_side, unmeasured
from convsight.tasks.last_vector import last_vectors
from convsight.tasks.net_shape import net_shape
from convsight.tasks.net_stages import net_stages
from convsight.tasks.start import SMALL, choose_start, untried_weights
from convsight.tasks.volume_size import hold_volumes, unmeasured_volumes


class WholeImageTask(Task, ABC):
    """A network of the catalogue, fresh or pretrained, whose outputs are about the image as a whole."""

    default_net = SMALL
    batch_divisor = 1
    finetune_lr_scale = 1 / 15
    # What is done to images of another aspect ratio where the user leaves that open.
    usual_fit: ClassVar[Literal["crop", "squash"]] = "squash"  # what a crop leaves out may be what is asked for

    def net(self, name: str, settings: TrainSettings) -> str:
        net = canonical_name(name)
        entry = net_entry(net)
        # A text that fails at a side of its own choice fails at any; the catalogue's networks work at theirs.
        side = settings.size or (entry.side if is_net_text(net) else None)
        if side is not None:
            check_size(net, entry.cube(entry.outputs, entry.channels, side))
        return net

    def shape(self, card: Card) -> NetShape:
        """The shape of the network on `card`: as many outputs as it tells classes, labels or the like."""
        return net_shape(card)

    def head_pool(self, card: Card) -> int:
        """How many cells of the image a side the last layer is told of."""
        return int(card.options.get(HEAD_POOL, 1))

    def build(self, card: Card) -> nn.Module:
        network, cells = build_net(card.net, self.shape(card)), self.head_pool(card)
        return network if cells == 1 else with_grid_head(network, card.net, self.shape(card), cells)

    def check(self, card: Card) -> None:
        check_size(card.net, self.shape(card))
        if self.head_pool(card) != 1:
            with WithoutMemory():
                self.build(card)

    def input(self, net: str, dataset: Dataset, settings: TrainSettings) -> tuple[InputSpec, str]:
        split = dataset.split("train")
        if hold_volumes(split):
            return unmeasured_volumes(split, settings)
        side, why = choose_side(settings, typical_side(split), net_entry(net).side)
        return unmeasured(side, side, settings.fit or self.usual_fit, split, settings.colour), why

    def start(self, dataset: Dataset, settings: TrainSettings) -> Start:
        return choose_start(dataset, settings)

    def untried_weights(self, card: Card) -> str:
        return untried_weights(card, card.net)

    def weights(self, net: str, weights: str, *, download: bool) -> Weights:
        return read_weights(net, weights, download=download)

    def adapt(self, model: nn.Module, card: Card, weights: Weights) -> list[str]:
        return adapt_weights(model, card.net, weights, card.input.channels, self.head_pool(card))

    def stages(self, model: nn.Module, card: Card) -> Stages:
        return net_stages(model, card)

    def vectors(self, model: nn.Module, planes: Tensor) -> Tensor:
        return last_vectors(model, planes)

    def cut(self, network: nn.Module, frozen: Collection[str], card: Card) -> Cut:
        return cut_network(network, frozen, card.input.planes_shape)


def options_of_head(settings: TrainSettings) -> dict[str, Any]:
    """What cards tell of the last layer: nothing where it is the network's own."""
    return {} if settings.head_pool == 1 else {HEAD_POOL: settings.head_pool}
