"""A network run once without numbers, and everything it did: which module, which operation, on which volumes.

The run takes place on PyTorch's meta device, which computes shapes and nothing else, so VGG16 takes ten milliseconds.
Operations are seen where PyTorch dispatches them, so what a `forward` does in plain Python (branches, reuse, sums,
matrix products without a name) is seen like any layer.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from convsight.arithmetic.shapes import Worked
from convsight.describe.field import Field
from convsight.describe.follow import PADDING, field_after
from convsight.describe.operations import multiply_adds, other_operations
from convsight.describe.windows import Windows, windows_of

aten = torch.ops.aten

_Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Operation:
    """One operation on tensors. Shapes are those of the tensors, the batch first."""

    name: str  # PyTorch's, such as "convolution"
    inputs: tuple[tuple[int, ...], ...]  # of what the pictures went into, weights left out
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
class Call:
    """One run of one module: the operations it did itself and the modules it ran, in their order."""

    module: nn.Module
    path: str
    picture: Tensor | None = None  # its first argument, without numbers
    result: tuple[tuple[int, ...], Field] | None = None  # shape and field of the first tensor that it returned
    parts: "list[Operation | Call]" = field(default_factory=list)

    @property
    def calls(self) -> "list[Call]":
        """The modules it ran."""
        return [part for part in self.parts if isinstance(part, Call)]

    @property
    def operations(self) -> list[Operation]:
        """The operations it did itself."""
        return [part for part in self.parts if isinstance(part, Operation)]


class CannotRunError(Exception):
    """A network stopped at `call`; `packet` and `args` are of the operation that failed, None if none did."""

    def __init__(self, call: Call, packet: Any, args: Sequence[Any], pads: _Pads | None, cause: Exception) -> None:
        super().__init__(f"{call.path}: {cause}")
        self.call, self.packet, self.pads, self.cause = call, packet, pads, cause
        self.operands = args


def trace(model: nn.Module, shape: Sequence[int]) -> Call:
    """The run of `model` on pictures of `shape` (batch, channels, *sides), in evaluation mode.

    The model is left as it is: its tensors are not read, its modes are put back. Raises `CannotRunError` where the
    network does not take such pictures.

    >>> call = trace(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (1, 3, 5, 5))
    >>> [(part.path, part.operations[0].output) for part in call.calls]
    [('0', (1, 8, 3, 3)), ('1', (1, 8, 3, 3))]
    """
    picture = torch.empty(*shape, device="meta", dtype=type_of(model))
    root = Call(model, "", picture)
    watch = _Watch(root, shape[0])
    weights = without_numbers(model)
    watch.fields[id(picture)] = Field.of_input(shape)
    watch.owners.update({id(weights[name]): frozenset([name]) for name, _ in model.named_parameters()})
    with ExitStack() as stack:
        stack.enter_context(in_mode(model, training=False))
        stack.enter_context(_watched(model, watch))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        # Under autograd, as in training, modules do not take the fused paths that hide their parts.
        stack.enter_context(torch.enable_grad())
        try:
            with watch:
                torch.func.functional_call(model, weights, (picture,), tie_weights=True)
        except Exception as error:  # whatever a layer raises for a volume it cannot take
            if watch.noting:  # a mistake of ours, not of the network
                raise
            raise CannotRunError(watch.here, watch.last_packet, watch.last_args, watch.last_pads, error) from error
    return root


def type_of(model: nn.Module) -> torch.dtype:
    """The number format of the network's weights, which its pictures need too."""
    return next((value.dtype for value in model.parameters() if value.is_floating_point()), torch.float32)


def without_numbers(model: nn.Module) -> dict[str, Tensor]:
    """Tensors like the parameters and buffers of `model`, by name, on the meta device."""
    named = [*model.named_parameters(), *model.named_buffers()]
    empty = {name: torch.empty_like(value, device="meta", requires_grad=False) for name, value in named}
    for name, value in model.named_parameters():
        empty[name].requires_grad_(value.requires_grad)
    return empty


@contextmanager
def in_mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """The modules of `model` in this mode; theirs are put back."""
    modes = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _watched(model: nn.Module, watch: "_Watch") -> Iterator[None]:
    """Tell `watch` when each module begins and ends."""

    def begin(module: nn.Module, args: tuple[Any, ...]) -> None:
        watch.begin(Call(module, names[id(module)], next(_tensors_in(args), None)))

    def end(_: nn.Module, __: Any, returned: Any) -> None:
        watch.end(next(_tensors_in([returned]), None))

    names = {id(module): name for name, module in model.named_modules()}
    with ExitStack() as stack:
        for name, module in model.named_modules():
            if name:  # the network itself is the root
                for handle in (module.register_forward_pre_hook(begin), module.register_forward_hook(end)):
                    stack.callback(handle.remove)
        yield


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation, notes it in the call under way, and follows receptive fields from tensor to tensor."""

    def __init__(self, root: Call, batch: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.stack = [root]
        self.batch = batch
        self.fields: dict[int, Field] = {}  # by the tensor's id
        self.owners: dict[int, frozenset[str]] = {}  # the parameters that a tensor without pictures was made of
        # What was padded around a tensor, one pair a last axis, and in which call.
        self.pads: dict[int, tuple[Call, _Pads]] = {}
        self.kept: list[Tensor] = []  # alive, so that no id is given twice; they hold no memory
        self.noting = False
        self.last_packet: Any = None
        self.last_args: Sequence[Any] = ()
        self.last_pads: _Pads | None = None

    @property
    def here(self) -> Call:
        """The call under way."""
        return self.stack[-1]

    def begin(self, call: Call) -> None:
        self.here.parts.append(call)
        self.stack.append(call)
        self._forget()

    def end(self, returned: Tensor | None) -> None:
        call = self.stack.pop()
        if returned is not None:
            call.result = tuple(returned.shape), self.fields.get(id(returned), Field((), ()))

    def __torch_dispatch__(
        self, func: Any, types: Collection[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        packet = func.overloadpacket
        tensors = list(_tensors_in(args))
        padded_by, pads = self.pads.get(id(tensors[0]), (None, None)) if tensors else (None, None)
        if padded_by not in self.stack:  # a layer of its own put it there, which has its own row
            pads = None
        self.last_packet, self.last_args, self.last_pads = packet, args, pads
        if packet == aten.convolution and args[6]:
            _check_channels(*args[:2])
        out = func(*args, **(kwargs or {}))
        result = out[0] if isinstance(out, tuple | list) and out else out
        if isinstance(result, Tensor):
            self.noting = True
            self._note(packet, args, out, result, tensors, pads)
            self.noting = False
        self._forget()
        return out

    def _forget(self) -> None:
        """No operation is under way."""
        self.last_packet, self.last_args, self.last_pads = None, (), None

    def _note(
        self, packet: Any, args: Sequence[Any], out: Any, result: Tensor, tensors: list[Tensor], pads: _Pads | None
    ) -> None:
        outputs = [value for value in (out if isinstance(out, tuple | list) else [out]) if isinstance(value, Tensor)]
        self.kept.extend(outputs)
        known = [self.fields[id(tensor)] for tensor in tensors if id(tensor) in self.fields]
        windows = windows_of(packet, args)
        if windows and pads:
            windows = windows.with_padding(pads[-len(windows.over) :])
        owners = frozenset[str]().union(*(self.owners.get(id(tensor), frozenset()) for tensor in tensors))
        real = _real_axes(known, result.ndim, len(windows.over)) if windows else []
        found = Field((), ())
        if known:
            found = field_after(packet, args, result, known, windows, self.batch)
            self.fields.update((id(value), found) for value in outputs)
        else:  # made of weights alone
            self.owners.update((id(value), owners) for value in outputs)
        if packet in PADDING:
            self.pads[id(result)] = self.here, _pads_of(args[1], result.ndim - 2)
        count, formula = multiply_adds(packet, args, out)
        self.here.parts.append(
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


def _check_channels(volume: Tensor, weight: Tensor) -> None:
    """Refuse channels that do not match a transposed convolution, which the meta device lets pass."""
    if volume.shape[1] != weight.shape[0]:
        raise RuntimeError(f"expected {weight.shape[0]} channels, got {volume.shape[1]}")


def _tensors_in(args: Sequence[Any]) -> Iterator[Tensor]:
    for value in args:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors_in(value)
        elif isinstance(value, dict):
            yield from _tensors_in(list(value.values()))


def _real_axes(known: list[Field], ndim: int, count: int) -> list[int]:
    """Which of the last `count` axes are a picture's: one-dimensional pooling is run with a second axis of one cell."""
    places = known[0].places if known else ()
    found = [index for index in range(count) if ndim - count + index in places]
    return found or list(range(count))


def _sides(windows: Windows, volume: Tensor, pads: _Pads | None) -> list[Worked]:
    """The worked sides of a window over `volume`, from the sides it had before it was padded."""
    sides = list(volume.shape[-len(windows.over) :])
    if pads:
        sides = [n - before - after for n, (before, after) in zip(sides, pads[-len(sides) :], strict=True)]
    return windows.sides(sides)


def _pads_of(numbers: Sequence[int], axes: int) -> _Pads:
    """PyTorch's padding numbers (last axis first) as one pair for each of the last `axes` axes."""
    pairs = [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]
    pairs += [(0, 0)] * (axes - len(pairs))
    return tuple(reversed(pairs[:axes]))
