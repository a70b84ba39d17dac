"""A network cut in two where its frozen stages end: what gives features of images, and what answers by them.

The network is traced with `torch.fx`. Modules that lie wholly on one side stay whole, so that the trace goes through
those alone that hold both: mostly the outermost. Everything that no trainable weight and no chance comes before belongs
to the first part, so that features are as small as they can be: after the pooling, of most networks.
"""

import copy
import operator
from collections.abc import Collection
from dataclasses import dataclass
from math import prod
from typing import Any, final

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

FEATURES = "features"
_BATCHES = (2, 3)  # images in a trial; two numbers, so that what looks at the number is noticed


class NotCutError(Exception):
    """The network cannot be cut; the message says why."""


@final
@dataclass(frozen=True)
class Cut:
    """Both parts of a network, neither of which shares a tensor with it.

    `front` takes normalised images and gives features (batch, `numbers`). `tail` takes them as (batch, 1, `numbers`, 1)
    and gives what the network gives; its tensors have the names that they have in the network.
    """

    front: nn.Module
    tail: nn.Module
    numbers: int


def cut_network(network: nn.Module, frozen: Collection[str], images: tuple[int, ...]) -> Cut:
    """`network` cut behind the layers called `frozen`; `images` is the shape of one, (channels, height, width).

    Modules that are in evaluation mode, such as frozen ones, and those before them, act as at prediction. Raises
    `NotCutError` where it decides on its way what to compute, or both parts would answer otherwise.
    """
    network = copy.deepcopy(network).cpu()
    nodes = list(_traced(network, frozen).nodes)
    late = _late(nodes, network, frozen)
    kept = [node for node in nodes if node not in late and node.op not in {"output", "get_attr"}]
    given = [node for node in kept if any(user in late or user.op == "output" for user in node.users)]
    if not any(node in late for node in nodes):
        raise NotCutError("nothing of it learns")
    front = _front(network, [node for node in nodes if node not in late], given)
    shapes = _shapes(front, images)
    numbers = sum(prod(shape) for shape in shapes)
    cut = Cut(_Flat(front), _tail(network, nodes, late, given, shapes), numbers)
    _check_alike(network, cut, images)
    return cut


class _Tracer(fx.Tracer):
    """Goes into modules alone that hold layers of both kinds, and into rows of parts some of which may come before."""

    def __init__(self, frozen: Collection[str]) -> None:
        super().__init__()
        self.frozen = frozen

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        kinds = _kinds(m, module_qualified_name, self.frozen)
        return kinds == {True} or (kinds != {True, False} and type(m) is not nn.Sequential)


def _traced(network: nn.Module, frozen: Collection[str]) -> fx.Graph:
    try:
        return _Tracer(frozen).trace(network)
    except (fx.proxy.TraceError, TypeError, RuntimeError, ValueError, AttributeError, NotImplementedError) as error:
        raise NotCutError("it decides on its way what to compute") from error


def _kinds(module: nn.Module, name: str, frozen: Collection[str]) -> set[bool]:
    """Whether layers within `module` are frozen: both, where some are; neither, where it has no weights."""
    owners = (below for below, part in module.named_modules() if any(True for _ in part.parameters(recurse=False)))
    return {".".join(filter(None, (name, below))) in frozen for below in owners}


def _late(nodes: list[fx.Node], network: nn.Module, frozen: Collection[str]) -> set[fx.Node]:
    """What depends on weights that learn, or on chance."""
    late: set[fx.Node] = set()
    for node in nodes:
        if node.op == "output":
            continue
        if any(before in late for before in node.all_input_nodes) or _learns(node, network, frozen):
            late.add(node)
    return late


def _learns(node: fx.Node, network: nn.Module, frozen: Collection[str]) -> bool:
    target = str(node.target)
    if node.op == "get_attr":
        owner, _, own = target.rpartition(".")
        return own in network.get_submodule(owner)._parameters and owner not in frozen
    if node.op == "call_module":
        module = network.get_submodule(target)
        kinds = _kinds(module, target, frozen)
        return False in kinds or (not kinds and any(_acts_by_chance(part) for part in module.modules()))
    if node.op == "call_function" and node.target is not F.dropout and node.kwargs.get("training"):
        raise NotCutError(f"{getattr(node.target, '__name__', target)} acts otherwise while it is trained")
    return node.op == "call_function" and node.target is F.dropout


