"""Maps of pictures that differ from a plain one in a part: only what the part can change is computed.

They are tensors of PyTorch, so any network runs on them as it is. Convolutions, pooling and whatever works on each
place by itself give such maps again; any other operation (attention, the mean of a map) gets whole maps, and so does
all that follows it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_map

from convsight.inside.changed_part import Part
from convsight.nets.dry_run.operation_windows import windows_of

aten = torch.ops.aten

_WORTH = 0.8  # the share of a map from which on all of it is computed: cutting and joining costs too


class PartialMaps(Tensor):
    """Maps (batch, channels, height, width) that are `plain` (1, channels, height, width) but for a `part`.

    `patch` (batch, channels, *part.sides) is what stands there.
    """

    plain: Tensor
    patch: Tensor
    part: Part

    @staticmethod
    def __new__(cls, plain: Tensor, patch: Tensor, part: Part) -> "PartialMaps":
        shape = (len(patch), *plain.shape[1:])
        made: PartialMaps = Tensor._make_wrapper_subclass(cls, shape, dtype=plain.dtype, device=plain.device)
        made.plain, made.patch, made.part = plain, patch, part
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"PartialMaps({tuple(self.shape)}, {self.part.share:.0%} changed)"

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        rule = _RULES.get(func.overloadpacket)
        found = rule(func, args, kwargs or {}) if rule else None
        return func(*tree_map(whole, args), **tree_map(whole, kwargs or {})) if found is None else found

    __torch_function__: ClassVar[Any] = torch._C._disabled_torch_function_impl


def whole(value: Any) -> Any:
    """All of the maps (batch, channels, height, width), if it is such; anything else as it is."""
    if not isinstance(value, PartialMaps):
        return value
    rows, columns = value.part.rows, value.part.columns
    if (rows.length, columns.length) == (rows.side, columns.side):
        return value.patch
    found = value.plain.repeat(len(value.patch), 1, 1, 1)
    if found.device.type != "meta":
        for picture, (top, left) in enumerate(value.part.corners):
            found[picture, :, top : top + rows.length, left : left + columns.length] = value.patch[picture]
    return found


def partial(plain: Tensor, pictures: Tensor, part: Part) -> PartialMaps:
    """`pictures` (batch, channels, height, width), which equal `plain` (1, ...) outside of `part`."""
    height, width = part.sides
    patch = torch.stack(
        [
            each[:, top : top + height, left : left + width]
            for each, (top, left) in zip(pictures, part.corners, strict=True)
        ]
    )
    return PartialMaps(plain, patch.contiguous(memory_format=torch.channels_last), part)


def cut(maps: PartialMaps, part: Part, margins: tuple[int, int, int, int] = (0, 0, 0, 0), beyond: float = 0) -> Tensor:
    """The maps (batch, channels, *part.sides) in a part of them, which may lie anywhere.

    It is counted from `margins` (left, right, above, below) cells outside of the map, which hold `beyond`.
    """
    if part.same(maps.part) and not any(margins):
        return maps.patch
    around = F.pad(maps.plain, margins, value=beyond) if any(margins) else maps.plain
    height, width = part.sides
    shape = (len(maps.patch), maps.shape[1], height, width)
    found = torch.empty(shape, dtype=maps.dtype, device=maps.device, memory_format=torch.channels_last)
    if found.device.type == "meta":
        return found
    for picture, ((top, left), (inner_top, inner_left)) in enumerate(zip(part.corners, maps.part.corners, strict=True)):
        found[picture] = around[0, :, top : top + height, left : left + width]
        y, x = inner_top + margins[2] - top, inner_left + margins[0] - left
        rows, columns = slice(max(0, -y), max(0, height - y)), slice(max(0, -x), max(0, width - x))
        inner = maps.patch[picture, :, rows, columns]
        y, x = max(0, y), max(0, x)
        found[picture, :, y : y + inner.shape[1], x : x + inner.shape[2]] = inner
    return found


def _windowed(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], beyond: float, again: Any) -> Any:
    """A windowed operation: `again(crops)` computes it without padding, where padding holds `beyond`."""
    maps = args[0]
    moved = windows_of(func.overloadpacket, args)
    if kwargs or moved is None or moved.transposed or not isinstance(maps, PartialMaps) or len(moved.over) != 2:
        return None
    sides = [worked.value for worked in moved.sides(maps.shape[2:])]
    part = maps.part.after(moved.over, sides)
    if part.share >= _WORTH:
        return None
    reads, margins = [], []
    for span, window, side in zip((part.rows, part.columns), moved.over, maps.shape[2:], strict=True):
        # A window that is only partly over the map (rounded up) reads more behind it than its padding.
        behind = max(window.after, (span.side - 1) * window.stride + window.span - side - window.before)
        reads.append(type(span)(span.starts * window.stride, (span.length - 1) * window.stride + window.span, side))
        margins.append((window.before, behind))
    crops = cut(maps, Part(*reads), (*margins[1], *margins[0]), beyond)
    return PartialMaps(_first(func(maps.plain, *args[1:])), again(crops), part)


def _convolution(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if isinstance(args[1], PartialMaps) or args[6]:
        return None
    _, weight, bias, stride, _, dilation, _, _, groups = args
    return _windowed(func, args, kwargs, 0, lambda crops: F.conv2d(crops, weight, bias, stride, 0, dilation, groups))


def _max_pool(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    kernel, stride, _, dilation = _given(args, 4)
    found = _windowed(
        func, args, kwargs, float("-inf"), lambda crops: F.max_pool2d(crops, kernel, stride or kernel, 0, dilation or 1)
    )
    return None if found is None else (found, torch.empty(0))


def _mean_pool(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    kernel, stride, padding, round_up, counted, divisor = _given(args, 6)
    padded = any(padding) if isinstance(padding, list) else bool(padding)
    if round_up or divisor or (padded and counted is False):
        return None  # what a mean is divided by would depend on the place
    return _windowed(func, args, kwargs, 0, lambda crops: F.avg_pool2d(crops, kernel, stride or kernel))


def _given(args: tuple[Any, ...], count: int) -> list[Any]:
    """So many arguments behind the maps; None for those that were left out."""
    return [args[place] if place < len(args) else None for place in range(1, count + 1)]


def _each_place(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    others = [value for value in args if isinstance(value, Tensor) and not isinstance(value, PartialMaps)]
    return _at_each_place(func, args, kwargs) if all(_same_everywhere(each) for each in others) else None


def _at_each_place(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An operation on each place by itself, of one map or of several with the same sides."""
    maps = [value for value in args if isinstance(value, PartialMaps)]
    sides = {tuple(each.shape[2:]) for each in maps}
    if len(sides) > 1:
        return None
    part = maps[0].part
    for each in maps[1:]:
        part = part.joined(each.part)
    if part.share >= _WORTH and len(maps) > 1:
        return None

    def with_(cutting: Callable[[PartialMaps], Tensor]) -> Any:
        return func(*(cutting(each) if isinstance(each, PartialMaps) else each for each in args), **kwargs)

    in_place = func._schema.name.endswith("_")
    patch = _first(with_(lambda each: _own(cut(each, part), in_place)))
    found = PartialMaps(_first(with_(lambda each: _own(each.plain, in_place))), patch, part)
    if in_place:  # what is written over must be the same tensor
        args[0].plain, args[0].patch, args[0].part = found.plain, found.patch, found.part
        return args[0]
    return found


