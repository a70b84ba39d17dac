"""The figures of networks: parameters and multiply-adds, counted without memory and arithmetic.

`python -m convsight.nets.figures` writes `figures.json` anew, which lists of networks are read from.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from convsight.files import write_atomic
from convsight.nets.catalogue import net_entry, net_names
from convsight.nets.entry import NetEntry
from convsight.nets.listing import FIGURES, ListedNet
from convsight.nets.sizes import build_without_memory


@dataclass(frozen=True)
class Figures:
    """What a network costs: numbers it learns, and multiplications with an addition for one picture."""

    parameters: int
    multiply_adds: int


def count(entry: NetEntry) -> Figures:
    """The figures of a network as its entry says it was made: its size of pictures, its channels, its outputs.

    Convolutions, matrix products and attention are counted, as in papers; what is done number by number is not.

    >>> count(net_entry("lecture1"))
    Figures(parameters=52010, multiply_adds=1879552)
    """
    shape = entry.usual_shape
    net = build_without_memory(entry, shape)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.empty(1, shape.channels, shape.height, shape.width, device="meta"))
    return Figures(sum(weights.numel() for weights in net.parameters()), counter.get_total_flops() // 2)


def listed(name: str, entry: NetEntry, figures: Figures | None) -> ListedNet:
    """The line for a network in a list."""
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
    )


def write_figures() -> None:
    """Count every network of the catalogue but timm's, and write `figures.json`."""
    write_list(FIGURES, {name: net_entry(name) for name in net_names()})


def write_list(file: Path, entries: Mapping[str, NetEntry]) -> None:
    """Count networks and write them to `file`, from which lists are read."""
    table = {}
    for name, entry in entries.items():
        facts = asdict(listed(name, entry, count(entry)))
        del facts["name"]
        table[name] = facts
    write_atomic(file, json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    write_figures()
