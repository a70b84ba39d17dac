"""A network's text to its layers.

net    = [ "input" SHAPE "|" ] [ "init" INIT "|" ] parts
parts  = part { "|" part }
part   = ( layer | "residual" "(" parts ")" | COUNT "*" "(" parts ")" ) { activation }
layer  = word values options, by `vocabulary.LAYERS`
"""

from collections.abc import Sequence
from typing import Any

from convsight.errors import UserError, unknown_name
from convsight.nets.text.layer_errors import Span
from convsight.nets.text.layers.layer import Layer
from convsight.nets.text.layers.residual import Residual
from convsight.nets.text.net import Net
from convsight.nets.text.tokens import BAR, CLOSE, OPEN, TIMES, Token, Tokens
from convsight.nets.text.value_kinds import COUNT, INIT, Value
from convsight.nets.text.vocabulary import ACTIVATIONS, LAYERS, RESIDUAL, Grammar
from convsight.nets.text.volume import InputShape

MAX_LAYERS = 2_000
_DEEPEST = 8  # brackets in brackets
_LONGEST = 100_000  # characters

_HEADERS = ("input", "init")
_INPUT = Value("sides and channels such as 28x28x1, ? for any number", InputShape.parse)


def parse(text: str) -> Net:
    """The network that `text` describes.

    Raises `UserError` that shows the text, points at the word that is wrong and says what was expected.

    >>> [layer.word for layer in parse("conv 16 3x3 relu | flatten | dense 10").layers]
    ['conv', 'relu', 'flatten', 'dense']
    >>> parse("conv 16 3x3 | maxpol 2")
    Traceback (most recent call last):
        ...
    convsight.errors.UserError: unknown layer 'maxpol'; did you mean maxpool, sumpool, avgpool?
      conv 16 3x3 | maxpol 2
                    ^^^^^^
    """
    if len(text) > _LONGEST:
        raise UserError(f"a network's text has at most {_LONGEST:,} characters, not {len(text):,}")
    return _Parser(Tokens(text)).net()