def _normalised(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    training = bool(args[5]) if len(args) > 7 else False
    if training:
        return None
    found = _at_each_place(func, args, kwargs)
    return None if found is None else (found, torch.empty(0), torch.empty(0))


def _joined(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    maps, axis = args[0], args[1] if len(args) > 1 else kwargs.get("dim", 0)
    if axis not in (1, -3) or not all(isinstance(each, PartialMaps) for each in maps):
        return None
    part = maps[0].part
    for each in maps[1:]:
        part = part.joined(each.part)
    patch = torch.cat([cut(each, part) for each in maps], dim=1)
    return PartialMaps(torch.cat([each.plain for each in maps], dim=1), patch, part)


def _same_everywhere(values: Tensor) -> bool:
    """Whether numbers mean the same for all places and pictures: one, or one a channel."""
    return values.numel() == 1 or (
        values.ndim in (3, 4) and values.shape[-2:] == (1, 1) and values.numel() == values.shape[-3]
    )


def _own(values: Tensor, written_over: bool) -> Tensor:
    return values.clone() if written_over else values


def _first(found: Any) -> Tensor:
    first: Tensor = found[0] if isinstance(found, tuple) else found
    return first


def _rules() -> Iterator[tuple[Any, Any]]:
    yield aten.convolution, _convolution
    yield aten.max_pool2d_with_indices, _max_pool
    yield aten.avg_pool2d, _mean_pool
    yield aten.cat, _joined
    for name in ("native_batch_norm", "_native_batch_norm_legit_no_training"):
        yield getattr(aten, name), _normalised
    for name in ("relu", "relu_", "hardtanh", "hardtanh_", "silu", "silu_", "hardswish", "hardswish_", "gelu", "elu"):
        yield getattr(aten, name), _each_place
    for name in (
        "sigmoid",
        "tanh",
        "leaky_relu",
        "leaky_relu_",
        "clamp",
        "clamp_",
        "add",
        "add_",
        "sub",
        "mul",
        "mul_",
    ):
        yield getattr(aten, name), _each_place
    for name in ("div", "neg", "clone", "alias", "detach", "softplus", "hardsigmoid", "sqrt", "pow", "abs"):
        yield getattr(aten, name), _each_place


_RULES = dict(_rules())
