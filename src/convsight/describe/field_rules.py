"""How receptive fields pass through PyTorch's operations."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from convsight.describe.operation_costs import RESAMPLING, is_elementwise
from convsight.describe.receptive_field import Field
from convsight.nets.dry_run.operation_windows import Windows
from convsight.nets.dry_run.run import PADDING

aten = torch.ops.aten


def field_after(
    packet: Any, args: Sequence[Any], result: Tensor, known: Sequence[Field], windows: Windows | None, batch: int
) -> Field:
    """The receptive field of what an operation gives, from those of the tensors that went in.

    `windows` have their own padding alone: what another operation put around a tensor is in the tensor's field.
    """
    shape = tuple(result.shape)
    if windows:
        places = range(len(shape) - len(windows.over), len(shape))
        return known[0].windowed(dict(zip(places, windows.over, strict=True)), shape, windows.transposed)
    if packet in _RULES:
        return _RULES[packet](packet, args, shape, known)
    joined = reduce(Field.joined, known)
    return joined if is_elementwise(packet) or _same_axes(joined, shape) else joined.viewed(shape, batch)


def _permuted(packet: Any, args: Sequence[Any], _: tuple[int, ...], known: Sequence[Field]) -> Field:
    count = args[0].ndim
    order = list(range(count))
    if packet == aten.permute:
        order = [place % count for place in args[1]]
    else:
        a, b = (args[1], args[2]) if packet == aten.transpose else (0, 1)
        order[a], order[b] = order[b], order[a]
    return known[0].permuted(order)


def _squeezed(packet: Any, args: Sequence[Any], shape: tuple[int, ...], known: Sequence[Field]) -> Field:
    added = packet == aten.unsqueeze
    axes = len(shape) if added else args[0].ndim
    return known[0].squeezed(shape, args[1] % axes if args[1:] and axes else 0, added)


def _multiplied(_: Any, __: Sequence[Any], ___: tuple[int, ...], known: Sequence[Field]) -> Field:
    """After a matrix product: with weights each position stays by itself, unless all of them were flattened.

    The product of two activations (attention) makes every position depend on every other.
    """
    if len(known) > 1:
        return known[0].joined(known[1]).all_seen
    return known[0].whole if known[0].flat else known[0]


def _multiplied_batches(_: Any, __: Sequence[Any], ___: tuple[int, ...], known: Sequence[Field]) -> Field:
    return reduce(Field.joined, known).all_seen if len(known) > 1 else known[0]


def _padded(_: Any, args: Sequence[Any], shape: tuple[int, ...], known: Sequence[Field]) -> Field:
    # Two numbers an axis, the last axis first.
    return known[0].padded(shape, {len(shape) - 1 - axis: cells for axis, cells in enumerate(args[1][::2])})


def _resized(packet: Any, _: Sequence[Any], shape: tuple[int, ...], known: Sequence[Field]) -> Field:
    return known[0].resized(shape, RESAMPLING[packet])


def _reduced(_: Any, args: Sequence[Any], shape: tuple[int, ...], known: Sequence[Field]) -> Field:
    """After a mean, sum or maximum over some axes."""
    found, count = known[0], args[0].ndim
    given = next((value for value in args[1:] if isinstance(value, list | tuple)), None)
    over = {place % count for place in given} if given else set(range(count))
    kept = len(shape) == count
    if not over & set(found.places):
        return found if kept else found.viewed(shape, batch=shape[0] if shape else 0)
    axes = tuple(axis.whole if place in over else axis for axis, place in zip(found.axes, found.places, strict=True))
    return Field(axes, found.places if kept else ())


def _same_axes(found: Field, shape: tuple[int, ...]) -> bool:
    places = zip(found.places, found.axes, strict=False)
    return bool(found.places) and all(place < len(shape) and shape[place] == axis.cells for place, axis in places)


_RULES: dict[Any, Callable[[Any, Sequence[Any], tuple[int, ...], Sequence[Field]], Field]] = {
    **dict.fromkeys((aten.permute, aten.transpose, aten.t), _permuted),
    **dict.fromkeys((aten.unsqueeze, aten.squeeze), _squeezed),
    **dict.fromkeys((aten.mm, aten.addmm), _multiplied),
    **dict.fromkeys((aten.bmm, aten.baddbmm), _multiplied_batches),
    **dict.fromkeys((aten.mean, aten.sum, aten.amax, aten.linalg_vector_norm), _reduced),
    **dict.fromkeys(RESAMPLING, _resized),
    **dict.fromkeys(PADDING, _padded),
}
