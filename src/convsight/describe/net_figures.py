"""The figures of networks: parameters and multiply-adds, counted without memory and arithmetic.

`python -m convsight.describe.net_figures` counts every network of the catalogue and of all tasks and writes them to
`net_list/figures.json`, from which lists are read.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from convsight.files import write_atomic
from convsight.net_list.listed import FIGURES, ListedNet
from convsight.nets.catalogue import net_entry, net_names
from convsight.nets.dry_run.build import build_without_memory
from convsight.nets.entry import NetEntry
from convsight.tasks import own_networks


@dataclass(frozen=True)
class Figures:
    """What a network costs: numbers it learns, and multiplications with an addition for one image."""

    parameters: int
    multiply_adds: int


def count(entry: NetEntry) -> Figures:
    """The figures of a network as its entry says it was made: its size of images, its channels, its outputs.

    Convolutions, matrix products and attention are counted, as in papers; what is done number by number is not.

    >>> count(net_entry("lecture1"))
    Figures(parameters=52010, multiply_adds=1879552)
    """
    shape = entry.default_shape
    net = build_without_memory(entry, shape)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.empty(1, *shape.planes, device="meta"))
    return Figures(sum(weights.numel() for weights in net.parameters()), counter.get_total_flops() // 2)


def listed(name: str, entry: NetEntry, figures: Figures | None, task: str = "") -> ListedNet:
    """The line for a network in a list; `task` is the one that it belongs to, empty for the catalogue's."""
    pretrained = entry.pretrained
    return ListedNet(
        name=name,
        parameters=figures.parameters if figures else None,
        multiply_adds=figures.multiply_adds if figures else None,
        side=entry.side,
        channels=entry.channels,
        classes=entry.outputs,
        licence=entry.licence,
        weights=pretrained.source if pretrained else "none",
        weights_licence=pretrained.licence if pretrained else "",
        accuracy=entry.accuracy,
        accuracy_source=entry.accuracy_source,
        about=entry.about,
        source=entry.source,
        task=task,
    )


def named_entries() -> Iterator[tuple[str, str, NetEntry]]:
    """Task, name and entry of every network but timm's: those of the catalogue first, whose task is empty."""
    for name in net_names():
        yield "", name, net_entry(name)
    for task, networks in own_networks().items():
        for name in networks:
            yield task, name, networks.entry(name)


def write_figures() -> None:
    """Count every network but timm's, and write `figures.json`."""
    table = {}
    for task, name, entry in named_entries():
        facts = asdict(listed(name, entry, count(entry), task))
        del facts["name"]
        table[name] = facts
    write_atomic(FIGURES, json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    write_figures()
