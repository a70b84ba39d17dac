"""Networks that a task adds to the catalogue: a head of its own after an encoder, as in `yolo-n+resnet18`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar, final

from torch import nn

from convsight.errors import UserError
from convsight.habits import unknown_net
from convsight.nets.catalogue import canonical_name, knows, net_entry
from convsight.nets.entry import NetEntry, NetShape

_BESIDE = "+"  # between a task's network and the network of the catalogue that it comes after

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class TaskNet(Generic[Net]):
    """One network of a task. `build` takes the name of the encoder that it comes after, and the shape.

    `encoder` is the network of the catalogue that it comes after where the user names none, empty for one of its own.
    `others` are those that may take its place: the whole catalogue where it is None. Where another library names its
    encoders, `check` raises `UserError` for a name that it does not know. `about`, `source`, `licence`, `side`,
    `outputs` and `volumes` are as in `NetEntry`.
    """

    build: Callable[[str, NetShape], Net]
    about: str
    source: str
    licence: str
    side: int
    outputs: int
    encoder: str = ""
    others: tuple[str, ...] | None = None
    volumes: bool = False
    check: Callable[[str], None] | None = None


@final
class TaskNets(Generic[Net]):
    """The networks of a task by name; names with an encoder are known too, and count as in the set.

    >>> from convsight.nets.small import SmallNet
    >>> nets = TaskNets({"seg": TaskNet(lambda encoder, shape: SmallNet(shape), "", "", "", 64, 2, encoder="small")})
    >>> "seg+resnet18" in nets, "resnet18" in nets, list(nets)
    (True, False, ['seg'])
    >>> nets.canonical("seg+small"), nets.parts("seg"), nets.parts("seg+timm/resnet10t")
    ('seg', ('seg', 'small'), ('seg', 'timm/resnet10t'))
    """

    def __init__(self, nets: Mapping[str, TaskNet[Net]]) -> None:
        self._nets = dict(nets)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nets)

    def __contains__(self, name: str) -> bool:
        return name.partition(_BESIDE)[0] in self._nets

    def parts(self, name: str) -> tuple[str, str]:
        """The task's network, and the network of the catalogue that it comes after, empty for one of its own."""
        own, _, encoder = name.partition(_BESIDE)
        return own, encoder or self._nets[own].encoder

    def borrowed_encoder(self, name: str) -> str:
        """The network of the catalogue that the network called `name` comes after; its pretrained weights fit there.

        Raises `UserError` where it has an encoder of its own.
        """
        own, encoder = self.parts(name)
        if not encoder:
            raise UserError(
                f"{name} has an encoder of its own, for which there are no pretrained weights; use a network of the "
                f"catalogue: --net {own}{_BESIDE}resnet18"
            )
        return encoder

    def canonical(self, name: str) -> str:
        """`name` as a card stores it; raises `UserError` where there is no such network, with the nearest ones."""
        own, beside, encoder = name.partition(_BESIDE)
        if own not in self._nets:
            raise self._unknown(own)
        if not beside:
            return own
        net = self._nets[own]
        if net.check is not None:
            net.check(encoder)
        elif net.others is not None:
            if encoder not in net.others:
                those = f"{' or '.join(net.others)} alone, not after {encoder!r}" if net.others else "no other network"
                raise UserError(f"{own} comes after {those}")
        else:
            encoder = canonical_name(encoder)
            net_entry(encoder)  # raises for a name that the catalogue does not have
        return own if encoder == net.encoder else own + _BESIDE + encoder

    def _unknown(self, name: str) -> UserError:
        """The error for a name of none of these, which may be one of the catalogue's."""
        free = next((own for own, net in self._nets.items() if net.others is None), None)
        if free is None or not knows(name):
            return unknown_net(name, self._nets)
        return UserError(
            f"unknown net {name!r} here: it answers about whole images, and another comes after it: --net {free}+{name}"
        )

    def build(self, name: str, shape: NetShape) -> Net:
        """The network called `name` with fresh weights, drawn from PyTorch's global generator."""
        own, encoder = self.parts(name)
        return self._nets[own].build(encoder, shape)

    def entry(self, name: str) -> NetEntry:
        """What lists and descriptions need to know of the network called `name`."""
        net = self._nets[self.parts(name)[0]]
        return NetEntry(
            partial(self.build, name),
            net.about,
            net.licence,
            net.source,
            side=net.side,
            volumes=net.volumes,
            channels=1 if net.volumes else 3,
            outputs=net.outputs,
        )
