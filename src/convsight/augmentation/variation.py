"""How far images vary, as numbers and in words."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Variation:
    """How far images vary; every amount is the largest, drawn evenly from -amount to amount.

    `shift` is a share of the side, `zoom`, `light` and `saturation` are natural logarithms of a factor, `rotate` is
    in degrees, `erase` is the side of an erased square as a share of the image's.
    """

    flip_horizontal: bool = False
    flip_vertical: bool = False
    shift: float = 0.0
    zoom: float = 0.0
    rotate: float = 0.0
    light: float = 0.0
    saturation: float = 0.0
    erase: float = 0.0

    @property
    def moves_between_pixels(self) -> bool:
        """Whether the geometry needs interpolation."""
        return self.zoom > 0 or self.rotate > 0


def in_words(variation: Variation) -> str:
    """The variation in words, for the user and the log.

    >>> in_words(Variation(flip_horizontal=True, rotate=10))
    'horizontal flips, rotation up to 10 degrees'
    """
    flips = [n for n, on in (("horizontal", variation.flip_horizontal), ("vertical", variation.flip_vertical)) if on]
    words = [f"{' and '.join(flips)} flips"] if flips else []
    if variation.shift:
        words.append(f"shifts up to {variation.shift:.0%} of the side")
    if variation.zoom:
        words.append(f"zoom up to {math.expm1(variation.zoom):.0%}")
    if variation.rotate:
        words.append(f"rotation up to {variation.rotate:g} degrees")
    if variation.light:
        words.append(f"brightness and contrast up to {math.expm1(variation.light):.0%}")
    if variation.saturation:
        words.append(f"saturation up to {math.expm1(variation.saturation):.0%}")
    if variation.erase:
        words.append(f"an erased square of {variation.erase:.0%} of the side")
    return ", ".join(words) if words else "nothing"
