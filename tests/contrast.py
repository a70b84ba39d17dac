"""How well colours can be told apart, as WCAG 2 computes it."""

import re


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1..21: `rgb(r, g, b)` as browsers give them, or `#rrggbb`."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    if colour.startswith("#"):
        values = list(bytes.fromhex(colour[1:]))
    else:
        values = [int(value) for value in re.findall(r"\d+", colour)[:3]]
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (value / 255 for value in values)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
