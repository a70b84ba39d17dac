"""Any network of the catalogue as an encoder: its maps of features, and no longer what it says of the whole image.

The network is traced with `torch.fx` and what comes after its last map is cut off. Tensors keep the names that they
have in the whole network, so that its pretrained weights fit by name.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, fx, nn

from convsight.errors import UserError
from convsight.nets.catalogue import build_net, check_size, net_entry
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.dry_run.run import SHAPE_ERRORS
from convsight.nets.entry import NetShape

STRIDES = (2, 4, 8, 16, 32)
_FINEST = 8  # px; a network whose first map is coarser sees patches of the image, one by one
_SUGGESTED = "resnet18, mobilenet_v3_small, squeezenet1_0 or convnext_tiny"

# Sides in px of the image that maps are looked for with. They are unlike each other, so that a map whose channels
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
class Encoder(nn.Module):
    """Normalised images (batch, channels, height, width) to maps of features, the finest first.

    Map i is (batch, `channels[i]`, height / `strides[i]`, width / `strides[i]`), sides rounded as the network rounds
    them; it is the last of its stride that everything after it is made from. A stride is a power of two; for a network
    that steps by other numbers, the nearest. `net` has the tensors under the names that they have in the catalogue's
    network.
    """

    def __init__(self, net: nn.Module, maps: Mapping[int, Map]) -> None:
        super().__init__()
        self.net = net
        self.strides = tuple(maps)
        self.channels = tuple(found.channels for found in maps.values())

    def forward(self, images: Tensor) -> list[Tensor]:
        return list(self.net(images))


def build_encoder(name: str, shape: NetShape, strides: Collection[int] = STRIDES) -> Encoder:
    """The catalogue's network called `name` as an encoder, with fresh weights from PyTorch's global generator.

    It gives those maps of `strides` that the network has. The encoder takes other sizes too, as far as the network
    does; `shape.outputs` are of the part that is cut off. Raises `UserError` for an unknown name, images that the
    network cannot take, and a network that has no such maps.

    >>> encoder = build_encoder("resnet18", NetShape(outputs=1, channels=3, height=64, width=64))
    >>> encoder.strides, encoder.channels
    ((2, 4, 8, 16, 32), (64, 64, 128, 256, 512))
    """
    found = find_maps(name, shape)
    maps = {stride: one for stride, one in found.items() if stride in strides}
    if not maps:
        raise UserError(f"{name} has maps of strides {_listed(found)}, none of {_listed(strides)}")
    return encoder_with(maps, name, shape)


def encoder_with(maps: Mapping[int, Map], name: str, shape: NetShape) -> Encoder:
    """The encoder that gives these `maps` of the network called `name`, some of those that `find_maps` found."""
    net = build_net(name, shape).eval()
    return Encoder(_cut(net, maps).train(), maps)


def find_maps(name: str, shape: NetShape) -> dict[int, Map]:
    """The maps of the network called `name` by stride, from 1 to 32 px, the finest first; computes shapes alone.

    Raises `UserError` where there is none at a stride of 8 or less, or the network cannot take such images.

    >>> find_maps("resnet18", NetShape(outputs=1, channels=3, height=64, width=64))[32]
    Map(node='layer4_1_relu_1', channels=512, last=False)
    """
    entry = net_entry(name)
    try:
        net = build_without_memory(entry, shape)
    except SHAPE_ERRORS:  # some networks cannot even be built for images that they do not take
        check_size(name, shape)
        raise
    more = build_without_memory(entry, replace(shape, outputs=shape.outputs + 1)).state_dict()
    heads = {key.rpartition(".")[0] for key, value in net.state_dict().items() if value.shape != more[key].shape}
    found = {stride: one for stride, one in _maps(_traced(net, name), heads, shape.channels) if stride <= STRIDES[-1]}
    if min(found, default=math.inf) > _FINEST:
        raise UserError(
            f"{name} has no maps of features to begin with: the finest must have a stride of {_FINEST} px or less; "
            f"choose a convolutional network such as {_SUGGESTED}"
        )
    return dict(sorted(found.items()))


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return type(module).__module__.startswith(_WHOLE) and not isinstance(module, nn.Sequential)


def _traced(net: nn.Module, name: str) -> fx.GraphModule:
    """What `net` computes in evaluation mode, as a graph over the same modules."""
    try:
        return fx.GraphModule(net, _Tracer().trace(net))
    except (fx.proxy.TraceError, TypeError, RuntimeError, ValueError) as error:
        raise UserError(
            f"{name} cannot be cut into an encoder, since it decides on its way what to compute; "
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
    """Stride and map of every node before the `heads` that all later ones depend on through it alone, in order."""
    interpreter = _Shapes(traced)
    try:
        with torch.no_grad():
            interpreter.run(torch.empty(1, channels, *_PROBE, device="meta"))
    except (*SHAPE_ERRORS, TypeError):
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
                stride = _stride(shape[1:3] if last else shape[2:]) if len(shape) == 4 else None
                if stride is not None:
                    yield stride, Map(node.name, shape[3] if last else shape[1], last)
                    break
        if node.op != "get_attr":
            used_until = max([used_until, *(place[user] for user in node.users)])


def _is_dropout(module: nn.Module | None) -> bool:
    return isinstance(module, nn.Dropout | nn.Dropout2d)


def _stride(sides: tuple[int, ...]) -> int | None:
    """The power of two that the image's sides were divided by to become these; None where they are no map of it."""
    tall, wide = (side / small for side, small in zip(_PROBE, sides, strict=True))
    if max(tall, wide) / min(tall, wide) > _SQUARE:
        return None
    halvings = round(math.log2(math.sqrt(tall * wide)))
    return 2**halvings if halvings >= 0 else None


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
