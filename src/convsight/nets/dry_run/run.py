"""A network run once without numbers, watched where PyTorch dispatches its operations.

VGG16 takes ten milliseconds. What a `forward` does in plain Python (branches, reuse, sums, matrix products without a
name) is seen like any layer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

Pads = tuple[tuple[int, int], ...]  # cells before and behind, one pair for each of the last axes

# Operations that put cells around a volume; they are given how many.
PADDING = (
    aten.constant_pad_nd,
    aten.reflection_pad1d,
    aten.reflection_pad2d,
    aten.reflection_pad3d,
    aten.replication_pad1d,
    aten.replication_pad2d,
    aten.replication_pad3d,
)

# What layers raise when a kernel, a window or a patch does not fit.
SHAPE_ERRORS = (RuntimeError, ValueError, AssertionError, IndexError, ZeroDivisionError)


@dataclass(eq=False)
class Call:
    """One run of one module at `path`. `image` is its first argument, without numbers."""

    module: nn.Module
    path: str
    image: Tensor | None = None


class Operation(NamedTuple):
    """One operation of PyTorch that ran. `pads` were put around its first tensor in a call under way, if any."""

    packet: Any
    args: Sequence[Any]
    out: Any
    pads: Pads | None


class Observer(ABC):
    """Is told what happens while a network runs; its own mistakes are not blamed on the network."""

    @abstractmethod
    def started(self, root: Call, weights: Mapping[str, Tensor]) -> None:
        """The network is about to run with these parameters and buffers."""

    @abstractmethod
    def began(self, call: Call) -> None:
        """A module runs inside the one that began last and has not ended."""

    @abstractmethod
    def ended(self, call: Call, returned: Tensor | None) -> None:
        """It is done and gave this, if any tensor."""

    @abstractmethod
    def operated(self, operation: Operation) -> None:
        """The module that runs did this itself."""


class CannotRunError(Exception):
    """A network stopped at `call`; `packet` and `operands` are of the operation that failed, None if none did."""

    def __init__(self, call: Call, packet: Any, args: Sequence[Any], pads: Pads | None, cause: Exception) -> None:
        super().__init__(f"{call.path}: {cause}")
        self.call, self.packet, self.pads, self.cause = call, packet, pads, cause
        self.operands = args


def dry_run(model: nn.Module, shape: Sequence[int], observer: Observer | None = None) -> None:
    """Run `model` on images of `shape` (batch, channels, *sides), in evaluation mode and without numbers.

    The model is left as it is: its tensors are not read, its modes are put back. Raises `CannotRunError` where the
    network does not take such images.

    >>> dry_run(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(9, 8, 3)), (1, 3, 5, 5))
    Traceback (most recent call last):
        ...
    convsight.nets.dry_run.run.CannotRunError: 1: Given groups=1, weight of size [8, 9, 3, 3], expected input[1, ...
    """
    root = Call(model, "", torch.empty(*shape, device="meta", dtype=type_of(model)))
    watch = _Watch(root, observer)
    weights = without_numbers(model)
    if observer:
        observer.started(root, weights)
    with ExitStack() as stack:
        stack.enter_context(in_mode(model, training=False))
        stack.enter_context(_watched(model, watch))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        # Under autograd, as in training, modules do not take the fused paths that hide their parts.
        stack.enter_context(torch.enable_grad())
        try:
            with watch:
                torch.func.functional_call(model, weights, (root.image,), tie_weights=True)
        except Exception as error:  # whatever a layer raises for a volume it cannot take
            if watch.telling:  # a mistake of ours, not of the network
                raise
            raise CannotRunError(watch.here, watch.last_packet, watch.last_args, watch.last_pads, error) from error


def type_of(model: nn.Module) -> torch.dtype:
    """The number format of the network's weights, which its images need too."""
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


def tensors_in(args: Sequence[Any]) -> Iterator[Tensor]:
    """The tensors among arguments, in the lists, tuples and dictionaries of them too."""
    for value in args:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors_in(value)
        elif isinstance(value, dict):
            yield from tensors_in(list(value.values()))


@contextmanager
def _watched(model: nn.Module, watch: "_Watch") -> Iterator[None]:
    """Tell `watch` when each module begins and ends."""

    def begin(module: nn.Module, args: tuple[Any, ...]) -> None:
        watch.begin(Call(module, names[id(module)], next(tensors_in(args), None)))

    def end(_: nn.Module, __: Any, returned: Any) -> None:
        watch.end(next(tensors_in([returned]), None))

    names = {id(module): name for name, module in model.named_modules()}
    with ExitStack() as stack:
        for name, module in model.named_modules():
            if name:  # the network itself is the root
                for handle in (module.register_forward_pre_hook(begin), module.register_forward_hook(end)):
                    stack.callback(handle.remove)
        yield


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation and knows in which module it runs, and what was padded around a tensor before it."""

    def __init__(self, root: Call, observer: Observer | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.stack = [root]
        self.observer = observer
        self.telling = False
        # What was padded around a tensor, by its id, and in which call; the tensor itself, so that no id comes twice.
        self.padded: dict[int, tuple[Call, Pads, Tensor]] = {}
        self.last_packet: Any = None
        self.last_args: Sequence[Any] = ()
        self.last_pads: Pads | None = None

    @property
    def here(self) -> Call:
        """The call under way."""
        return self.stack[-1]

    def begin(self, call: Call) -> None:
        self.stack.append(call)
        if self.observer:
            self._tell(self.observer.began, call)
        self._forget()

    def end(self, returned: Tensor | None) -> None:
        call = self.stack.pop()
        if self.observer:
            self._tell(self.observer.ended, call, returned)

    def __torch_dispatch__(
        self, func: Any, types: Collection[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        packet = func.overloadpacket
        first = next(tensors_in(args), None)
        padded_by, pads, _ = self.padded.get(id(first), (None, None, None))
        if padded_by not in self.stack:  # a layer of its own put it there, which has its own row
            pads = None
        self.last_packet, self.last_args, self.last_pads = packet, args, pads
        if packet == aten.convolution and args[6]:
            _check_channels(*args[:2])
        out = func(*args, **(kwargs or {}))
        if packet in PADDING:
            self.padded[id(out)] = self.here, _pads_of(args[1], out.ndim - 2), out
        if self.observer:
            self._tell(self.observer.operated, Operation(packet, args, out, pads))
        self._forget()
        return out

    def _tell(self, method: Callable[..., None], *facts: Any) -> None:
        self.telling = True
        method(*facts)
        self.telling = False

    def _forget(self) -> None:
        """No operation is under way."""
        self.last_packet, self.last_args, self.last_pads = None, (), None


def _check_channels(volume: Tensor, weight: Tensor) -> None:
    """Refuse channels that do not match a transposed convolution, which the meta device lets pass."""
    if volume.shape[1] != weight.shape[0]:
        raise RuntimeError(f"expected {weight.shape[0]} channels, got {volume.shape[1]}")


def _pads_of(numbers: Sequence[int], axes: int) -> Pads:
    """PyTorch's padding numbers (last axis first) as one pair for each of the last `axes` axes."""
    pairs = [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]
    pairs += [(0, 0)] * (axes - len(pairs))
    return tuple(reversed(pairs[:axes]))