def _acts_by_chance(module: nn.Module) -> bool:
    """Whether it is trained, and its name says that it then leaves something out: dropout, stochastic depth, ..."""
    name = type(module).__name__
    return module.training and ("drop" in name.lower() or name == "StochasticDepth")


def _front(network: nn.Module, early: list[fx.Node], given: list[fx.Node]) -> fx.GraphModule:
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in early:
        if node.op != "output":
            copies[node] = graph.node_copy(node, lambda before: copies[before])
    graph.output(tuple(copies[node] for node in given))
    return _module(network, graph).eval()


def _tail(
    network: nn.Module,
    nodes: list[fx.Node],
    late: set[fx.Node],
    given: list[fx.Node],
    shapes: list[tuple[int, ...]],
) -> fx.GraphModule:
    """What follows, of one tensor (batch, 1, numbers, 1) in which the features lie one behind the other."""
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    features, start = graph.placeholder(FEATURES), 0
    for node, shape in zip(given, shapes, strict=True):
        end = start + prod(shape)
        part = graph.call_function(operator.getitem, (features, (slice(None), 0, slice(start, end), 0)))
        copies[node] = graph.call_method("reshape", (part, -1, *shape))
        start = end
    root = nn.Module()
    for name, child in network.named_children():
        root.add_module(name, child)
    for name, weight in network._parameters.items():
        root.register_parameter(name, weight)
    for name, buffer in network._buffers.items():
        root.register_buffer(name, buffer)
    for node in nodes:
        if node.op == "output":
            graph.output(fx.map_arg(node.args[0], lambda before: copies[before]))
        elif node in late:
            copies[node] = _dropping(graph, root, node, copies) or graph.node_copy(node, lambda before: copies[before])
        elif node.op == "get_attr":
            copies[node] = graph.node_copy(node)
    return _module(root, graph)


def _module(root: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    """What `graph` computes with the modules of `root` that it needs."""
    module = fx.GraphModule(root, graph)
    graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()
    return module


def _dropping(graph: fx.Graph, root: nn.Module, node: fx.Node, copies: dict[fx.Node, fx.Node]) -> fx.Node | None:
    """A dropout that was called as a function, as a module: it knows by itself whether it is trained."""
    if node.op != "call_function":
        return None
    given = dict(zip(("input", "p"), node.args, strict=False)) | dict(node.kwargs)
    name, share, before = f"{node.name}_drops", given.get("p", 0.5), given["input"]
    if not isinstance(share, float | int) or not isinstance(before, fx.Node) or node.target is not F.dropout:
        return None
    root.add_module(name, nn.Dropout(share))
    return graph.call_module(name, (copies[before],))


def _shapes(front: nn.Module, images: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Of the features of one image."""
    found = []
    for batch in _BATCHES:
        given = _run(front, torch.zeros(batch, *images))
        if not all(isinstance(each, Tensor) and each.shape[:1] == (batch,) for each in given):
            raise NotCutError("what it computes depends on how many images there are")
        found.append([tuple(each.shape[1:]) for each in given])
    if found[0] != found[1]:
        raise NotCutError("what it computes depends on how many images there are")
    return found[0]


@torch.no_grad()
def _check_alike(network: nn.Module, cut: Cut, images: tuple[int, ...]) -> None:
    """Raise `NotCutError` where both parts in turn do not answer as the whole does."""
    generator = torch.Generator().manual_seed(0)
    for batch in _BATCHES:
        given = torch.randn(batch, *images, generator=generator)
        whole = _run(network.eval(), given)
        parts = _run(cut.tail.eval(), cut.front(given)[:, None, :, None])
        if not isinstance(whole, Tensor) or not torch.equal(whole, parts):
            raise NotCutError("cut in two, it answers otherwise")
    cut.tail.train()


@torch.no_grad()
def _run(module: nn.Module, given: Tensor) -> Any:
    try:
        return module(given)
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise NotCutError(f"a part of it does not run by itself: {error}") from error


@final
class _Flat(nn.Module):
    """All features of an image in one row."""

    def __init__(self, front: fx.GraphModule) -> None:
        super().__init__()
        self.front = front

    def extra_repr(self) -> str:
        return str(self.front.code)

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([each.flatten(1) for each in self.front(images)], dim=1)
