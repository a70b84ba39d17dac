"""timm's networks in a list; they are counted when they are asked for, since there are more than a thousand."""

from convsight.describe.net_figures import Figures, count, listed
from convsight.net_list.listed import ListedNet
from convsight.net_list.search import matching
from convsight.nets.timm_nets import timm_entry, timm_names
from convsight.progress import Listener
from convsight.words import counted

_COUNTED = 50  # networks; counting one takes up to a second


def list_timm(pattern: str, listener: Listener, figures: bool) -> list[ListedNet]:
    """The networks of timm whose names match `pattern`; more than 50 are counted only if `figures` is set.

    Raises `UserError` where nothing matches, or timm cannot be imported.
    """
    found = matching(pattern, timm_names())
    if len(found) > _COUNTED and not figures:
        listener.say(f"{counted(len(found), 'network')}, not counted; --figures counts them, or give a longer pattern")
        return [listed(name, timm_entry(name), None) for name in found]
    lines = []
    with listener.counting("counting", len(found)) as advance:
        for name in found:
            lines.append(listed(name, timm_entry(name), _counted(name)))
            advance(1)
    return lines


def _counted(name: str) -> Figures | None:
    """The figures of a network; None where its layers cannot run without numbers."""
    try:
        return count(timm_entry(name))
    except (RuntimeError, ValueError, AssertionError, NotImplementedError):
        return None
