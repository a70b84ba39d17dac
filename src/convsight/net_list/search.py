"""Networks by a pattern of their names."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from convsight.habits import unknown_net
from convsight.net_list.listed import ListedNet, listed_nets
from convsight.progress import Listener
from convsight.training_half import training_half

_TIMM = "timm/"


def list_nets(pattern: str, listener: Listener, figures: bool = False) -> list[ListedNet]:
    """The networks whose names match `pattern`: a glob, or a part of the name; all but timm's for an empty one.

    A pattern that begins with `timm/` lists timm's networks and imports PyTorch; more than a few of them are counted
    only if `figures` is set. Raises `UserError` where nothing matches.

    >>> from convsight.progress import Silent
    >>> [(net.name, net.parameters) for net in list_nets("vgg1?", Silent())]
    [('vgg11', 132863336), ('vgg13', 133047848), ('vgg16', 138357544), ('vgg19', 143667240)]
    """
    if pattern.startswith(_TIMM):
        found: list[ListedNet] = training_half("convsight.describe.timm_list").list_timm(pattern, listener, figures)
        return found
    known = listed_nets()
    return [known[name] for name in matching(pattern, known)]


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Which of `names` match a glob, or hold `pattern` where it is none.

    Raises `UserError` where none does, with the nearest ones.

    >>> matching("resnet??", ["resnet18", "resnet152", "wide_resnet50_2"])
    ['resnet18']
    >>> matching("resnet1", ["resnet18", "resnet152", "wide_resnet50_2"])
    ['resnet18', 'resnet152']
    """
    known = list(names)
    glob = pattern if any(sign in pattern for sign in "*?[") else f"*{pattern}*"
    found = [name for name in known if fnmatchcase(name, glob)]
    if not found:
        raise unknown_net(pattern, known)
    return found
