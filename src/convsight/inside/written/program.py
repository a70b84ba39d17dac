"""`Program`: the operations of a network as a list that others can run: each names its inputs, weights stand beside."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor, nn

from convsight.inside.written.steps import PICTURE, Call, Origin, run_steps, tensors_in

# Options that say where and as what numbers are held, and not which.
_OF_MEMORY = frozenset({"dtype", "layout", "device", "memory_format", "pin_memory", "non_blocking"})


@final
@dataclass(eq=False)
class Weights:
    """The tensors that operations are given beside what is put in, each of them once."""

    tensors: list[Tensor] = field(default_factory=list)

    def place(self, tensor: Tensor) -> int:
        """Its number; one and the same part of memory has one and the same."""
        for number, each in enumerate(self.tensors):
            if each is tensor or (each.data_ptr(), each.shape, each.stride(), each.dtype) == (
                tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype,
            ):  # fmt: skip
                return number
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    @property
    def size(self) -> int:
        """Bytes of all as float32."""
        return 4 * sum(tensor.numel() for tensor in self.tensors)

    def shapes(self) -> list[list[int]]:
        """Of each, in their order."""
        return [list(tensor.shape) for tensor in self.tensors]

    def content(self) -> bytes:
        """All numbers one after the other, float32, the least significant byte first."""
        flat = [tensor.detach().reshape(-1).float().numpy().astype("<f4") for tensor in self.tensors]
        return b"".join(each.tobytes() for each in flat)


@final
@dataclass(frozen=True, eq=False)
class Program:
    """The operations of a network on one picture; `outputs` are those whose results are what it gives, by name."""

    calls: tuple[Call, ...]
    weights: Weights
    outputs: Mapping[str, Origin]

    @property
    def operations(self) -> frozenset[str]:
        """The names of those that it needs, with the options that change what they give."""
        return frozenset(_called(call) for call in self.calls)

    def to_json(self) -> dict[str, Any]:
        """The steps with their arguments: `{"step": 3}`, `{"weight": 0}`, or as they are; `{"step": -1}` is put in."""
        steps = [
            {
                "operation": call.step.operation,
                "module": call.step.path,
                "arguments": self._arguments(call),
                "shape": list(call.step.shape),
                "channels_last": call.step.channels_last,
            }
            for call in self.calls
        ]
        return {"steps": steps, "outputs": {name: _reference(origin) for name, origin in self.outputs.items()}}

    def run(self, given: Tensor) -> dict[str, Tensor]:
        """What the list gives for another picture by PyTorch's own operations, none of which writes over another."""
        made: list[Any] = []
        with torch.no_grad():
            for call in self.calls:
                operation = getattr(torch.ops.aten, call.step.operation)
                arguments = _replaced(call.arguments, iter(call.origins), lambda _, origin: _taken(given, made, origin))
                made.append(operation(*arguments, **call.options))
        return {name: _taken(given, made, origin) for name, origin in self.outputs.items()}

    def _arguments(self, call: Call) -> Any:
        def told(tensor: Tensor, origin: Origin | None) -> Any:
            return {"weight": self.weights.place(tensor)} if origin is None else _reference(origin)

        return _plain(_replaced(call.arguments, iter(call.origins), told, keep_weights=False))


def program_of(model: nn.Module, given: Tensor, weights: Weights) -> Program:
    """The operations of `model` on `given` (1, ...): what it gives is one tensor, or several by name.

    A picture decides nothing but numbers in most networks; in others the list is right for this picture alone, which
    `Program.run` on another one shows.
    """
    calls: list[Call] = []
    answers: list[Any] = []
    handle = model.register_forward_hook(lambda _, __, output: answers.append(output))
    try:
        run_steps(model, given, calls.append)
    finally:
        handle.remove()
    found = answers[0] if isinstance(answers[0], Mapping) else {"": answers[0]}
    program = Program(tuple(calls), weights, {name: _origin_of(tensor, calls) for name, tensor in found.items()})
    program.to_json()  # takes in the weights, while they are where they are
    return program


def _called(call: Call) -> str:
    options = sorted(name for name in call.options if name not in _OF_MEMORY)
    return f"{call.step.operation} with {', '.join(options)}" if options else call.step.operation


def _origin_of(tensor: Tensor, calls: Sequence[Call]) -> Origin:
    """The last step whose result is equal to what the network gives."""
    for call in reversed(calls):
        if call.result.shape == tensor.shape and torch.equal(call.result, tensor):
            return Origin(call.step.index)
    raise AssertionError("an answer that no step has made")


def _reference(origin: Origin) -> dict[str, int]:
    return {"step": origin.index, "output": origin.output} if origin.output else {"step": origin.index}


def _taken(given: Tensor, made: Sequence[Any], origin: Origin | None) -> Any:
    assert origin is not None
    if origin.index == PICTURE:
        return given
    return list(tensors_in((made[origin.index],)))[origin.output]


def _replaced(
    value: Any,
    origins: Iterator[Origin | None],
    by: Callable[[Tensor, Origin | None], Any],
    *,
    keep_weights: bool = True,
) -> Any:
    """`value` with each tensor in it replaced; `origins` are theirs, in the same order."""
    if isinstance(value, Tensor):
        origin = next(origins)
        return value if origin is None and keep_weights else by(value, origin)
    if isinstance(value, tuple | list):
        return [_replaced(each, origins, by, keep_weights=keep_weights) for each in value]
    return value


def _plain(value: Any) -> Any:
    """Arguments as JSON values, which know no infinite numbers; types and orders of memory by their names."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"infinite": math.copysign(1, value)}
    if isinstance(value, dict) or value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
