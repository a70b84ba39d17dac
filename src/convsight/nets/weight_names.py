"""Names of tensors as other tools write them: what wrappers put before all names is taken off."""

from collections import Counter
from collections.abc import Collection, Mapping

from torch import Tensor

from convsight.words import first_few

_COMPILED = "_orig_mod."  # what torch.compile puts before the names of a module, wherever in the network that is
_LISTED = 6  # tensors in a note


def unwrapped(given: Mapping[str, Tensor], wanted: Collection[str]) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors of the network whose names are `wanted`, and what was done to their names, in words.

    The prefix (`module.` of DataParallel, `model.` of Lightning, ...) is the one with which most names are wanted; what
    does not begin with it (`n_averaged` of averaged models, a loss) is left out. Names that fit as they are stay.

    >>> import torch
    >>> one = torch.zeros(1)
    >>> found, notes = unwrapped({"n_averaged": one, "module._orig_mod.fc.bias": one}, {"fc.bias"})
    >>> list(found), notes
    (['fc.bias'], ["'_orig_mod.' is taken off names", "'module.' is taken off names; left out: n_averaged"])
    """
    tensors, notes = dict(given), []
    wanted = frozenset(wanted)
    if any(_COMPILED in name for name in given) and not any(_COMPILED in name for name in wanted):
        tensors = {name.replace(_COMPILED, ""): value for name, value in given.items()}
        notes.append(f"'{_COMPILED}' is taken off names")
    prefix = _prefix(tensors, wanted)
    if prefix:
        others = [name for name in tensors if not name.startswith(prefix)]
        left_out = f"; left out: {first_few(others, _LISTED)}" if others else ""
        notes.append(f"{prefix!r} is taken off names{left_out}")
        tensors = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return tensors, notes


def _prefix(given: Collection[str], wanted: frozenset[str]) -> str:
    """What stands before most of the wanted names, as far as they are given: empty, or with a dot at its end."""
    found = Counter({"": sum(name in wanted for name in given)})
    for name in given:
        start = name.find(".") + 1
        while start:
            if name[start:] in wanted:
                found[name[:start]] += 1
            start = name.find(".", start) + 1
    return max(found, key=lambda prefix: found[prefix])
