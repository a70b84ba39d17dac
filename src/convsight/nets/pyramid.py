"""A pyramid of features out of any network of the catalogue: its last maps at strides of about 8, 16 and 32.

The network is traced with `torch.fx` and what classifies is cut off. Tensors keep the names that they have in the whole
network, so that its pretrained weights fit by name.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, fx, nn

from convsight.errors import UserError
from convsight.nets.catalogue import build_net, net_entry
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetShape
from convsight.nets.yolo import conv

_HALVINGS = (3, 4, 5)  # of the levels: strides of 8, 16 and 32
_MADE = 128  # channels of a level that the network lacks
_SUGGESTED = "resnet18, mobilenet_v3_small, squeezenet1_0 or convnext_tiny"

# Sides in px of the picture that maps are looked for with. They are unlike each other, so that a map whose channels
# come last is told from others, and so large that no pooling to a fixed size looks like a stride of 32.
_PROBE = (512, 640)
_SQUARE = 1.25  # a cell's sides differ by less than this factor

# Their layers stay whole: some ask at every call whether they are trained, or compute with sizes.
_WHOLE = ("torch.nn", "torchvision.ops", "timm.layers", "convsight.nets.text.modules")


class Map(NamedTuple):
    """A map of features in a traced network: the name of its node, its channels, and whether they come `last`."""

    node: str
    channels: int
    last: bool


@final
class Pyramid(nn.Module):
    """Normalised pictures (batch, channels, height, width) to three maps of `widths` channels, the largest first.

    `net` gives the `maps`, by how often the side is halved there. A level that is none of them comes by convolutions of
    stride 2 from the one above.
    """

    def __init__(self, net: nn.Module, maps: Mapping[int, Map]) -> None:
        super().__init__()
        self.net = net
        self.halvings = tuple(maps)
        self.made = nn.ModuleDict()
        widths = {halvings: found.channels for halvings, found in maps.items()}
        for halvings in _HALVINGS:
            if halvings not in widths:
                above = _above(halvings, widths)
                self.made[str(halvings)] = _strided(widths[above], halvings - above)
                widths[halvings] = _MADE
        self.widths = [widths[halvings] for halvings in _HALVINGS]

    def forward(self, pictures: Tensor) -> list[Tensor]:
        maps = dict(zip(self.halvings, self.net(pictures), strict=True))
        for halvings in _HALVINGS:
            if halvings not in maps:
                maps[halvings] = self.made[str(halvings)](maps[_above(halvings, maps)])
        return [maps[halvings] for halvings in _HALVINGS]


def build_pyramid(name: str, shape: NetShape) -> Pyramid:
    """The pyramid of the catalogue's network called `name`, with fresh weights from PyTorch's global generator.

    Raises `UserError` for an unknown name, pictures that the network cannot take, and one without maps to begin with.

    >>> build_pyramid("squeezenet1_0", NetShape(outputs=1, channels=3, height=64, width=64)).widths
    [512, 512, 128]
    """
    maps = find_maps(name, shape)
    net = build_net(name, shape).eval()
    return Pyramid(_cut(net, maps).train(), maps)


def find_maps(name: str, shape: NetShape) -> dict[int, Map]:
    """The maps that a pyramid of the network called `name` begins with, by halvings of the side; computes shapes alone.

    Of each stride it is the last one that everything after it is made from. Raises `UserError` where there is none at a
    stride of 8 or less.

    >>> find_maps("resnet18", NetShape(outputs=1, channels=3, height=64, width=64))[5]
    Map(node='layer4_1_relu_1', channels=512, last=False)
    """
    entry = net_entry(name)
    net = build_without_memory(entry, shape)
    more = build_without_memory(entry, replace(shape, outputs=shape.outputs + 1)).state_dict()
    heads = {key.rpartition(".")[0] for key, value in net.state_dict().items() if value.shape != more[key].shape}
    traced = _traced(net, name)
    found = {halvings: one for halvings, one in _maps(traced, heads, shape.channels) if halvings <= _HALVINGS[-1]}
    first = max((halvings for halvings in found if halvings <= _HALVINGS[0]), default=None)
    if first is None:
        raise UserError(
            f"{name} has no maps of features that a detector can begin with: the finest must have a stride of 8 px "
            f"or less; choose a convolutional network such as {_SUGGESTED}"
        )
    return {halvings: found[halvings] for halvings in sorted(found) if halvings >= first}


def _above(halvings: int, maps: Mapping[int, Any]) -> int:
    return max(one for one in maps if one < halvings)


def _strided(width: int, halvings: int) -> nn.Sequential:
    widths = [width] + [_MADE] * halvings
    return nn.Sequential(*(conv(narrow, wide, stride=2) for narrow, wide in pairwise(widths)))


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return type(module).__module__.startswith(_WHOLE) and not isinstance(module, nn.Sequential)


def _traced(net: nn.Module, name: str) -> fx.GraphModule:
    """What `net` computes in evaluation mode, as a graph over the same modules."""
    try:
        return fx.GraphModule(net, _Tracer().trace(net))
    except (fx.proxy.TraceError, TypeError, RuntimeError, ValueError) as error:
        raise UserError(
            f"{name} cannot be cut into a backbone, since it decides on its way what to compute; "
            f"choose another, such as {_SUGGESTED}"
        ) from error


class _Shapes(fx.Interpreter):
    """Runs a graph node by node and keeps the shapes, as far as it comes: the last layers may need another size."""

    def __init__(self, traced: fx.GraphModule) -> None:
        super().__init__(traced)
        self.extra_traceback = False
        self.shapes: dict[fx.Node, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> Any:
        given = super().run_node(n)
        if isinstance(given, Tensor):
            self.shapes[n] = tuple(given.shape)
        return given


def _maps(traced: fx.GraphModule, heads: set[str], channels: int) -> Iterator[tuple[int, Map]]:
    """Halvings and map of every node before the `heads` that all later ones depend on through it alone, in order."""
    interpreter = _Shapes(traced)
    try:
        with torch.no_grad():
            interpreter.run(torch.empty(1, channels, *_PROBE, device="meta"))
    except (RuntimeError, ValueError, AssertionError, IndexError, ZeroDivisionError, TypeError):
        pass  # what was reached before counts
    place = {node: index for index, node in enumerate(traced.graph.nodes)}
    modules = dict(traced.named_modules())
    used_until = 0
    for node, shape in interpreter.shapes.items():
        if str(node.target) in heads:
            return
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        if node.op not in {"placeholder", "get_attr"} and used_until <= place[node] and not _is_dropout(module):
            for last in (False, True):
                halvings = _halvings(shape[1:3] if last else shape[2:]) if len(shape) == 4 else None
                if halvings is not None:
                    yield halvings, Map(node.name, shape[3] if last else shape[1], last)
                    break
        if node.op != "get_attr":
            used_until = max([used_until, *(place[user] for user in node.users)])


def _is_dropout(module: nn.Module | None) -> bool:
    return isinstance(module, nn.Dropout | nn.Dropout2d)


def _halvings(sides: tuple[int, ...]) -> int | None:
    """How often the picture's sides were halved to become these; None where they are no even map of it."""
    tall, wide = (side / small for side, small in zip(_PROBE, sides, strict=True))
    if max(tall, wide) / min(tall, wide) > _SQUARE:
        return None
    return round(math.log2(math.sqrt(tall * wide)))


def _cut(net: nn.Module, maps: Mapping[int, Map]) -> fx.GraphModule:
    """`net` without what comes after the maps; gives them as a tuple, (batch, channels, height, width) each."""
    traced = _traced(net, type(net).__name__)
    graph = traced.graph
    nodes = {node.name: node for node in graph.nodes}
    end = next(iter(graph.find_nodes(op="output")))
    with graph.inserting_before(end):
        given = tuple(
            graph.call_method("permute", (nodes[one.node], 0, 3, 1, 2)) if one.last else nodes[one.node]
            for one in maps.values()
        )
        graph.output(given)
    graph.erase_node(end)
    graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced
