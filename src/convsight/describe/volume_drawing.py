"""The volumes of a network drawn to scale, as SVG: height and width as sides, thickness as channels."""

from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

from convsight.describe.description import Description
from convsight.describe.layer import Layer, volume_text

_TALLEST = 190.0  # px of the largest side
_THICKEST = 80.0  # px of the most channels of a map
_LONGEST = 170.0  # px of the longest vector
_THINNEST = 2.0  # px, so that three channels can be seen
_VECTOR = 7.0  # px of a vector's width
_SLANT = 0.35  # px to the right and up for a px of width
_GAP = 20.0  # px between two boxes
_MAX_BOXES = 36
_ROW = 1850.0  # px after which boxes go on in another row
_LABEL = 58.0  # px under a box
_LETTER = 6.2  # px, about

_COLOURS = {"input": "#9aa5b1", "convolution": "#3b78b5", "pooling": "#c8553d", "vector": "#4b8f5c", "other": "#8a76b0"}


@dataclass(frozen=True)
class _Box:
    """A volume in cells, and the layers that give it."""

    height: int
    width: int
    channels: int
    names: tuple[str, ...]
    kind: str

    @property
    def is_vector(self) -> bool:
        """Whether it has no sides."""
        return self.height == self.width == 1


@dataclass(frozen=True)
class _Solid:
    """A box in px: `length` across the page, `high` up, `depth` into it."""

    length: float
    high: float
    depth: float

    @classmethod
    def of_map(cls, box: _Box, side: float, thick: float) -> "_Solid":
        return cls(max(_THINNEST, box.channels * thick), box.height * side, _SLANT * box.width * side)

    @classmethod
    def of_vector(cls, box: _Box, long: float) -> "_Solid":
        return cls(_VECTOR, max(_THINNEST, box.channels * long), _SLANT * _VECTOR)


@dataclass(frozen=True)
class _Scales:
    """Px for a cell of a side, for a channel of a map, and for a value of a vector."""

    side: float
    thick: float
    long: float

    @classmethod
    def of(cls, boxes: list[_Box]) -> "_Scales":
        maps, vectors = [box for box in boxes if not box.is_vector], [box for box in boxes if box.is_vector]
        return cls(
            side=_TALLEST / max((max(box.height, box.width) for box in maps), default=1),
            thick=_THICKEST / max((box.channels for box in maps), default=1),
            long=_LONGEST / max((box.channels for box in vectors), default=1),
        )

    def solid(self, box: _Box) -> _Solid:
        return _Solid.of_vector(box, self.long) if box.is_vector else _Solid.of_map(box, self.side, self.thick)

    def __str__(self) -> str:
        return (
            f"a pixel is {1 / self.side:.3g} cells of a side, {1 / self.thick:.3g} channels, "
            f"{1 / self.long:.3g} values of a vector"
        )


class VolumeFigures(NamedTuple):
    """A drawing in pieces that a page can break into lines of its own width: an SVG for each volume."""

    volumes: list[str]
    legend: str


def volumes_svg(described: Description) -> str:
    """An SVG drawing of every volume that differs from the one before it.

    Sides share one scale, channels of maps another, the lengths of vectors a third; they stand under the image. Where
    there are too many volumes, the thickest of each size is drawn.
    """
    boxes = _boxes(described)
    scales = _Scales.of(boxes)
    rows, x, y, right = [], 20.0, 30.0, 0.0
    for box in boxes:
        solid = scales.solid(box)
        wide = _wide(box, solid)
        if x > 20 and x + wide > _ROW:
            x, y = 20.0, y + _TALLEST * (1 + _SLANT) + _LABEL + 30
        rows.append(_box_svg(box, solid, x, y + _TALLEST * (1 + _SLANT)))
        x += wide + _GAP
        right = max(right, x)
    legend = _legend_text(boxes, scales, described)
    right = max(right, _LETTER * len(legend) + 40)
    height = y + _TALLEST * (1 + _SLANT) + _LABEL + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:.0f} {height:.0f}" width="{right:.0f}" '
        f'height="{height:.0f}" font-family="sans-serif" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="20" y="20" font-size="15" font-weight="bold">{escape(described.name)}: '
        f"{described.parameters:,} parameters, {described.multiply_adds:,} multiply-adds</text>\n"
        + "\n".join(rows)
        + f'\n<text x="20" y="{height - 12:.0f}" fill="#555">{escape(legend)}</text>\n</svg>\n'
    )