class _Parser:
    """Descends the rules of the module's docstring, one method each."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.depth = 0

    def net(self) -> Net:
        tokens = self.tokens
        shape, shape_word = self.header("input", _INPUT)
        init, _ = self.header("init", INIT)
        layers = self.parts()
        if tokens.next.text:
            raise tokens.error(tokens.next, f"{tokens.next.text!r} closes nothing")
        return Net(tuple(layers), shape, init, tokens.text, shape_word.span if shape_word else None)

    def header(self, name: str, value: Value) -> tuple[Any, Token | None]:
        if self.tokens.next.text != name:
            return None, None
        word = self.tokens.take()
        found = self.value(name, value)
        span = Token(name, Span(word.span.start, self.tokens.last.span.end))
        if self.tokens.next.text != BAR:
            raise self.tokens.error(self.tokens.next, f"expected `|` after `{name}`")
        self.tokens.take()
        return found, span

    def parts(self) -> list[Layer]:
        layers = self.part()
        while self.tokens.next.text == BAR:
            self.tokens.take()
            layers += self.part()
        if _count(layers) > MAX_LAYERS:
            raise self.tokens.error(self.tokens.last, f"more than {MAX_LAYERS:,} layers")
        return layers

    def part(self) -> list[Layer]:
        first = self.tokens.take()
        if first.is_sign:
            raise self.layer_missing(first)
        if self.tokens.next.text == TIMES:
            layers = self.repeated(first)
        elif first.text == RESIDUAL:
            layers = [Residual(layers=tuple(self.bracketed(RESIDUAL)), spans={"word": first.span})]
        else:
            layers = [self.layer(first)]
        while self.tokens.next.text in ACTIVATIONS:
            layers.append(self.layer(self.tokens.take()))
        if not self.tokens.next.is_sign:
            raise self.no_option(first, self.tokens.next)
        if self.tokens.next.text in (OPEN, TIMES):
            raise self.tokens.error(
                self.tokens.next, f"{self.tokens.next.text!r} cannot follow {self.tokens.last.text!r}"
            )
        return layers

    def repeated(self, first: Token) -> list[Layer]:
        count = self.read(first, "the number before `*`", COUNT)
        self.tokens.take()
        layers = self.bracketed(f"{first.text} *")
        if count * _count(layers) > MAX_LAYERS:
            raise self.tokens.error(first, f"{count} times {_count(layers)} layers are more than {MAX_LAYERS:,}")
        return layers * int(count)

    def bracketed(self, what: str) -> list[Layer]:
        opening = self.tokens.next
        if opening.text != OPEN:
            raise self.tokens.error(opening, f"expected `(` after `{what}`")
        self.tokens.take()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.tokens.error(opening, f"more than {_DEEPEST} brackets in one another")
        layers = self.parts()
        if self.tokens.next.text != CLOSE:
            raise self.tokens.error(opening, "this bracket is never closed")
        self.tokens.take()
        self.depth -= 1
        return layers

    def layer(self, word: Token) -> Layer:
        if word.text in _HEADERS:
            raise self.tokens.error(word, f"`{word.text}` comes before all layers, `input` before `init`")
        if word.text not in LAYERS:
            unknown = unknown_name("layer", word.text, [*LAYERS, RESIDUAL])
            raise self.tokens.error(word, str(unknown))
        grammar = LAYERS[word.text]
        found: dict[str, Any] = dict(grammar.fixed)
        spans = {"word": word.span}
        for name, value in grammar.takes.items():
            found[name] = self.value(f"{name} of {word.text}", value)
            spans[name] = self.tokens.last.span
        for name, value in grammar.may_take.items():
            if not self.tokens.next.is_sign and self.tokens.next.text[0] in "+-.0123456789":
                found[name] = self.value(f"{name} of {word.text}", value)
                spans[name] = self.tokens.last.span
        self.options(word, grammar, found, spans)
        return grammar.make(**found, spans=spans)

    def options(self, layer: Token, grammar: Grammar, found: dict[str, Any], spans: dict[str, Span]) -> None:
        while self.tokens.next.text in grammar.optional_words:
            word = self.tokens.take()
            name = grammar.options[word.text][0] if word.text in grammar.options else grammar.flags[word.text][0]
            if name in found:
                raise self.tokens.error(word, f"{name} of {layer.text} is given twice")
            if word.text in grammar.options:
                found[name] = self.value(f"{word.text} of {layer.text}", grammar.options[word.text][1])
            else:
                found[name] = grammar.flags[word.text][1]
            spans[name] = self.tokens.last.span

    def value(self, what: str, value: Value) -> Any:
        if self.tokens.next.is_sign:
            after = self.tokens.last
            raise self.tokens.error(after, f"{what} is missing after {after.text!r}: {value.expected}")
        return self.read(self.tokens.take(), what, value)

    def read(self, word: Token, what: str, value: Value) -> Any:
        try:
            return value.read(word.text)
        except ValueError:
            raise self.tokens.error(word, f"{what} must be {value.expected}, not {word.text!r}") from None

    def no_option(self, layer: Token, word: Token) -> UserError:
        if word.text in LAYERS or word.text == RESIDUAL:
            return self.tokens.error(word, f"expected `|` before {word.text!r}")
        grammar = LAYERS.get(layer.text)
        known = [*(grammar.optional_words if grammar else []), *ACTIVATIONS]
        return self.tokens.error(word, str(unknown_name(f"option of {layer.text}", word.text, known)))

    def layer_missing(self, sign: Token) -> UserError:
        where = f" before {sign.text!r}" if sign.text else ""
        return self.tokens.error(sign, f"expected a layer{where}, such as `conv 16 3x3`")


def _count(layers: Sequence[Layer]) -> int:
    """How many layers there are, those inside others included."""
    return sum(1 + (_count(layer.layers) if isinstance(layer, Residual) else 0) for layer in layers)
