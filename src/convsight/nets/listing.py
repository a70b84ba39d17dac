"""The list of networks: names and facts read from `figures.json` and `detectors.json`, without PyTorch.

`python -m convsight.nets.figures` writes the first from the catalogue and `python -m convsight.tasks.detection.listing`
the second; timm's networks are listed by timm itself.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from convsight.errors import unknown_name
from convsight.progress import Listener
from convsight.training_half import training_half

FIGURES = Path(__file__).with_name("figures.json")
DETECTORS = Path(__file__).with_name("detectors.json")
TIMM = "timm/"


@dataclass(frozen=True)
class ListedNet:
    """One network in a list.

    `parameters` and `multiply_adds` (of one picture) are counted for pictures of `channels` planes and `side` px and
    for `classes` outputs, whatever these mean; they are None where they were not counted. `licence` is that of the
    code. `weights` says where pretrained weights come from ("none" without), `weights_licence` theirs. `accuracy` is
    the share of ImageNet's validation pictures answered right, in 0..1, as `accuracy_source` says. `source` is the
    paper or definition.
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


def list_nets(pattern: str, listener: Listener, figures: bool = False) -> list[ListedNet]:
    """The networks whose names match `pattern`: a glob, or a part of the name; all but timm's for an empty one.

    A pattern that begins with `timm/` lists timm's networks and imports PyTorch; more than a few of them are counted
    only if `figures` is set. Raises `UserError` where nothing matches.

    >>> from convsight.progress import Silent
    >>> [(net.name, net.parameters) for net in list_nets("vgg1?", Silent())]
    [('vgg11', 132863336), ('vgg13', 133047848), ('vgg16', 138357544), ('vgg19', 143667240)]
    """
    if pattern.startswith(TIMM):
        return _list_timm(pattern, listener, figures)
    known = known_nets() | known_detectors()
    found = matching(pattern, known)
    if not found:
        raise unknown_name("net", pattern, known)
    return [known[name] for name in found]


def known_nets() -> dict[str, ListedNet]:
    """Every network of the catalogue but timm's, by name."""
    return _read(FIGURES)


def known_detectors() -> dict[str, ListedNet]:
    """Every detector, by name; most work after networks of the catalogue too: `yolo-n+resnet18`.

    >>> list(known_detectors())[:2]
    ['yolo-n', 'yolo-s']
    """
    return _read(DETECTORS)


def _read(file: Path) -> dict[str, ListedNet]:
    table = json.loads(file.read_text(encoding="utf-8"))
    return {name: ListedNet(name=name, **facts) for name, facts in table.items()}


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Which of `names` match a glob, or hold `pattern` where it is none.

    >>> matching("resnet??", ["resnet18", "resnet152", "wide_resnet50_2"])
    ['resnet18']
    >>> matching("resnet1", ["resnet18", "resnet152", "wide_resnet50_2"])
    ['resnet18', 'resnet152']
    """
    glob = pattern if any(sign in pattern for sign in "*?[") else f"*{pattern}*"
    return [name for name in names if fnmatchcase(name, glob)]


def _list_timm(pattern: str, listener: Listener, figures: bool) -> list[ListedNet]:
    found: list[ListedNet] = training_half("convsight.nets.timm_listing").list_timm(pattern, listener, figures)
    return found
