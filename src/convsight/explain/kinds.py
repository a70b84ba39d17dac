"""The questions that `convsight explain` answers, and which of its options each of them listens to."""

from collections.abc import Collection

from convsight.errors import UserError

_EVERYWHERE = {"model", "output", "out", "max_megapixels"}
_OF_METHODS = {
    *("method", "layer", "window", "stride", "fill", "regions", "cells", "samples", "agreement", "steps", "noise"),
    "seed",
}
_OF_NETWORKS = {"weights", "download"}
_OF_ENGINES = {"engine", "precision"}

MAPS, BY_CLASS, RANK = "maps of pictures", "--by-class", "--rank"
# By what is asked for, the parameters of the command that it listens to.
LISTENS = {
    MAPS: {
        *_EVERYWHERE,
        *_OF_METHODS,
        *_OF_NETWORKS,
        *_OF_ENGINES,
        *("pictures", "target", "every", "evidence"),
    },
    "--features": {*_EVERYWHERE, *_OF_NETWORKS, "pictures", "layer", "channels", "every"},
    "--filters": {*_EVERYWHERE, *_OF_NETWORKS, "data", "count", "layer"},
    "--excite": {*_EVERYWHERE, *_OF_NETWORKS, "data", "count", "seed"},
    BY_CLASS: {*_EVERYWHERE, *_OF_METHODS, *_OF_NETWORKS, *_OF_ENGINES, "data", "count", "target", "where"},
    RANK: {*_EVERYWHERE, *_OF_METHODS, *_OF_NETWORKS, *_OF_ENGINES, "pictures", "count"} - {"out"},
}
_BESIDE = {"features", "filters", "excite", "by_class", "rank"}  # which name the questions themselves
_NAMES = {"pictures": "PICTURES", "count": "--pictures", "evidence": "--no-evidence"}
_INSTEAD = {
    ("--rank", "data"): "name the data after the model",
    ("--by-class", "pictures"): "pictures of classes are named by --data",
    ("--filters", "pictures"): "pictures are named by --data",
    ("--excite", "pictures"): "pictures are named by --data",
    (MAPS, "count"): "it counts pictures of --rank, --by-class, --data, --filters and --excite",
    (MAPS, "channels"): "it goes with --features",
    (MAPS, "where"): "it goes with --by-class or --data",
}


def kind_of(*, features: bool, filters: bool, excite: str | None, by_class: bool, rank: bool, data: str | None) -> str:
    """What is asked for, a name of `LISTENS`; raises `UserError` where that are several things.

    >>> kind_of(features=False, filters=True, excite=None, by_class=False, rank=False, data="photos")
    '--filters'
    """
    asked = {"--features": features, "--filters": filters, "--excite": excite, BY_CLASS: by_class, RANK: rank}
    kinds = [name for name, given in asked.items() if given]
    if len(kinds) > 1:
        raise UserError(f"{' and '.join(kinds)} are different questions: ask one at a time")
    return kinds[0] if kinds else MAPS if data is None else BY_CLASS


def check_listened(kind: str, given: Collection[str]) -> None:
    """Raise `UserError` where one of the parameters `given` does nothing for `kind`, a name of `LISTENS`.

    >>> check_listened("--filters", {"layer"})
    >>> check_listened("--filters", {"window", "layer"})
    Traceback (most recent call last):
    convsight.errors.UserError: --window does nothing for --filters: leave it out
    """
    for name in sorted(set(given) - LISTENS[kind] - _BESIDE):
        told = _NAMES.get(name, f"--{name.replace('_', '-')}")
        raise UserError(f"{told} does nothing for {kind}: {_INSTEAD.get((kind, name), 'leave it out')}")
