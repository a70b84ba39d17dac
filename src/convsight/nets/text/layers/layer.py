"""`Layer`: what every layer of a text has."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from convsight.nets.text.layer_errors import LayerError, Span
from convsight.nets.text.volume import Volume

Sides = tuple[int, ...]  # a number an axis; a single one stands for every axis
Width = int | Literal["outputs"]  # channels, or numbers, that come out; the word is for as many as the data need
Init = Literal["random", "glorot", "he"]

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Layer(ABC):
    """A layer as it is written. `spans` says where: "word" for its name, a field's name for that field."""

    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    @property
    @abstractmethod
    def word(self) -> str:
        """What it is called in a text."""

    @abstractmethod
    def after(self, volume: Volume) -> Volume:
        """What comes out when `volume` goes in. Raises `LayerError` where it cannot."""

    def span(self, key: str) -> Span | None:
        """Where the field `key` is written, or else the layer."""
        return self.spans.get(key, self.spans.get("word"))

    def fault(self, key: str, message: str) -> LayerError:
        """A fault that points at what the field `key` was given."""
        return LayerError(message, self.span(key))

    def spread(self, key: str, values: tuple[_T, ...], volume: Volume) -> tuple[_T, ...]:
        """The values of the field `key`, one for every axis of `volume`; a single one is meant for all."""
        axes = len(volume.sides)
        if axes == 0:
            raise self.fault(
                "word", f"{self.word} needs a volume with sides, not a vector of {volume.channels} numbers"
            )
        if len(values) == 1:
            return values * axes
        if len(values) != axes:
            raise self.fault(key, f"{key} for {len(values)} axes, but the volume {volume} has {axes}")
        return values

    def number(self, key: str, width: Width) -> int:
        """`width` of the field `key` as a number; `outputs` must have become one."""
        if width == "outputs":
            raise self.fault(key, "`classes` stands for as many outputs as the data need, and there are no data here")
        return width
