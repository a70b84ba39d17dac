"""What lists say of a network, read from `figures.json`, which `python -m convsight.describe.net_figures` writes."""

import json
from dataclasses import dataclass
from pathlib import Path

FIGURES = Path(__file__).with_name("figures.json")


@dataclass(frozen=True)
class ListedNet:
    """One network in a list.

    `parameters` and `multiply_adds` (of one image) are counted for images of `channels` planes and `side` px and for
    `classes` outputs, whatever these mean; they are None where they were not counted. `licence` is that of the code.
    `weights` says where pretrained weights come from ("none" without), `weights_licence` theirs. `accuracy` is the
    share of ImageNet's validation images answered right, in 0..1, as `accuracy_source` says. `source` is the paper or
    definition. `task` is the one that the network belongs to, empty for those of the catalogue, which all tasks share.
    """

    name: str
    parameters: int | None
    multiply_adds: int | None
    side: int
    channels: int
    classes: int
    licence: str
    weights: str
    weights_licence: str
    accuracy: float | None
    accuracy_source: str
    about: str
    source: str
    task: str = ""


def listed_nets() -> dict[str, ListedNet]:
    """Every network by name but timm's: those of the catalogue, then those that tasks add to it.

    Most of the latter work after networks of the catalogue too: `yolo-n+resnet18`.

    >>> listed_nets()["vgg16"].parameters, listed_nets()["yolo-n"].task
    (138357544, 'detection')
    """
    table = json.loads(FIGURES.read_text(encoding="utf-8"))
    return {name: ListedNet(name=name, **facts) for name, facts in table.items()}
