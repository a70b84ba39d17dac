"""Pictures that differ from a plain one in a part, answered by computing again only what the part can change.

Whether that pays is a matter of arithmetic: see `share_to_redo`.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from convsight.describe.operation_costs import multiply_adds
from convsight.explain.occlusion import Windows
from convsight.inside.changed_part import Part, Span, Starts
from convsight.inside.open_network import OpenNetwork
from convsight.inside.partial_maps import PartialMaps, partial, whole
from convsight.nets.dry_run.run import SHAPE_ERRORS, in_mode, without_numbers
from convsight.runtime.engine import Engine
from convsight.tasks import task_of

# The share of multiply-adds to redo up to which it is faster than an engine that computes all: cutting and joining
# takes about a tenth of a full run, and other engines are up to four times as fast as PyTorch, which does this.
_PAYS = {"torch": 0.5}
_PAYS_ELSEWHERE = 0.15
_FOLLOWED = 10  # windows along the diagonal whose changes are followed


def recomputing_engine(network: OpenNetwork, plain: NDArray[Any], windows: Windows, beside: str) -> Engine | None:
    """An engine for pictures that are `plain` (height, width, channels) but for a window.

    None where the engine called `beside`, which computes all, is faster, and where the network cannot be followed
    without numbers.
    """
    try:
        share = share_to_redo(network.model, network.planes(plain[None]).shape[1], windows)
    except SHAPE_ERRORS:
        return None
    return Recomputing(network, plain) if share <= _PAYS.get(beside, _PAYS_ELSEWHERE) else None


def share_to_redo(model: nn.Module, channels: int, windows: Windows) -> float:
    """The share of the multiply-adds of `model` that a window can change, the mean over `windows`.

    Computes shapes alone. Rows and columns are followed apart: on the diagonal, every row and column comes up once.
    """
    along = [_some(windows.along(side)) for side in windows.sides]
    weights = without_numbers(model)
    plain = torch.empty((1, channels, *windows.sides), device="meta")
    counted: list[list[_Count]] = []
    for place in range(max(map(len, along))):
        rows, columns = (
            Span(np.array([part.start]), part.stop - part.start, side)
            for part, side in (
                (parts[min(place, len(parts) - 1)], side) for parts, side in zip(along, windows.sides, strict=True)
            )
        )
        with torch.no_grad(), in_mode(model, training=False), _Counting() as counting:
            torch.func.functional_call(model, weights, (partial(plain, plain, Part(rows, columns)),), tie_weights=True)
        counted.append(counting.found)
    done = sum(count.multiply_adds for count in counted[0])
    redone = sum(
        each[0].multiply_adds
        * np.mean([count.rows for count in each[: len(along[0])]])
        * np.mean([count.columns for count in each[: len(along[1])]])
        for each in zip(*counted, strict=True)
    )
    return float(redone / done) if done else 1.0


def _some(parts: list[slice]) -> list[slice]:
    """So many of them, evenly, that following them takes no time that counts."""
    steps = min(len(parts), _FOLLOWED)
    return [parts[int((step + 0.5) * len(parts) / steps)] for step in range(steps)]


class _Count(NamedTuple):
    """What an operation costs, and the shares of rows and columns of its result that are computed again."""

    multiply_adds: int
    rows: float
    columns: float


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is computed, and how much of it again."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[_Count] = []

    def __torch_dispatch__(
        self, func: Any, types: Collection[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if count := multiply_adds(func.overloadpacket, args, out)[0]:
            rows, columns = (
                (span.length / span.side for span in (out.part.rows, out.part.columns))
                if isinstance(out, PartialMaps)
                else (1.0, 1.0)
            )
            self.found.append(_Count(count, rows, columns))
        return out


@final
class Recomputing(Engine):
    """The deployed graph in PyTorch's float32, for pictures that are `plain` (height, width, channels) but for a part.

    Its answers are those of the whole computation but for rounding.
    """

    name = "torch"
    precision = "float32"
    streams = 1

    def __init__(self, network: OpenNetwork, plain: NDArray[Any]) -> None:
        self._graph = task_of(network.card.task).graph(network.model, network.card).eval()
        self._model = network.model
        self._plain = plain[None]

    @torch.no_grad()
    def run(self, inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        with _in_part(self._model):
            arrays = self._graph(torch.from_numpy(np.concatenate([self._plain, inputs])))
        return {name: values.float().numpy() for name, values in arrays.items()}


@contextmanager
def _in_part(model: nn.Module) -> Iterator[None]:
    """Within, `model` is given a plain picture and others, and answers for the others."""

    def begin(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        planes, *rest = args
        return _differing(planes[:1], planes[1:]), *rest

    def end(module: nn.Module, args: Any, found: Any) -> Any:
        return tree_map(whole, found)

    handles = [model.register_forward_pre_hook(begin), model.register_forward_hook(end)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _differing(plain: Tensor, pictures: Tensor) -> Tensor:
    """`pictures` (batch, channels, height, width) as maps that equal `plain` but for what differs."""
    differs = (pictures != plain).any(dim=1)
    rows, columns = (_span(differs.any(dim=axis).numpy()) for axis in (2, 1))
    return partial(plain, pictures, Part(rows, columns))


def _span(differs: NDArray[np.bool_]) -> Span:
    """From the first to the last cell (batch, cells) that differs."""
    side = differs.shape[1]
    any_differs = differs.any(axis=1)
    first: Starts = np.where(any_differs, differs.argmax(axis=1), 0)
    last: Starts = np.where(any_differs, side - 1 - differs[:, ::-1].argmax(axis=1), 0)
    return Span.between(first, last, side)
