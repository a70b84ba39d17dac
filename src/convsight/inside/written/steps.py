"""`Step`: one operation of a network on one picture; `run_steps`, all of them in their order."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map
from torch.utils.weak import WeakTensorKeyDictionary

PICTURE = -1  # the place of what is put in, among the sources of a step


@dataclass(frozen=True)
class Step:
    """The `index`-th operation that the picture reaches, by PyTorch's name, done by the module called `path` itself.

    `sources` are the indices of the steps whose results went in, `PICTURE` for the picture; `shape` is that of its
    result, the batch first, with `channels_last` where a step before has moved them behind rows and columns.
    """

    index: int
    path: str
    operation: str
    sources: tuple[int, ...]
    shape: tuple[int, ...]
    is_whole_module: bool  # the module runs no other
    channels_last: bool = False


@dataclass(frozen=True)
class Origin:
    """Where a tensor was made: the `output`-th result of the step at `index`; `PICTURE` is what is put in."""

    index: int
    output: int = 0


class Call(NamedTuple):
    """What went into a step and what came out, as they were then; `arguments` are those of PyTorch's operation.

    `options` are its arguments by name, `origins` those of the tensors among `arguments` in their order; None is for
    what is made of weights alone.
    """

    step: Step
    arguments: tuple[Any, ...]
    result: Tensor
    options: Mapping[str, Any] = MappingProxyType({})
    origins: tuple[Origin | None, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the tensors, weights included."""
        return sum(value.numel() * value.element_size() for value in tensors_in((*self.arguments, self.result)))


class _EnoughError(Exception):
    """The last step that is wanted has been done."""


def run_steps(
    model: nn.Module, planes: Tensor, see: Callable[[Call], None], wanted: Collection[int] | None = None
) -> list[Step]:
    """Run `model` on normalised `planes` (1, channels, height, width), each operation by itself, in float32.

    `see` is given the calls whose indices are `wanted`, by default all, with copies of what is written over later. The
    run ends behind the last that is wanted, if any is. Returns the steps that were done.
    """
    image = planes.detach()
    with _module_paths(model) as stack:
        recorder = _Recorder(image, stack, see, wanted)
        with torch.no_grad(), suppress(_EnoughError), recorder:
            model(image)
    return recorder.steps


@contextmanager
def _module_paths(model: nn.Module) -> Iterator[list[tuple[str, nn.Module]]]:
    """Within, the modules under way, the innermost last."""
    stack: list[tuple[str, nn.Module]] = [("", model)]

    def watch(name: str) -> tuple[Any, Any]:
        def begin(module: nn.Module, inputs: Any) -> None:
            stack.append((name, module))

        def end(module: nn.Module, inputs: Any, output: Any) -> None:
            stack.pop()

        return begin, end

    handles = []
    for name, module in model.named_modules():
        if name:
            begin, end = watch(name)
            handles += [module.register_forward_pre_hook(begin), module.register_forward_hook(end)]
    try:
        yield stack
    finally:
        for handle in handles:
            handle.remove()


@final
class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes operations that the picture reaches, and follows from which step to which its values go."""

    def __init__(
        self,
        image: Tensor,
        stack: list[tuple[str, nn.Module]],
        see: Callable[[Call], None],
        wanted: Collection[int] | None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.steps: list[Step] = []
        self._stack, self._see = stack, see
        self._wanted = None if wanted is None else frozenset(wanted)
        self._made_by = WeakTensorKeyDictionary()
        self._made_by[image] = Origin(PICTURE)

    def __torch_dispatch__(
        self, func: Any, types: Collection[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        origins = tuple(self._made_by.get(each) for each in tensors_in(args))  # type: ignore[no-untyped-call]
        sources = tuple(each.index for each in origins if each is not None)
        if not sources:  # made of weights alone
            return func(*args, **(kwargs or {}))
        index = len(self.steps)
        is_wanted = self._wanted is None or index in self._wanted
        before = tree_map(_copied, args) if is_wanted and func._schema.is_mutable else args
        out = func(*args, **(kwargs or {}))
        results = list(tensors_in((out,)))
        if not results:
            return out
        result = results[0]
        for output, each in enumerate(results):
            self._made_by[each] = Origin(index, output)
        path, module = self._stack[-1]
        name = str(func.overloadpacket).removeprefix("aten.").rstrip("_")
        is_whole, is_last = not any(True for _ in module.children()), self._has_channels_last(name, args, sources)
        step = Step(index, path, name, sources, tuple(result.shape), is_whole, is_last)
        self.steps.append(step)
        if is_wanted:
            self._see(Call(step, before, result.clone(), kwargs or {}, origins))
            if self._wanted and index == max(self._wanted):
                raise _EnoughError
        return out

    def _has_channels_last(self, operation: str, arguments: tuple[Any, ...], sources: tuple[int, ...]) -> bool:
        before = sources[0] != PICTURE and self.steps[sources[0]].channels_last
        moved = {(0, 2, 3, 1): True, (0, 3, 1, 2): False}
        return moved.get(tuple(arguments[1]), before) if operation == "permute" else before


def tensors_in(arguments: Any) -> Iterator[Tensor]:
    """The tensors among `arguments`, also in lists, in their order."""
    for value in arguments:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from tensors_in(value)


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value
