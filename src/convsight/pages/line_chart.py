"""A chart of lines as SVG, told apart by colour, by dashes and by a legend in words."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from convsight.pages.markup import Markup, tag
from convsight.words import shortened

_WIDTH, _HEIGHT = 360, 230  # px, which a page scales
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 8, 10, 34  # px of the edges; on the left numbers such as 0.00076 have room
_KINDS = 6  # of lines in the style sheet
_TICKS = 5
_NAME = 60


class Line(NamedTuple):
    """A line of a chart: its name, and its points (x, y), x rising."""

    name: str
    points: Sequence[tuple[float, float]]


def line_chart(title: str, lines: Sequence[Line], x_label: str, mark: tuple[float, str] | None = None) -> Markup:
    """The `lines` over one another, with a dashed vertical at a `mark` (its x, and its words in the legend).

    What is not finite is left out. Raises ValueError where no line has a point.
    """
    shown = [Line(line.name, [each for each in line.points if all(map(math.isfinite, each))]) for line in lines]
    shown = [line for line in shown if line.points]
    if not shown:
        raise ValueError(f"{title}: there is nothing to draw")
    xs = [x for line in shown for x, _ in line.points]
    ys = [y for line in shown for _, y in line.points]
    frame = _Frame.around(xs, ys)
    parts = [*_axes(frame, x_label)]
    parts += [_drawn(frame, line, number) for number, line in enumerate(shown)]
    if mark is not None:
        x = frame.x(mark[0])
        parts.append(tag("line", x1=x, x2=x, y1=_TOP, y2=_HEIGHT - _BOTTOM, class_="mark"))
    words = "; ".join(f"{line.name} from {line.points[0][1]:.4g} to {line.points[-1][1]:.4g}" for line in shown)
    drawing = tag(
        "svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=f"{title} over {x_label}: {words}"
    )
    legend = [_legend(line.name, f"curve s{number % _KINDS}") for number, line in enumerate(shown)]
    legend += [_legend(mark[1], "mark")] if mark is not None else []
    return tag("div", tag("h3", title), drawing, tag("ul", *legend), class_="chart")


class _Frame(NamedTuple):
    """What is drawn of the plane: the ends of both axes."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, xs: Sequence[float], ys: Sequence[float]) -> "_Frame":
        left, right, low, high = min(xs), max(xs), min(ys), max(ys)
        wide = (right - left) or 1.0
        room = 0.05 * ((high - low) or abs(high) or 1.0)
        return cls(left - 0.02 * wide, right + 0.02 * wide, low - room, high + room)

    def x(self, value: float) -> float:
        """Where a value of the horizontal axis lies, in px."""
        return round(_LEFT + (value - self.left) / (self.right - self.left) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Where a value of the vertical axis lies, in px."""
        return round(_TOP + (self.high - value) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM), 1)


def ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """Round values between two ends, about five; `whole` numbers alone where asked.

    >>> ticks(0.0, 1.0), ticks(1, 6, whole=True)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [1, 2, 3, 4, 5, 6])
    """
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough - 1e-12)
    if whole:
        step = max(1.0, step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) if not whole else int(number * step) for number in range(first, last + 1)]


def _axes(frame: _Frame, x_label: str) -> list[Markup]:
    parts = []
    for value in ticks(frame.low, frame.high):
        y = frame.y(value)
        parts.append(tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="axis"))
        parts.append(tag("text", f"{value:.3g}", x=_LEFT - 5, y=y + 4, text_anchor="end", class_="tick"))
    for value in ticks(frame.left, frame.right, whole=True):
        parts.append(
            tag("text", f"{value:g}", x=frame.x(value), y=_HEIGHT - _BOTTOM + 15, text_anchor="middle", class_="tick")
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(tag("text", x_label, x=middle, y=_HEIGHT - 4, text_anchor="middle", class_="tick"))
    return parts


def _drawn(frame: _Frame, line: Line, number: int) -> Markup:
    kind = f"curve s{number % _KINDS}"
    if len(line.points) == 1:  # a line needs two points
        (x, y), *_ = line.points
        return tag("circle", cx=frame.x(x), cy=frame.y(y), r=3, class_=kind)
    path = " ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in line.points)
    return tag("polyline", points=path, class_=kind)


def _legend(name: str, kind: str) -> Markup:
    sample = tag("svg", tag("line", x1=0, x2=34, y1=5, y2=5, class_=kind), viewBox="0 0 34 10", aria_hidden="true")
    return tag("li", sample, shortened(name, _NAME))
