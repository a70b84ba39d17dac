"""`Asked`: what the query of a request wants explained, by which method and with which of its options."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import UnionType
from typing import Any, get_args

from convsight.errors import UserError, unknown_name
from convsight.explain.method import METHODS, MethodOptions
from convsight.serve.refusal import RefusedError

# What may be asked of a request, each at most as many as the server lets pictures wait.
_BOUNDED = ("samples", "steps", "regions")
_YES_OR_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_KINDS: dict[str, type] = {
    each.name: get_args(each.type)[0] if isinstance(each.type, UnionType) else each.type  # type: ignore[misc]
    for each in fields(MethodOptions)
}
_AS_OPTIONS = re.compile(rf"--({'|'.join(_KINDS)})\b")
_BESIDE = ("target", "evidence")
_KNOWN = ("explain", "model", *_BESIDE, *_KINDS)
_CALLED = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Asked:
    """By which method an answer shall be explained, and which; None is the surest. With `evidence` it is judged."""

    method: str
    target: str | None = None
    options: MethodOptions = field(default_factory=MethodOptions)
    evidence: bool = True


def asked_of(query: Mapping[str, str], most: int) -> Asked | None:
    """What the `query` of a request asks to be explained; None for predictions.

    Raises `RefusedError` with status 422 for an unknown method, an option that is none, or its value, for more than
    `most` samples, steps or regions, and for a target or an option without a method.
    """
    method = query.get("explain")
    if method is None:
        if beside := [name for name in (*_BESIDE, *_KINDS) if name in query]:
            raise RefusedError(422, f"{beside[0]} goes with explain, which names the method")
        return None
    if method not in METHODS:
        raise RefusedError(422, str(unknown_name("method", method, METHODS)))
    for name in query:
        if name not in _KNOWN:
            raise RefusedError(422, str(unknown_name("option", name, _KNOWN)))
    chosen = {name: _read(name, query[name]) for name in _KINDS if name in query}
    for name in _BOUNDED:
        if chosen.get(name, 0) > most:
            raise RefusedError(422, f"{name}={chosen[name]}: at most {most} here, as many as may wait (--queue)")
    try:
        options = MethodOptions(**chosen)
    except UserError as error:
        raise RefusedError(422, as_query(str(error))) from None
    return Asked(method, query.get("target"), options, _flag(query.get("evidence", "true")))


def as_query(words: str) -> str:
    """What the command line would be told of an option, as a query names it.

    >>> as_query("--window 300: the network sees 224 px on the shorter side; give less")
    'window 300: the network sees 224 px on the shorter side; give less'
    """
    return _AS_OPTIONS.sub(r"\1", words)


def documented() -> list[dict[str, Any]]:
    """The options, as a page of the server's addresses lists what a query may have."""
    names = {int: "integer", float: "number", str: "string"}
    kinds = {"evidence": "boolean"} | {name: names[kind] for name, kind in _KINDS.items()}
    told = "With explain: the option of its method, or of its map, that `convsight explain` has."
    return [
        {"name": name, "in": "query", "required": False, "description": told, "schema": {"type": kind}}
        for name, kind in kinds.items()
    ]


def _read(name: str, text: str) -> Any:
    try:
        return _KINDS[name](text)
    except ValueError:
        raise RefusedError(422, f"{name}={text}: give {_CALLED[_KINDS[name]]}") from None


def _flag(text: str) -> bool:
    if text.lower() not in _YES_OR_NO:
        raise RefusedError(422, f"evidence={text}: give true or false")
    return _YES_OR_NO[text.lower()]
