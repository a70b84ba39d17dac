"""`NetShape` and `NetEntry`: what a network is built for, and what the catalogue knows of it."""

from collections.abc import Callable
from dataclasses import astuple, dataclass

from torch import nn


@dataclass(frozen=True)
class NetShape:
    """What goes in and what comes out: pictures (batch, channels, height, width) in, `classes` logits out."""

    classes: int
    channels: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if min(astuple(self)) < 1:
            raise ValueError(f"every number of a net's shape must be at least 1: {self}")


@dataclass(frozen=True)
class NetEntry:
    """One network of the catalogue.

    `build` makes it with fresh weights: normalised float pictures (batch, channels, height, width) in,
    logits (batch, classes) out. `about` is one line for lists, `source` the paper or definition. Both sides
    of a picture must be multiples of `multiple` px, and equal where `square` is set. `side` is the side in px that
    the network was made for: larger pictures are reduced to it unless the user says otherwise. `smallest` is the
    smallest side it takes; without it the network is run on the meta device, whose first use takes PyTorch seconds.
    """

    build: Callable[[NetShape], nn.Module]
    about: str
    licence: str
    source: str
    side: int
    smallest: int | None = None
    multiple: int = 1
    square: bool = False
