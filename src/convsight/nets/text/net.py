"""`Net`: a whole network as it is written."""

from dataclasses import dataclass, field

from convsight.nets.text.layer_errors import Span
from convsight.nets.text.layers.layer import Init, Layer
from convsight.nets.text.volume import InputShape


@dataclass(frozen=True)
class Net:
    """Layers in order, the input they are made for and how weights start, both None where the text says nothing.

    `text` is what it was read from, and `input_span` where that names the input; both are for messages alone.
    """

    layers: tuple[Layer, ...]
    input: InputShape | None = None
    init: Init | None = None
    text: str = field(default="", compare=False)
    input_span: Span | None = field(default=None, compare=False)
