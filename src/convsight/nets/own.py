"""A network that a program gives to a call: `own:NAME-DIGEST` on cards, and to be found for as long as the call lasts.

The digest is of its architecture: of layers, their numbers, and the names and shapes of weights, not of what a
`forward` does with them. Nothing is kept after the call.
"""

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from hashlib import sha256

import torch
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.nets.entry import NetEntry, NetShape

_PREFIX = "own:"
_DIGITS = 12
_SIDE = 224  # px to which larger images are reduced, as for most networks of the catalogue

OwnNet = nn.Module | Callable[[NetShape], nn.Module]

_given: ContextVar[OwnNet | None] = ContextVar("the network of a call", default=None)


@contextmanager
def own_net(net: OwnNet | None) -> Iterator[None]:
    """Within, cards that name a program's own network mean `net`; None: as it is."""
    if net is None:
        yield
        return
    token = _given.set(net)
    try:
        yield
    finally:
        _given.reset(token)


def is_own(name: str) -> bool:
    """Whether `name` is that of a network which only a program has."""
    return name.startswith(_PREFIX)


def own_name(net: OwnNet) -> str:
    """What settings call it: its class, or the function that makes it.

    >>> own_name(nn.Sequential())
    'own:Sequential'
    """
    called = type(net).__name__ if isinstance(net, nn.Module) else getattr(net, "__name__", type(net).__name__)
    return _PREFIX + (re.sub(r"\W+", "_", called).strip("_") or "net")


def of_any_shape(name: str) -> str:
    """What `name` is called whatever it is built for: the digits of a program's own network are those of one shape.

    >>> of_any_shape("own:Net-0123456789ab"), of_any_shape("resnet18")
    ('own:Net', 'resnet18')
    """
    return name.partition("-")[0] if is_own(name) else name


def own_entry(name: str) -> NetEntry:
    """The entry of a network that the present call was given."""
    about = "a network of a program"
    return NetEntry(partial(_built, name), about, "that of the program", "the program", side=_SIDE, smallest=1)


def architecture_digest(net: nn.Module) -> str:
    """The first digits of a SHA-256 of its layers and of the names, types and shapes of its weights.

    >>> [architecture_digest(nn.Linear(2, 3)) == architecture_digest(nn.Linear(2, n)) for n in (3, 4)]
    [True, False]
    """
    layers = [f"{name}: {type(layer).__name__}({layer.extra_repr()})" for name, layer in net.named_modules()]
    weights = [f"{name}: {value.dtype} {tuple(value.shape)}" for name, value in net.state_dict().items()]
    return sha256("\n".join([*layers, "", *weights]).encode()).hexdigest()[:_DIGITS]


def checked_own(name: str, shape: NetShape, outputs: str) -> str:
    """The name of the network for a card, with its digest, once it was seen to answer for images of `shape`.

    Raises `UserError` where it cannot take them or has other outputs than those of `outputs`, in words.
    """
    net = _built(name, shape).eval()
    given = (2, *shape.planes)
    called = name.removeprefix(_PREFIX)
    try:
        with torch.no_grad():
            found = net(torch.zeros(given))
    except Exception as error:
        raise UserError(
            f"the network {called} cannot take images as this training has them, {given}: {error}; give size=... or "
            "colour='rgb', or instead of the network a function of the shape: net=lambda shape: Net(shape.channels)"
        ) from error
    if not isinstance(found, Tensor) or found.shape != (2, shape.outputs):
        what = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise UserError(
            f"the network {called} answers {what} for 2 images, and {outputs} need (2, {shape.outputs}); give one with "
            f"{shape.outputs} outputs, or a function of the shape: net=lambda shape: Net(shape.outputs)"
        )
    return f"{name}-{architecture_digest(net)}"


def _built(name: str, shape: NetShape) -> nn.Module:
    """A copy of the network given, or a new one by the function given; raises `UserError` where it is another."""
    given, (called, _, digest) = _given.get(), name.removeprefix(_PREFIX).partition("-")
    if given is None:
        raise UserError(
            f"its network {called} is of the program that trained it: give it again, net=... of convsight.load, "
            "evaluate, export or resume, or use the exported model.onnx, which needs no code"
        )
    net = copy.deepcopy(given) if isinstance(given, nn.Module) else given(shape)
    if not isinstance(net, nn.Module):
        raise UserError(f"net={called}: the function gives {type(net).__name__}, and not a torch.nn.Module")
    if digest and architecture_digest(net) != digest:
        raise UserError(
            f"the network given, {own_name(given).removeprefix(_PREFIX)}, is not {called} as it was trained: layers or "
            "shapes of weights differ"
        )
    return net