def volume_figures(described: Description) -> VolumeFigures:
    """What `volumes_svg` draws, in pieces; the words in them have the colour of the text around them."""
    boxes = _boxes(described)
    scales = _Scales.of(boxes)
    volumes = []
    for box in boxes:
        solid = scales.solid(box)
        wide, high = _wide(box, solid), solid.high + solid.depth
        volumes.append(
            f'<svg role="img" aria-label="{escape(", ".join(_label(box)))}" width="{wide:.0f}" '
            f'height="{high + _LABEL:.0f}" font-family="sans-serif" font-size="11" fill="currentColor">'
            f"{_box_svg(box, solid, 0, high)}</svg>"
        )
    return VolumeFigures(volumes, _legend_text(boxes, scales, described))


def _boxes(described: Description) -> list[_Box]:
    *sides, channels = described.input
    boxes = [_Box(*_two(sides), channels, ("input",), "input")]
    for layer in described.layers:
        if not layer.output:
            continue
        height, width, depth = _three(layer.output)
        last = boxes[-1]
        if (height, width, depth) == (last.height, last.width, last.channels) and last.kind != "input":
            boxes[-1] = _Box(height, width, depth, (*last.names, layer.name), last.kind)
        else:
            boxes.append(_Box(height, width, depth, (layer.name,), _kind(layer)))
    return boxes if len(boxes) <= _MAX_BOXES else _thickest_of_each_size(boxes)


def _thickest_of_each_size(boxes: list[_Box]) -> list[_Box]:
    """The input, of each run of maps of one height the one with most channels, and the vectors."""
    runs = [list(run) for _, run in groupby(boxes[1:], key=lambda box: (box.height, box.is_vector and box.channels))]
    chosen = [boxes[0], *(max(run, key=lambda box: box.channels) for run in runs)]
    return chosen[: _MAX_BOXES - 1] + chosen[-1:] if len(chosen) > _MAX_BOXES else chosen


def _legend_text(boxes: list[_Box], scales: _Scales, described: Description) -> str:
    there = sum(bool(layer.output) for layer in described.layers)
    merged = sum(len(box.names) for box in boxes[1:])
    rule = "equal ones once" if merged == there else "the thickest of each size"
    return f"{scales}; {len(boxes) - 1} volumes of {there} layers: {rule}"


def _wide(box: _Box, solid: _Solid) -> float:
    """Px that a volume and its words take."""
    return max(solid.length + solid.depth, _LETTER * max(len(line) for line in _label(box)))


def _box_svg(box: _Box, solid: _Solid, x: float, bottom: float) -> str:
    high, depth, length = solid.high, solid.depth, solid.length
    colour = _COLOURS[box.kind]
    top = bottom - high
    roof = f"{x},{top} {x + depth},{top - depth} {x + depth + length},{top - depth} {x + length},{top}"
    wall = (
        f"{x + length},{top} {x + length + depth},{top - depth} "
        f"{x + length + depth},{bottom - depth} {x + length},{bottom}"
    )
    label = "".join(
        f'<text x="{x:.1f}" y="{bottom + 14 + 13 * index:.1f}">{escape(line)}</text>'
        for index, line in enumerate(_label(box))
    )
    return (
        f"<g><title>{escape(', '.join(box.names))}</title>"
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{length:.1f}" height="{high:.1f}" fill="{colour}"/>'
        f'<polygon points="{roof}" fill="{colour}" fill-opacity="0.55"/>'
        f'<polygon points="{wall}" fill="{colour}" fill-opacity="0.75"/>{label}</g>'
    )


def _label(box: _Box) -> list[str]:
    volume = volume_text((box.channels,) if box.is_vector else (box.height, box.width, box.channels))
    name = box.names[0] if len(box.names[0]) <= 22 else f"…{box.names[0][-21:]}"
    return [volume, name] + ([f"and {len(box.names) - 1} more"] if len(box.names) > 1 else [])


def _kind(layer: Layer) -> str:
    if len(layer.output) == 1:
        return "vector"
    if layer.kernel and layer.multiply_adds:
        return "convolution"
    return "pooling" if layer.kernel or "pool" in layer.kind.lower() else "other"


def _two(sides: list[int]) -> tuple[int, int]:
    """Height and width of one, two or three sides: a signal lies flat, the first side of a solid is left out."""
    return (1, sides[0]) if len(sides) == 1 else (sides[-2], sides[-1]) if sides else (1, 1)


def _three(volume: tuple[int, ...]) -> tuple[int, int, int]:
    *sides, channels = volume
    return (*_two(sides), channels)
