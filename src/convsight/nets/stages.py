"""The stages of a network: what transfer keeps as it was taught, from the first layers on.

A stage ends where the maps become smaller; dense layers and blocks of tokens, which keep their size, are a stage each.
The layers that answer (those whose shape follows from the outputs, else the last) belong to none.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from math import prod
from typing import Protocol, final, runtime_checkable

from torch import Tensor, nn

from convsight.nets.dry_run.run import Call, Observer, Operation, dry_run, tensors_in

_CONVOLUTIONS = nn.modules.conv._ConvNd
_CHANNELS = ("out_channels", "out_features", "num_features", "num_channels", "normalized_shape")
_MANY = 3  # names that are listed one by one


@final
@dataclass(frozen=True)
class Stage:
    """Layers that work at one resolution, by their names in the network; only those that hold weights are named.

    `parts` are the fewest names that cover them: `layer1` for all layers within.
    """

    layers: tuple[str, ...]
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.parts) if len(self.parts) <= _MANY else f"{self.parts[0]} to {self.parts[-1]}"


@final
@dataclass(frozen=True)
class Stages:
    """The stages of a network in the order they run, and the layers after them, which always learn."""

    stages: tuple[Stage, ...]
    after: Stage

    def __len__(self) -> int:
        return len(self.stages)

    def summary(self) -> str:
        """The stages by number.

        >>> found = stages_of(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(72, 2)), (1, 3, 5, 5))
        >>> found.summary()
        '1 = 0; after them, always learning: 2'
        """
        numbered = "; ".join(f"{number} = {stage}" for number, stage in enumerate(self.stages, start=1))
        return f"{numbered or 'none'}; after them, always learning: {self.after}"


def stages_of(
    model: nn.Module, shape: Sequence[int], within: Collection[str] = (), answering: Collection[str] = ()
) -> Stages:
    """The stages of `model` on images of `shape` (batch, channels, *sides); computes shapes alone.

    `within` are the names of the modules that make up the backbone of a larger network: everything else comes after.
    Without it the whole network is meant, and what answers is `answering`, names of layers, or else the last layer.
    Raises `CannotRunError` where the network does not take such images.
    """
    seen = _Seen()
    dry_run(model, shape, seen)
    owners = [name for name, module in model.named_modules() if any(True for _ in module.parameters(recurse=False))]
    places = {name: place for name in owners if (place := _place(name, owners, seen)) is not None}
    order = sorted(places, key=lambda name: (places[name], seen.began_at.get(name) != places[name], owners.index(name)))
    mixing = [name for name in order if _mixes(model.get_submodule(name))]
    if within:
        inside = [name for name in order if any(f"{name}.".startswith(f"{part}.") for part in within)]
    else:
        first = next((name for name in order if name in answering), mixing[-1] if mixing else None)
        inside = list(takewhile(lambda name: name != first, order))
    groups = _merged(model, list(_groups(model, inside, places, seen)))
    staged = {name for group in groups for name in group}
    after = [name for name in owners if name not in staged]
    return Stages(tuple(_stage(group, owners) for group in groups), _stage(after, owners))


@runtime_checkable
class WithBackbone(Protocol):
    """A network that knows which of its stages find features."""

    def backbone_stages(self, shape: Sequence[int]) -> Stages:
        """They, on images of `shape` (batch, channels, *sides)."""


def stages_in(model: nn.Module, shape: Sequence[int]) -> Stages:
    """The stages of `model`, or of its backbone where it knows of one."""
    return model.backbone_stages(shape) if isinstance(model, WithBackbone) else stages_of(model, shape)


@final
class _Seen(Observer):
    """When each module was called first, what it gave then, and until when the volumes of the image were used.

    Volumes are told apart by their storage: what is computed in place, or seen as another shape, stays the same one.
    """

    def __init__(self) -> None:
        self.began_at: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._operations = 0
        self._operation_at: dict[str, int] = {}  # how many there were when a module was called first
        self._made_at: dict[int, int] = {}
        self._ended_at: dict[str, int] = {}
        self._used_at: dict[int, list[int]] = {}
        self._kept: list[Tensor] = []  # alive, so that no storage is given twice; they hold no memory

    def cuts(self, name: str, last: str) -> bool:
        """Whether all from the call of the module `name` until that of `last` ended depends on one volume before it."""
        at, end = self._operation_at[name], self._ended_at.get(last, self._operations)
        volumes = (volume for volume, made in self._made_at.items() if made < at)
        return sum(any(at <= use < end for use in self._used_at.get(volume, ())) for volume in volumes) <= 1

    def started(self, root: Call, weights: Mapping[str, Tensor]) -> None:
        if root.image is not None:
            self._made_at[_storage(root.image)] = -1

    def began(self, call: Call) -> None:
        self.began_at.setdefault(call.path, len(self.began_at))
        self._operation_at.setdefault(call.path, self._operations)

    def ended(self, call: Call, returned: Tensor | None) -> None:
        self._ended_at.setdefault(call.path, self._operations)
        if returned is not None:
            self.shapes.setdefault(call.path, tuple(returned.shape))

    def operated(self, operation: Operation) -> None:
        used = [volume for tensor in tensors_in(operation.args) if (volume := _storage(tensor)) in self._made_at]
        for volume in used:
            self._used_at.setdefault(volume, []).append(self._operations)
        for tensor in tensors_in([operation.out]) if used else ():
            self._made_at.setdefault(_storage(tensor), self._operations)
            self._kept.append(tensor)
        self._operations += 1


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _place(name: str, owners: Sequence[str], seen: _Seen) -> int | None:
    """When the weights that the module called `name` holds itself are used first; None where that is not seen.

    What has layers inside works with the first of them; what is never called itself, with what surrounds it.
    """
    inside = [seen.began_at[one] for one in owners if one != name and one in seen.began_at and _is_in(one, name)]
    if inside:
        return min(inside)
    while name:
        if name in seen.began_at:
            return seen.began_at[name]
        name = name.rpartition(".")[0]
    return None


def _is_in(name: str, outer: str) -> bool:
    return not outer or name.startswith(f"{outer}.")


def _mixes(module: nn.Module) -> bool:
    """Whether the module holds a matrix: scales and shifts alone are no layer of their own."""
    return any(weight.ndim > 1 for weight in module.parameters(recurse=False))


def _groups(model: nn.Module, order: Sequence[str], places: Mapping[str, int], seen: _Seen) -> Iterator[list[str]]:
    """The layers in `order`, cut where the largest map of all that follows becomes smaller.

    What has branches stays whole: it belongs where its last layer does. So squeeze and excitation, which looks at one
    cell between two large maps, does not cut.
    """
    maps = {name: cells for name in order if (cells := _cells(model.get_submodule(name), seen.shapes.get(name)))}
    end = max((places[name] for name in maps), default=-1)
    keys: dict[str, tuple[int, str]] = {}
    largest = 0
    for unit in reversed(list(_units(model, order, places, end, seen))):
        largest = max(
            largest,
            next((maps[name] for name in reversed(unit) if name in maps and _mixes(model.get_submodule(name))), 0),
        )
        for place, name in enumerate(unit):
            holds_layers = place > 0 and seen.began_at.get(name) != places[name]
            if places[name] <= end:
                keys[name] = largest, ""
            else:
                keys[name] = keys[unit[place - 1]] if holds_layers else (0, _element(model, name))
    for _, group in groupby(order, lambda name: keys[name]):
        yield list(group)


def _units(
    model: nn.Module, order: Sequence[str], places: Mapping[str, int], end: int, seen: _Seen
) -> Iterator[list[str]]:
    """The layers in `order`, cut where another block begins and all from there on depends on one volume.

    Normalisation belongs to the layer before, up to the last map, at `end`.
    """
    unit: list[str] = []
    for name in order:
        block = _block(model, name, order)
        joins = block == name and places[name] <= end and not _mixes(model.get_submodule(name))
        begins = seen.began_at.get(name) == places[name] and seen.cuts(name, order[-1]) and not joins
        if unit and begins and block != _block(model, unit[-1], order):
            yield unit
            unit = []
        unit.append(name)
    if unit:
        yield unit


def _block(model: nn.Module, name: str, order: Sequence[str]) -> str:
    """The outermost module around the one called `name`, or that itself, that computes more than its parts in turn.

    What holds all layers in `order` is the network, not a block of it.
    """
    path = name.split(".")
    for length in range(1, len(path)):
        outer = ".".join(path[:length])
        module = model.get_submodule(outer)
        if isinstance(module, nn.Sequential | nn.ModuleList) or type(module) is nn.Module:
            continue
        if not all(_is_in(one, outer) for one in order):
            return outer
    return name


def _cells(module: nn.Module, shape: tuple[int, ...] | None) -> int:
    """Cells of the map that a layer gives, its channels first or last; 0 where it gives no map."""
    if shape is None or (len(shape) < 4 and not isinstance(module, _CONVOLUTIONS)):
        return 0
    known = (getattr(module, name, None) for name in _CHANNELS)
    channels = next((prod(count) if isinstance(count, tuple) else count for count in known if count), None)
    return prod(shape[1:]) // channels if channels else 0


def _element(model: nn.Module, name: str) -> str:
    """The outermost element of a list of modules that the one called `name` is in, or is; else its own name."""
    path = name.split(".")
    for length in range(1, len(path)):
        if isinstance(model.get_submodule(".".join(path[:length])), nn.Sequential | nn.ModuleList):
            return ".".join(path[: length + 1])
    return name


def _merged(model: nn.Module, groups: Sequence[list[str]]) -> list[list[str]]:
    """The groups; those that only scale and shift belong to the one before."""
    merged: list[list[str]] = []
    for group in groups:
        if merged and not any(_mixes(model.get_submodule(name)) for name in group):
            merged[-1] += group
        else:
            merged.append(group)
    return merged


def _stage(layers: Collection[str], owners: Sequence[str]) -> Stage:
    """A stage of these layers; its parts are the outermost modules of which it has all layers."""
    parts: dict[str, None] = {}
    for name in filter(None, layers):  # what the network holds itself has no name
        path = name.split(".")
        outers = (".".join(path[:length]) for length in range(1, len(path)))
        whole = next((o for o in outers if all(one in layers for one in owners if one == o or _is_in(one, o))), name)
        parts[whole] = None
    return Stage(tuple(layers), tuple(parts))
