"""A network as part of the page about a run."""

from typing import NamedTuple

from convsight.card import Card
from convsight.describe.description import describe_module
from convsight.describe.html_page import STYLE, drawing, layers_table
from convsight.describe.resolve import net_on_card
from convsight.pages.markup import Markup


class NetworkPart(NamedTuple):
    """The volumes drawn, the table of layers with its own `style`, and what they add up to for one image."""

    drawing: Markup
    layers: Markup
    style: str
    parameters: int
    multiply_adds: int
    layer_count: int


def network_part(card: Card) -> NetworkPart:
    """The network on `card`; raises `UserError` where it cannot be built from that alone."""
    net = net_on_card(card)
    found = describe_module(net.model, net.shape, net.name)
    return NetworkPart(
        drawing(found), layers_table(found), STYLE, found.parameters, found.multiply_adds, len(found.layers)
    )
