"""The shape of a network of the catalogue for what a card describes."""

from convsight.card import Card
from convsight.inputs import VolumeInput, as_image
from convsight.nets.entry import NetShape


def net_shape(card: Card) -> NetShape:
    """As many outputs as the target has, for images or volumes of the input's size."""
    if isinstance(card.input, VolumeInput):
        volume = card.input
        return NetShape(card.target.outputs, volume.channels, volume.height, volume.width, volume.depth)
    sides = as_image(card.input, card.task)
    return NetShape(card.target.outputs, sides.channels, sides.height, sides.width)
