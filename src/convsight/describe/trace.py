"""Everything that a network did in a run without numbers: which module, which operation, on which volumes.

Receptive fields are followed from tensor to tensor on the way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from torch import Tensor, nn

from convsight.arithmetic.shapes import Worked
from convsight.describe.field_rules import field_after
from convsight.describe.operation_costs import multiply_adds, other_operations
from convsight.describe.receptive_field import Field
from convsight.nets.dry_run.operation_windows import Windows, windows_of
from convsight.nets.dry_run.run import Call, Observer, Pads, dry_run, tensors_in
from convsight.nets.dry_run.run import Operation as Ran


@dataclass(frozen=True)
class Operation:
    """One operation on tensors. Shapes are those of the tensors, the batch first."""

    name: str  # PyTorch's, such as "convolution"
    inputs: tuple[tuple[int, ...], ...]  # of what the images went into, weights left out
    output: tuple[int, ...]
    field: Field
    windows: Windows | None
    sides: tuple[Worked, ...]  # of a windowed operation: the sides that come out, with formulas
    multiply_adds: int
    multiply_adds_formula: str
    other_operations: int
    output_bytes: int
    makes_values: bool  # not a view of its input, nor written over it
    weights: frozenset[str]  # names of the parameters that went in, as they are or in another view


@dataclass
class ModuleRun:
    """One run of one module: the operations it did itself and the modules it ran, in their order."""

    module: nn.Module
    path: str
    result: tuple[tuple[int, ...], Field] | None = None  # shape and field of the first tensor that it returned
    parts: "list[Operation | ModuleRun]" = field(default_factory=list)

    @property
    def calls(self) -> "list[ModuleRun]":
        """The modules it ran."""
        return [part for part in self.parts if isinstance(part, ModuleRun)]

    @property
    def operations(self) -> list[Operation]:
        """The operations it did itself."""
        return [part for part in self.parts if isinstance(part, Operation)]


def trace(model: nn.Module, shape: Sequence[int]) -> ModuleRun:
    """The run of `model` on images of `shape` (batch, channels, *sides), in evaluation mode.

    The model is left as it is: its tensors are not read, its modes are put back. Raises `CannotRunError` where the
    network does not take such images.

    >>> run = trace(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (1, 3, 5, 5))
    >>> [(part.path, part.operations[0].output) for part in run.calls]
    [('0', (1, 8, 3, 3)), ('1', (1, 8, 3, 3))]
    """
    notes = _Notes(model, shape)
    dry_run(model, shape, notes)
    return notes.root


@final
class _Notes(Observer):
    """Notes every operation in the run under way, and follows receptive fields from tensor to tensor."""

    def __init__(self, model: nn.Module, shape: Sequence[int]) -> None:
        self.root = ModuleRun(model, "")
        self.stack = [self.root]
        self.shape = shape
        self.trained = [name for name, _ in model.named_parameters()]
        self.fields: dict[int, Field] = {}  # by the tensor's id
        self.owners: dict[int, frozenset[str]] = {}  # the parameters that a tensor without images was made of
        self.kept: list[Tensor] = []  # alive, so that no id is given twice; they hold no memory

    def started(self, root: Call, weights: Mapping[str, Tensor]) -> None:
        self.fields[id(root.image)] = Field.of_input(self.shape)
        self.owners.update({id(weights[name]): frozenset([name]) for name in self.trained})

    def began(self, call: Call) -> None:
        run = ModuleRun(call.module, call.path)
        self.stack[-1].parts.append(run)
        self.stack.append(run)

    def ended(self, call: Call, returned: Tensor | None) -> None:
        run = self.stack.pop()
        if returned is not None:
            run.result = tuple(returned.shape), self.fields.get(id(returned), Field((), ()))

    def operated(self, operation: Ran) -> None:
        out = operation.out
        result = out[0] if isinstance(out, tuple | list) and out else out
        if isinstance(result, Tensor):
            self._note(operation, result)

    def _note(self, ran: Ran, result: Tensor) -> None:
        packet, args, out, pads = ran
        tensors = list(tensors_in(args))
        outputs = [value for value in (out if isinstance(out, tuple | list) else [out]) if isinstance(value, Tensor)]
        self.kept.extend(outputs)
        known = [self.fields[id(tensor)] for tensor in tensors if id(tensor) in self.fields]
        own = windows = windows_of(packet, args)
        if windows and pads:
            windows = windows.with_padding(pads[-len(windows.over) :])
        owners = frozenset[str]().union(*(self.owners.get(id(tensor), frozenset()) for tensor in tensors))
        real = _real_axes(known, result.ndim, len(windows.over)) if windows else []
        found = Field((), ())
        if known:
            found = field_after(packet, args, result, known, own, self.shape[0])
            self.fields.update((id(value), found) for value in outputs)
        else:  # made of weights alone
            self.owners.update((id(value), owners) for value in outputs)
        count, formula = multiply_adds(packet, args, out)
        self.stack[-1].parts.append(
            Operation(
                name=str(packet).removeprefix("aten."),
                inputs=tuple(tuple(value.shape) for value in tensors if id(value) in self.fields),
                output=tuple(result.shape),
                field=found,
                windows=windows.only(real) if windows else None,
                sides=tuple(_sides(windows, tensors[0], pads)[index] for index in real) if windows else (),
                multiply_adds=count,
                multiply_adds_formula=formula,
                other_operations=other_operations(packet, args, out),
                output_bytes=result.numel() * result.element_size(),
                makes_values=not any(result is tensor for tensor in tensors) and not result._is_view(),
                weights=owners,
            )
        )


def _real_axes(known: list[Field], ndim: int, count: int) -> list[int]:
    """Which of the last `count` axes are an image's: one-dimensional pooling is run with a second axis of one cell."""
    places = known[0].places if known else ()
    found = [index for index in range(count) if ndim - count + index in places]
    return found or list(range(count))


def _sides(windows: Windows, volume: Tensor, pads: Pads | None) -> list[Worked]:
    """The worked sides of a window over `volume`, from the sides it had before it was padded."""
    sides = list(volume.shape[-len(windows.over) :])
    if pads:
        sides = [n - before - after for n, (before, after) in zip(sides, pads[-len(sides) :], strict=True)]
    return windows.sides(sides)
