"""What a network gives on its way, layer by layer as people count: a convolution with what follows it is one."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor, nn

from convsight.describe.receptive_field import Field
from convsight.describe.trace import ModuleRun, trace
from convsight.errors import UserError, unknown_name
from convsight.inside.open_network import OpenNetwork

_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.GroupNorm, nn.LayerNorm)
_PASSING = (nn.Identity, nn.modules.dropout._DropoutNd)


@final
@dataclass(frozen=True)
class Stop:
    """A layer with maps: the module called `name`, and those of `names` behind it that go on with what it gave.

    Its maps are what the last of these gives in its `use`-th use; `volume` is (rows, columns, channels), `field` the
    receptive field.
    """

    name: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    use: int
    volume: tuple[int, int, int]
    field: Field

    @property
    def last(self) -> str:
        """The module whose output the maps are."""
        return self.names[-1]


See = Callable[[int, Stop, Tensor], None]


def run_by_layers(network: OpenNetwork, planes: Tensor, see: See) -> list[Stop]:
    """Run `network` on normalised `planes`; `see` is given each layer's maps (batch, channels, rows, columns).

    It is given them under the layer's position, and once more where a normalisation or an activation goes on with
    them, so that what came last under a position counts. Nothing is kept here. Returns the layers, low to high level.
    """
    watch = _Watch(_volumes(network.model, planes), see)
    with ExitStack() as stack, torch.no_grad():
        for name, module in _counted(network.model):
            stack.callback(module.register_forward_hook(watch.hook(name)).remove)
        network.model(planes.detach())
    return watch.stops


def stops_of(network: OpenNetwork, planes: Tensor) -> list[Stop]:
    """The layers with maps alone; raises `UserError` where there are none."""
    stops = run_by_layers(network, planes, lambda *_: None)
    if not stops:
        raise UserError(f"{network.card.net} has no layer with maps")
    return stops


def stop_called(stops: list[Stop], name: str) -> Stop:
    """The last layer that the module called `name` is of; raises `UserError` with the nearest names."""
    for stop in reversed(stops):
        if name in stop.names:
            return stop
    raise unknown_name("layer", name, [each for stop in stops for each in stop.names])


class _Watch:
    """Makes layers of what modules give, in the order in which they are done."""

    def __init__(self, volumes: dict[tuple[str, int], tuple[tuple[int, ...], Field]], see: See) -> None:
        self.stops: list[Stop] = []
        self._volumes, self._see = volumes, see
        self._uses: Counter[str] = Counter()
        self._last: Tensor | None = None
        self._version = 0  # of the last, when it was given
        self._seen: list[tuple[weakref.ref[Tensor], int]] = []

    def hook(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            self._uses[name] += 1
            if isinstance(output, Tensor):
                self._take(name, module, inputs[0] if inputs else None, output)

        return hook

    def _take(self, name: str, module: nn.Module, source: Any, output: Tensor) -> None:
        shape, field = self._volumes.get((name, self._uses[name]), ((), Field((), ())))
        if field.places not in {(2, 3), (1, 2)} or len(shape) != 4 or min(shape[place] for place in field.places) < 2:
            return
        # Written over since by another operation, such as a sum in place, it is no more what the layer gave.
        before = output._version - 1 if output is source else getattr(source, "_version", None)
        if source is not None and source is self._last and before == self._version and _goes_on(module):
            stop = self.stops[-1]
            kinds = stop.kinds if isinstance(module, _PASSING) else (*stop.kinds, type(module).__name__)
            self.stops[-1] = replace(stop, names=(*stop.names, name), kinds=kinds, use=self._uses[name])
        elif any(each() is output and version == output._version for each, version in self._seen):
            return
        else:
            channels = next(place for place in (1, 3) if place not in field.places)
            rows, columns = (shape[place] for place in field.places)
            volume = (rows, columns, shape[channels])
            kind = (type(module).__name__,)
            self.stops.append(Stop(name, (name,), kind, self._uses[name], volume, field))
        self._last, self._version = output, output._version
        self._seen.append((weakref.ref(output), output._version))
        maps = output if field.places == (2, 3) else output.permute(0, 3, 1, 2)
        self._see(len(self.stops) - 1, self.stops[-1], maps)


def _goes_on(module: nn.Module) -> bool:
    """Whether a module changes values one by one: a normalisation, an activation, dropout."""
    place = type(module).__module__.rsplit(".", 1)[-1]
    return isinstance(module, (*_NORMS, *_PASSING)) or place.startswith("activation")


def _counted(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules by name, but for those inside of a normalisation, as some libraries have them."""
    for name, child in model.named_children():
        yield f"{prefix}{name}", child
        if not isinstance(child, _NORMS):
            yield from _counted(child, f"{prefix}{name}.")


def _volumes(model: nn.Module, planes: Tensor) -> dict[tuple[str, int], tuple[tuple[int, ...], Field]]:
    """Shape and receptive field of what each module gives, by its name and the number of its use."""
    found: dict[tuple[str, int], tuple[tuple[int, ...], Field]] = {}
    uses: Counter[str] = Counter()

    def walk(call: ModuleRun) -> None:
        for part in call.calls:
            walk(part)
        uses[call.path] += 1
        if call.result is not None:
            found[call.path, uses[call.path]] = call.result

    walk(trace(model, tuple(planes.shape)))
    return found
