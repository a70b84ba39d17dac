"""The dense layer."""

from dataclasses import dataclass
from typing import final

from convsight.nets.text.layers.layer import Init, Layer, Width
from convsight.nets.text.volume import Volume


@final
@dataclass(frozen=True, kw_only=True)
class Dense(Layer):
    """Every number that comes out is a weighted sum of all that come in.

    >>> print(Dense(units=10).after(Volume(1152)))
    10
    """

    units: Width
    bias: bool = True
    init: Init | None = None

    @property
    def word(self) -> str:
        return "dense"

    def after(self, volume: Volume) -> Volume:
        if not volume.is_vector:
            what = f"dense needs a vector, not a {volume} volume: put `flatten |` or `globalavg |` before it"
            raise self.fault("word", what)
        return Volume(self.number("units", self.units))
