"""`NetShape` and `NetEntry`: what a network is built for, and what the catalogue knows of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from convsight.images import InputSize


@dataclass(frozen=True)
class NetShape:
    """What goes in and what comes out: images (batch, channels, height, width) in, (batch, outputs) numbers out.

    What the outputs mean is the task's: a logit a class, a number, a component of an embedding.
    """

    outputs: int
    channels: int
    height: int
    width: int
    depth: int | None = None  # of volumes (batch, channels, depth, height, width)

    def __post_init__(self) -> None:
        if min(self.outputs, *self.planes) < 1:
            raise ValueError(f"every number of a net's shape must be at least 1: {self}")

    @property
    def planes(self) -> tuple[int, ...]:
        """The shape of one input: channels, then its sides."""
        sides = (self.height, self.width) if self.depth is None else (self.depth, self.height, self.width)
        return (self.channels, *sides)


@dataclass(frozen=True)
class Pretrained:
    """The weights that the library of a network offers.

    `source` and `licence` are for lists. `read` gets the tensors by name, from the library's cache or the network, for
    a network of 3 channels and the library's outputs; it raises `UserError` that names the file to bring. `mean` and
    `std` are those of the images, in 0..1, that the weights were trained on. `accuracy` is the published share of
    ImageNet's validation images predicted right, in 0..1, where `accuracy_source` says.

    For those who use the network as it is: `size` is how the library prepares images for it, `classes` tells the names
    of its outputs; None where that cannot be told. `is_here` says whether `read` needs no network, `place` where it
    reads from, `digits` are the first of the SHA-256 of the file there, `as_loaded` is what the library does to its
    tensors.
    """

    source: str
    licence: str
    read: Callable[[], Mapping[str, Tensor]]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    accuracy: float | None = None
    accuracy_source: str = ""
    size: InputSize | None = None
    classes: Callable[[], tuple[str, ...]] | None = None
    is_here: Callable[[], bool] = bool
    place: str = ""
    digits: str = ""
    as_loaded: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = dict


@dataclass(frozen=True)
class NetEntry:
    """One network of the catalogue.

    `build` makes it with fresh weights: normalised float images (batch, channels, height, width) in,
    (batch, outputs) plain numbers out. `about` is one line for lists, `licence` that of the code, `source` the paper or
    definition. Both sides of an image must be multiples of `multiple` px, and equal where `square` is set.

    `side` is the side in px that the network was made for, which for pretrained ones is that of their published
    accuracy: larger images are reduced to it unless the user says otherwise. `smallest` is the smallest side it
    takes; without it the network is run on the meta device, whose first use takes PyTorch seconds. Where `fixed` is
    set no smallest is sought: the network is built for one size, and only `side` is sure to work.

    With `volumes` it takes these (batch, channels, depth, height, width) and no images; its `side` is that of a cube.

    `channels` and `outputs` are those of its paper, lecture or weights, for which lists count it. `pretrained` is what
    `--weights imagenet` loads, `others` the library's older ones.
    """

    build: Callable[[NetShape], nn.Module]
    about: str
    licence: str
    source: str
    side: int
    smallest: int | None = None
    multiple: int = 1
    square: bool = False
    fixed: bool = False
    volumes: bool = False
    channels: int = 3
    outputs: int = 1000
    pretrained: Pretrained | None = None
    others: tuple[Pretrained, ...] = ()

    @property
    def accuracy(self) -> float | None:
        """The published accuracy of its pretrained weights, in 0..1."""
        return self.pretrained.accuracy if self.pretrained else None

    @property
    def accuracy_source(self) -> str:
        """Where that is published."""
        return self.pretrained.accuracy_source if self.pretrained else ""

    @property
    def default_shape(self) -> NetShape:
        """The shape that the network was made for."""
        return self.cube(self.outputs, self.channels, self.side)

    def cube(self, outputs: int, channels: int, side: int) -> NetShape:
        """A shape of equal sides, as the network takes it: a square image, or a cube."""
        return NetShape(outputs, channels, side, side, side if self.volumes else None)
