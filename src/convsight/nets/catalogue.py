"""The catalogue: a name -> a network. A net of ours is one file and one line here; torchvision's go by their names.

timm's are `timm/<name>`; those that torchvision lacks and the lectures name have a name of their own. A text, a TOML
file or a Keras file stands for the network that it describes.
"""

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from convsight.habits import unknown_net
from convsight.nets.entry import NetEntry, NetShape
from convsight.nets.image_sizes import check_kind, fits, size_error, smallest_square
from convsight.nets.keras.archive import is_keras_file
from convsight.nets.keras.entry import keras_entry, keras_text
from convsight.nets.lecture_nets import LECTURE1, LECTURE2, LECTURE3
from convsight.nets.lenet5 import LeNet5
from convsight.nets.own import is_own, own_entry
from convsight.nets.perceptron import mlp, perceptron
from convsight.nets.small import SmallNet
from convsight.nets.small_3d import Small3d
from convsight.nets.text.entry import text_entry
from convsight.nets.text.shape_check import check_sides
from convsight.nets.text.source import canonical, is_net_text
from convsight.nets.timm_nets import BORROWED, PREFIX, borrowed_entry, timm_entry
from convsight.nets.torchvision_nets import torchvision_entry, torchvision_names

__all__ = [
    "NETS",
    "NetEntry",
    "NetShape",
    "build_net",
    "canonical_name",
    "check_size",
    "knows",
    "net_entry",
    "net_names",
    "smallest_side",
]

_LICENCE = "Apache-2.0"
_LECTURE_OUTPUTS = 10
_LECTURE = "V. Havard, CNN overview, CESI LINEACT"


def _written(text: str, about: str, channels: int) -> NetEntry:
    """The entry of a network of the lecture, which is a text."""
    entry = text_entry(text)
    return replace(
        entry, about=about, licence=_LICENCE, source=_LECTURE, side=28, channels=channels, outputs=_LECTURE_OUTPUTS
    )


NETS: dict[str, NetEntry] = {
    "small": NetEntry(
        SmallNet,
        "residual net for small images; the default",
        _LICENCE,
        "He et al., Deep Residual Learning for Image Recognition, 2016",
        side=64,
        smallest=1,
        outputs=10,
    ),
    "small-3d": NetEntry(
        Small3d,
        "residual net for volumes; the default for these",
        _LICENCE,
        "Hara, Kataoka and Satoh, Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and ImageNet?, 2018",
        side=32,
        smallest=3,
        volumes=True,
        channels=1,
        outputs=2,
    ),
    "perceptron": NetEntry(
        perceptron,
        "one dense layer, no convolution",
        _LICENCE,
        "Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain, 1958",
        side=28,
        smallest=1,
        channels=1,
        outputs=10,
    ),
    "mlp": NetEntry(
        mlp,
        "multilayer perceptron: two hidden layers, no convolution",
        _LICENCE,
        "Rumelhart, Hinton and Williams, Learning Representations by Back-propagating Errors, 1986",
        side=28,
        smallest=1,
        channels=1,
        outputs=10,
    ),
    "lecture1": _written(LECTURE1, "two convolutions and a dense layer", channels=3),
    "lecture2": _written(LECTURE2, "lecture1 with max pooling after each convolution", channels=3),
    "lecture3": _written(LECTURE3, "lecture2 with two 3x3 convolutions", channels=1),
    "lenet5": NetEntry(
        LeNet5,
        "LeNet-5 with ReLU and max pooling",
        _LICENCE,
        "LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998",
        side=28,
        smallest=12,
        channels=1,
        outputs=10,
    ),
}


def net_names() -> list[str]:
    """Names of all networks but timm's, ours first; imports torchvision, which takes about a second."""
    return [*NETS, *BORROWED, *(name for name in torchvision_names() if name not in NETS)]


def knows(name: str) -> bool:
    """Whether the catalogue has a network called `name`, or it is a text or file of one; of timm's any name may be."""
    return name in NETS or is_keras_file(name) or is_net_text(name) or name.startswith(PREFIX) or name in net_names()


def net_entry(name: str) -> NetEntry:
    """What the catalogue knows of the network called `name`.

    Raises `UserError` for a name that is not in it, with the nearest ones.
    """
    if name in NETS:
        return NETS[name]
    for is_one, entry in _OTHERS:
        if is_one(name):
            return entry(name)
    names = net_names()
    if name not in names:
        raise unknown_net(name, names)
    return torchvision_entry(name)


# What is in no list of ours: how its name is told, and its entry.
_OTHERS: tuple[tuple[Callable[[str], bool], Callable[[str], NetEntry]], ...] = (
    (lambda name: name in BORROWED, borrowed_entry),
    (is_own, own_entry),
    (is_keras_file, keras_entry),
    (is_net_text, text_entry),
    (lambda name: name.startswith(PREFIX), timm_entry),
)


def build_net(name: str, shape: NetShape) -> nn.Module:
    """The network called `name` with fresh weights, drawn from PyTorch's global generator.

    Takes normalised float images (batch, channels, height, width), gives (batch, outputs) numbers.
    Raises `UserError` for an unknown name and for images the network cannot take.

    >>> net = build_net("lecture1", NetShape(outputs=10, channels=3, height=28, width=28))
    >>> sum(p.numel() for p in net.parameters())
    52010
    """
    check_size(name, shape)
    return net_entry(name).build(shape)


def check_size(name: str, shape: NetShape) -> None:
    """Raise a `UserError` that says what sides would do, if the network cannot take images of this shape.

    >>> check_size("lecture1", NetShape(outputs=10, channels=3, height=6, width=6))
    Traceback (most recent call last):
        ...
    convsight.errors.UserError: lecture1 needs images of at least 7 px; 6 was asked: use --size 7 or more, ...
    """
    text = canonical_name(name)
    check_kind(name, net_entry(name), shape)
    if is_net_text(text):  # whose arithmetic needs no network, and says which word is at fault
        check_sides(text, shape)
        return
    entry = net_entry(name)
    if not fits(entry, shape):
        raise size_error(name, entry, shape)


def canonical_name(name: str) -> str:
    """What a card stores: the text of a Keras or TOML file, which rebuilds the network without it; else the name.

    Raises `UserError` for a text with a mistake, at the word.

    >>> canonical_name("conv 8 3x3 relu|globalavg | dense classes")
    'conv 8 3x3 relu | globalavg | dense classes'
    """
    if is_keras_file(name):
        return keras_text(name)
    return canonical(name) if is_net_text(name) else name


def smallest_side(name: str, channels: int, outputs: int) -> int:
    """Side in pixels of the smallest square image the network takes; computes shapes, never values.

    Raises `UserError` for an unknown name.

    >>> smallest_side("lenet5", channels=1, outputs=10)
    12
    """
    return smallest_square(net_entry(name), channels, outputs)
