"""`text_entry`: a network's text as the catalogue's entries are."""

from torch import nn

from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.text.build import build
from convsight.nets.text.layer_errors import LayerError
from convsight.nets.text.net import Net
from convsight.nets.text.shape_check import check_net, logit_steps, smallest_sides
from convsight.nets.text.source import net_of, title_of
from convsight.nets.text.steps import walk
from convsight.nets.text.volume import Volume

_SIDE = 64  # px, as the default net: larger images are reduced to it unless the user says otherwise
_CHANNELS = (3, 1)
_OUTPUTS = 10  # of descriptions, where the text says `classes`


def text_entry(name: str) -> NetEntry:
    """The network of a text or TOML file. Its `build` raises a `UserError` that points at the word in question.

    A softmax at its end is left out: tasks take logits.

    >>> entry = text_entry("conv 16 3x3 relu | conv 32 5x5 stride 2 relu | flatten | dense classes")
    >>> net = entry.build(NetShape(outputs=10, channels=3, height=28, width=28))
    >>> sum(p.numel() for p in net.parameters()), entry.smallest
    (52010, 7)
    """
    return entry_of(net_of(name), title_of(name), source="a text of yours")


def entry_of(net: Net, about: str, source: str) -> NetEntry:
    """The catalogue's entry of a network that has been read."""

    def make(shape: NetShape) -> nn.Module:
        return build(logit_steps(check_net(net, shape)), net.init)

    given = [side for side in net.input.sides if side is not None] if net.input else []
    channels = _CHANNELS if net.input is None or net.input.channels is None else (net.input.channels,)
    smallest = max(*given, 1, *(_smallest(net, number) for number in channels))
    side = max(max(given, default=_SIDE), smallest)
    outputs = _outputs(net, Volume(channels[0], (side, side)))
    return NetEntry(make, about, "yours", source, side=side, channels=channels[0], outputs=outputs, smallest=smallest)


def _smallest(net: Net, channels: int) -> int:
    """The smallest side of a square image in which every kernel finds room."""
    return max(smallest_sides(net.layers, Volume(channels, (1, 1))) or (1,))


def _outputs(net: Net, volume: Volume) -> int:
    """How many numbers come out; a usual number where that is the data's to say."""
    try:
        return walk(net.layers, volume, _OUTPUTS)[-1].after.channels
    except LayerError:  # `build` will say why
        return _OUTPUTS
