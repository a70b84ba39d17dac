"""A network's layers to its one canonical text: one line that `parse` reads back to the same network."""

from collections.abc import Sequence
from typing import Any

from convsight.nets.text.layers.elementwise import Activation
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.net import Net
from convsight.nets.text.vocabulary import LAYERS, RESIDUAL, Grammar, default_of

_BETWEEN = " | "


def unparse(net: Net) -> str:
    """The canonical text of a network: what is as usual is left out, activations stand behind their layer.

    >>> from convsight.nets.text.parse import parse
    >>> unparse(parse("conv 16  3x3 stride 1 padding valid|relu | flatten|dense 10"))
    'conv 16 3x3 relu | flatten | dense 10'
    """
    headers = []
    if net.input is not None:
        headers.append(f"input {net.input}")
    if net.init is not None:
        headers.append(f"init {net.init}")
    return _BETWEEN.join([*headers, _parts(net.layers)])


def _parts(layers: Sequence[Layer]) -> str:
    parts: list[str] = []
    for layer in layers:
        if isinstance(layer, Activation) and parts:
            parts[-1] += f" {_words(layer)}"
        else:
            parts.append(_words(layer))
    return _BETWEEN.join(parts)


def _words(layer: Layer) -> str:
    if isinstance(layer, Residual):
        return f"{RESIDUAL}({_parts(layer.layers)})"
    grammar = LAYERS[layer.word]
    words = [layer.word]
    words += [value.write(getattr(layer, name)) for name, value in grammar.takes.items()]
    for name, value in grammar.may_take.items():
        if _told(layer, name):
            words.append(value.write(getattr(layer, name)))
    return " ".join(words + _options(layer, grammar))


def _options(layer: Layer, grammar: Grammar) -> list[str]:
    words: list[str] = []
    named = set()
    for word, (name, meant) in grammar.flags.items():
        if _told(layer, name) and getattr(layer, name) == meant:
            words.append(word)
            named.add(name)
    for word, (name, value) in grammar.options.items():
        if name not in named and _told(layer, name):
            words += [word, value.write(getattr(layer, name))]
    return words


def _told(layer: Layer, name: str) -> bool:
    """Whether a field differs from what it is where a text does not say it."""
    default: Any = default_of(type(layer), name)
    return bool(getattr(layer, name) != default)
