"""The stages of a network of the catalogue that answers about whole images."""

from torch import nn

from convsight.card import Card
from convsight.nets.stages import Stages, stages_of
from convsight.nets.weight_mismatch import Reference


def net_stages(model: nn.Module, card: Card) -> Stages:
    """The stages of `model`, the network on `card`, before the layers whose shape follows from its outputs."""
    answering = {name.rpartition(".")[0] for name in Reference.of(card.net).by_outputs}
    return stages_of(model, (1, *card.input.planes_shape), answering=answering)
