"""The layers of a network as a page shows them: an operation with the normalisation and activation behind it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from convsight.inside.written.steps import PICTURE, Step

# What hands values on as they are, and so is no layer.
PASSING = frozenset(
    {
        "view",
        "_unsafe_view",
        "reshape",
        "flatten",
        "clone",
        "detach",
        "alias",
        "contiguous",
        "permute",
        "transpose",
        "t",
    }
    | {"squeeze", "unsqueeze", "expand", "select", "slice", "as_strided", "_to_copy", "unfold", "chunk", "split"}
    | {"constant_pad_nd"}  # what is put around a map; it is seen in the window of the layer that follows
)
# What changes values one by one, and so belongs to the layer that made them.
GOES_ON = frozenset(
    {"native_batch_norm", "native_layer_norm", "native_group_norm", "relu", "hardtanh", "hardswish", "hardsigmoid"}
    | {"silu", "sigmoid", "tanh", "gelu", "elu", "leaky_relu", "clamp", "clamp_min", "mish", "softplus"}
)


@dataclass(frozen=True)
class ShownLayer:
    """Consecutive `steps` whose last gives what is shown: `volume` (rows, columns, channels), or (values,) of a vector.

    `name` is that of the first module, with the operation where the module runs others too.
    """

    name: str
    steps: tuple[Step, ...]

    @property
    def volume(self) -> tuple[int, ...]:
        """(rows, columns, channels) of maps, (tokens, values, 1) of a sequence, (values,) of a vector."""
        return volume_of(self.steps[-1])

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is done, in the words of the field."""
        return tuple(_WORDS.get(step.operation, step.operation.strip("_").replace("_", " ")) for step in self.steps)

    @property
    def wanted(self) -> frozenset[int]:
        """The indices of its steps."""
        return frozenset(step.index for step in self.steps)


_WORDS = {
    "convolution": "convolution",
    "native_batch_norm": "batch normalisation",
    "native_layer_norm": "layer normalisation",
    "native_group_norm": "group normalisation",
    "max_pool2d_with_indices": "max pooling",
    "avg_pool2d": "average pooling",
    "_adaptive_avg_pool2d": "average pooling",
    "addmm": "dense",
    "mm": "dense",
    "cat": "joined",
    "add": "sum",
    "mul": "product",
    "relu": "ReLU",
    "hardtanh": "ReLU6",
    "gelu": "GELU",
    "silu": "SiLU",
}


def volume_of(step: Step) -> tuple[int, ...]:
    """The result of a step as a volume.

    >>> volume_of(Step(0, "conv1", "convolution", (-1,), (1, 64, 112, 110), True))
    (112, 110, 64)
    >>> volume_of(Step(0, "", "mean", (-1,), (1, 512, 1, 1), False))
    (512,)
    """
    shape = step.shape
    if len(shape) == 4:
        channels, rows, columns = (shape[axis] for axis in ((3, 1, 2) if step.channels_last else (1, 2, 3)))
        return (channels,) if rows == columns == 1 else (rows, columns, channels)
    return (*shape[1:], 1) if len(shape) == 3 else shape[1:]


def place_in(step: Step, channel: int, row: int, column: int) -> tuple[int, ...]:
    """The place in a step's result of a cell of its volume."""
    if len(step.shape) == 4:
        return (0, row, column, channel) if step.channels_last else (0, channel, row, column)
    return (0, row, column) if len(step.shape) == 3 else (0, channel)


def layers_of_steps(steps: Sequence[Step]) -> list[ShownLayer]:
    """The layers that `steps` make up, low to high level."""
    found: list[ShownLayer] = []
    for step in steps:
        if step.operation in PASSING or not 2 <= len(step.shape) <= 4 or step.shape[0] != 1:
            continue
        last = found[-1] if found else None
        if last and step.operation in GOES_ON and step.sources == (last.steps[-1].index,):
            found[-1] = replace(last, steps=(*last.steps, step))
        else:
            found.append(ShownLayer(_name(step), (step,)))
    return _named_apart(found)


def sees_picture(steps: Sequence[Step], step: Step) -> bool:
    """Whether nothing but what passes values on stands between a step and the picture."""
    [source, *others] = step.sources
    if others or source == PICTURE:
        return not others
    return steps[source].operation in PASSING and sees_picture(steps, steps[source])


def _name(step: Step) -> str:
    if step.is_whole_module and step.path:
        return step.path
    operation = step.operation.strip("_")
    return f"{step.path}.{operation}" if step.path else operation


def _named_apart(layers: list[ShownLayer]) -> list[ShownLayer]:
    uses: Counter[str] = Counter()
    found = []
    for layer in layers:
        uses[layer.name] += 1
        name = layer.name if uses[layer.name] == 1 else f"{layer.name} (use {uses[layer.name]})"
        found.append(replace(layer, name=name))
    return found
