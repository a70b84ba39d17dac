"""`Description`: a network's layers and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from convsight.describe.layer import Layer, volume_text
from convsight.describe.layer_rows import layers_of
from convsight.describe.trace import trace
from convsight.describe.training_memory import OPTIMIZER_COPIES, Memory, training_memory
from convsight.errors import UserError, unknown_name
from convsight.nets.dry_run.diagnosis import explained
from convsight.nets.dry_run.run import CannotRunError
from convsight.nets.stages import Stages, stages_in
from convsight.pages.cell import long_table, shown
from convsight.words import counted


@dataclass(frozen=True)
class Description:
    """What a network called `name` does to one image of `input` (sides..., channels), layer by layer."""

    name: str
    input: tuple[int, ...]
    layers: tuple[Layer, ...]
    memory: Memory | None = None  # of a training step, where a batch was given
    stages: Stages | None = None  # what `convsight train --freeze N` counts

    @property
    def parameters(self) -> int:
        """Numbers that training changes; a shared one counts once."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of convolutions and matrix products for one image."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def flops(self) -> int:
        """Two a multiply-add."""
        return 2 * self.multiply_adds

    @property
    def other_operations(self) -> int:
        """Biases, sums, comparisons and function values for one image."""
        return sum(layer.other_operations for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Bytes of all that the layers give for one image, in float32."""
        return sum(layer.activation_bytes for layer in self.layers)

    def _repr_html_(self) -> str:
        """The layers and their totals, which a notebook shows below the cell."""
        rows = [
            (each.name, each.kind, volume_text(each.output), *(f"{n:,}" for n in (each.parameters, each.multiply_adds)))
            for each in self.layers
        ]
        head = ("layer", "kind", "output", "parameters", "multiply-adds")
        total = f"{counted(self.parameters, 'parameter')}, {self.multiply_adds:,} multiply-adds for one image"
        table = long_table(head, rows, counted(len(rows), "layer"), numbers=(3, 4))
        return shown(f"{self.name} on {volume_text(self.input)}", [total], table)

    def to_json(self) -> dict[str, Any]:
        """The layers, their totals, and the memory where it was predicted."""
        total = {
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "flops": self.flops,
            "other_operations": self.other_operations,
            "activation_bytes": self.activation_bytes,
        }
        document: dict[str, Any] = {"net": self.name, "input": self.input}
        document |= {"layers": [layer.to_json() for layer in self.layers], "total": total}
        if self.stages:
            document["stages"] = [stage.layers for stage in self.stages.stages]
        return document | ({"training_memory": self.memory.to_json()} if self.memory else {})


def describe_module(
    model: nn.Module, shape: Sequence[int], name: str = "", batch: int | None = None, optimizer: str = "adamw"
) -> Description:
    """The description of any module that takes images of `shape` (channels, *sides).

    With `batch`, the memory of a training step on so many images is predicted too. Branches, reuse, and what
    `forward` computes in plain Python are seen. Raises a `UserError` that says which layer cannot work, why, and what
    would mend it.

    >>> found = describe_module(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(72, 2)), (3, 5, 5))
    >>> found.parameters, found.multiply_adds
    (370, 2088)
    >>> print(found.layers[0].parameters_formula, "|", found.layers[0].output_formula)
    (3*3*3 + 1)*8 | 5 - 3 + 1 = 3
    """
    if min(shape, default=0) < 1:
        raise UserError(f"sides and channels that go in must be at least 1, not {tuple(shape)}")
    try:
        root = trace(model, (1, *shape))
    except CannotRunError as stopped:
        raise explained(model, (1, *shape), stopped) from stopped
    stages = stages_in(model, (1, *shape))
    memory = None if batch is None else _memory(model, (batch, *shape), optimizer)
    return Description(name or type(model).__name__, (*shape[1:], shape[0]), tuple(layers_of(root)), memory, stages)


def _memory(model: nn.Module, shape: Sequence[int], optimizer: str) -> Memory:
    if shape[0] < 1:
        raise UserError(f"a batch must hold at least one image, not {shape[0]}")
    if optimizer not in OPTIMIZER_COPIES:
        raise unknown_name("optimizer", optimizer, OPTIMIZER_COPIES)
    try:
        return training_memory(model, shape, optimizer)
    except Exception as error:  # whatever a layer raises that it does not in evaluation
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(f"it cannot be trained on {counted(shape[0], 'image')} at once: {said[0]}") from error
