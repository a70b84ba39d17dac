"""What a network looks at, class by class, as one page of pictures that loads nothing from elsewhere."""

import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.explain.class_maps import ClassMaps, Example, Gathered, cells_of
from convsight.explain.drawing import overlaid
from convsight.explain.shortcuts import BLIND, FEWEST, LEAST, Tried
from convsight.metrics import Measured
from convsight.words import counted, visible

MOST_BYTES = 5_000_000
_MOST_CLASSES = 40  # with pictures; of the others the numbers stand in the table
_SIDE = 180  # px of a mean map
# The side of pictures and the quality of JPEG, until the page is small enough.
_SIZES = ((180, 82), (140, 72), (110, 60), (80, 50), (48, 40))

_STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --ink: #1c2430; --dim: #56606e; --line: #d5dbe3; --soft: #eef1f5;
        --alarm: #a3230f; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6e9ee; --dim: #a7b0bc; --line: #434c57; --soft: #232a32; --alarm: #ff9d8a; }
}
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem; max-width: 75rem; color: var(--ink);
       background: var(--page); }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .3rem; }
h3 { font-size: 1rem; margin: 1rem 0 .4rem; }
h1, h2, p, li, td, figcaption { overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: 0; width: 180px; } figure img { width: 100%; display: block; background: var(--soft); }
figcaption { font-size: 12.5px; color: var(--dim); padding-top: .2rem; }
figcaption strong { color: var(--ink); }
.told { border-left: .3rem solid var(--alarm); background: var(--soft); padding: .6rem .8rem; margin: .6rem 0; }
.told strong { color: var(--alarm); }
.scale { width: 180px; height: .8rem; display: block; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; } thead th { background: var(--soft); }
@media (max-width: 40rem) { body { padding: 1rem; } figure { width: calc(50% - .4rem); } }
"""


@dataclass(frozen=True)
class PageFacts:
    """What a page is about: a network's name, the data and how many pictures of it, the method, what must be said."""

    net: str
    data: str
    pictures: int
    method: str
    signed: bool
    notes: Sequence[str] = ()


def class_page(facts: PageFacts, classes: Sequence[ClassMaps]) -> str:
    """The page, under 5 MB: pictures become smaller until it is."""
    for side, quality in _SIZES:
        page = _Page(facts, classes, side, quality).html()
        if len(page.encode()) < MOST_BYTES:
            return page
    return _Page(facts, [], *_SIZES[-1]).html()


@dataclass(frozen=True)
class _Page:
    """Makes the page with pictures of one size."""

    facts: PageFacts
    classes: Sequence[ClassMaps]
    side: int
    quality: int

    def html(self) -> str:
        title = f"What the network {self.facts.net} looks at in {self.facts.data}"
        shown = sorted(self.classes, key=_worth)[:_MOST_CLASSES]
        chosen = [each for each in self.classes if each in shown]
        parts = [
            f"<h1>{_text(title)}</h1>",
            self._head(),
            self._shortcuts(),
            self._table(),
            *(self._class(each) for each in chosen),
        ]
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
            f"<body><main>{''.join(parts)}</main></body></html>\n"
        )

    def _head(self) -> str:
        facts = self.facts
        lines = [
            f"{counted(facts.pictures, 'picture')} were answered; maps are of the method {facts.method}. A mean map is "
            "the mean over pictures as the network sees them, each map counting alike; it says where maps are strong, "
            "and not by itself that they are right.",
            *facts.notes,
        ]
        scales = [("mean maps" if facts.signed else "maps", False), *([("single maps", True)] if facts.signed else [])]
        return "".join(f"<p>{_text(line)}</p>" for line in lines) + "".join(self._scale(*each) for each in scales)

    def _scale(self, of: str, signed: bool) -> str:
        """A bar of colours, and what its ends mean."""
        low, high = ("speaks against", "speaks for") if signed else ("nothing", "most important")
        values = np.linspace(-1.0 if signed else 0.0, 1.0, self.side)[None].repeat(8, 0)
        bar = overlaid(Image.new("L", (self.side, 8), 128), values, signed, 1.0)
        image = self._image(bar, f"colours of {of}, from {low} to {high}", "scale")
        return f"<p>{image}{_text(f'{of}: {low} … {high}')}</p>"

    def _shortcuts(self) -> str:
        tried = [each for found in self.classes for each in found.tried]
        told = [each for each in tried if each.is_shortcut]
        how = (
            f"A shortcut is told where covering a region costs its class more than {LEAST:g} of the score, pasting it "
            "into pictures of other classes gains that (both at the lower end of the 95 % interval over pictures), and "
            "regions of the same size elsewhere do neither."
        )
        parts = [
            f'<p class="told"><strong>Shortcut</strong> {_text(each.words[len("shortcut: ") :])}</p>' for each in told
        ]
        if not tried:
            parts.append(
                f"<p>Nothing was tried: it takes {FEWEST} right answers of a class with a part that stands out, "
                f"and {FEWEST} pictures of others, and classes that are true of whole pictures.</p>"
            )
        elif not told:
            parts.append(f"<p>None was found in {counted(len(tried), 'region')} where maps of a class are strong.</p>")
        return f"<section><h2>Shortcuts</h2>{''.join(parts)}<p>{_text(how)}</p><p>{_text(BLIND)}</p></section>"

    def _table(self) -> str:
        placed = any(each.places for each in self.classes)
        columns = ["class", "answered rightly", "answered wrongly", "missed"]
        columns += ["mass inside", "largest value inside", "by chance"] if placed else []
        rows = "".join(_row(each, placed) for each in self.classes)
        head = "".join(f'<th scope="col">{column}</th>' for column in columns)
        meaning = (
            "<p>Mass inside is the share of a map that lies where the thing is, by chance the share of the area that "
            "the thing takes; the pointing game counts how often the largest value lies there.</p>"
            if placed
            else ""
        )
        return (
            f'<section><h2>Classes</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>{meaning}</section>"
        )

    def _class(self, found: ClassMaps) -> str:
        tried = "".join(f"<li>{_text(each.words)}</li>" for each in found.tried)
        return (
            f"<section><h2>{_text(found.name)}</h2>"
            f"{self._answers(found, found.right, 'Rightly answered', found.right_answers)}"
            f"{self._answers(found, found.wrong, 'Wrongly answered', found.wrong_answers)}"
            f"{f'<h3>Regions that were covered and pasted</h3><ul>{tried}</ul>' if tried else ''}</section>"
        )

    def _answers(self, found: ClassMaps, gathered: Gathered, title: str, answers: int) -> str:
        heading = f"<h3>{title}: {counted(answers, 'picture')}</h3>"
        if gathered.map is None or gathered.picture is None:
            return heading if answers else ""
        mean = _mean_map(gathered.map, gathered.picture, found.tried if gathered is found.right else [])
        words = f"mean map of {counted(gathered.count, 'picture')}"
        figures = [self._figure(mean, f"{words} answered {found.name}, {_strongest(gathered.map)}", words, strong=True)]
        for example in gathered.examples:
            figures.append(self._example(found.name, example))
        return f'{heading}<div class="pictures">{"".join(figures)}</div>'

    def _example(self, name: str, example: Example) -> str:
        truth = ", ".join(sorted(example.truth)) or "none of the classes"
        words = f"{example.name}: {example.score:.2f}" + ("" if name in example.truth else f", true: {truth}")
        return self._figure(example.drawn, f"map of {name} over {example.name}, which shows {truth}", words)

    def _figure(self, image: Image.Image, alternative: str, words: str, strong: bool = False) -> str:
        caption = f"<strong>{_text(words)}</strong>" if strong else _text(words)
        return f"<figure>{self._image(image, alternative)}<figcaption>{caption}</figcaption></figure>"

    def _image(self, image: Image.Image, alternative: str, kind: str = "") -> str:
        small = image.copy()
        small.thumbnail((self.side, self.side))
        written = io.BytesIO()
        small.convert("RGB").save(written, "JPEG", quality=self.quality)
        data = b64encode(written.getvalue()).decode()
        mark = f' class="{kind}"' if kind else ""
        return f'<img{mark} src="data:image/jpeg;base64,{data}" alt="{_text(alternative)}">'


def _mean_map(values: NDArray[np.float64], picture: NDArray[np.float64], tried: Sequence[Tried]) -> Image.Image:
    """A mean map over the mean of its pictures, with a frame around the regions that were tried."""
    factor = max(1, _SIDE // max(values.shape))
    shape = (values.shape[0] * factor, values.shape[1] * factor)
    low, high = float(picture.min()), float(picture.max())
    grey = np.uint8(np.rint((cells_of(picture, shape) - low) / ((high - low) or 1.0) * 255).clip(0, 255))
    drawn = overlaid(Image.fromarray(grey), cells_of(values, shape), signed=False, end=float(values.max()))
    pixels = np.array(drawn)
    for each in tried:
        _frame(pixels, each)
    return Image.fromarray(pixels)


def _frame(pixels: NDArray[np.uint8], tried: Tried) -> None:
    """A white line with a black one inside around a region, in place."""
    rows, columns = pixels.shape[0] / tried.sides[0], pixels.shape[1] / tried.sides[1]
    region = tried.region
    top, left = int(region.top * rows), int(region.left * columns)
    bottom = min(pixels.shape[0], round((region.top + region.height) * rows))
    right = min(pixels.shape[1], round((region.left + region.width) * columns))
    for inset, colour in ((0, 255), (1, 0)):
        part = pixels[top + inset : bottom - inset, left + inset : right - inset]
        if part.size:
            part[[0, -1]] = colour
            part[:, [0, -1]] = colour


def _row(found: ClassMaps, placed: bool) -> str:
    cells = [f"{found.right_answers:,}", f"{found.wrong_answers:,}", f"{found.missed:,}"]
    if placed:
        places = found.places
        measured = places.measured() if places else {}
        cells += [_interval(measured.get(name)) for name in ("mass", "hits", "area")]
    return f"<tr><td>{_text(found.name)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _interval(measured: Measured | None) -> str:
    return "" if measured is None else f"{measured.value:.2f} [{measured.low:.2f}, {measured.high:.2f}]"


def _worth(found: ClassMaps) -> tuple[bool, int, int]:
    """Which classes are shown first where not all are: those with a shortcut, then those with most mistakes."""
    return (
        not any(each.is_shortcut for each in found.tried),
        -(found.wrong_answers + found.missed),
        -found.right_answers,
    )


def _strongest(values: NDArray[np.float64]) -> str:
    """Where a mean map is strongest, for those who do not see it."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    down = ("top", "", "bottom")[min(2, int(3 * (row + 0.5) / values.shape[0]))]
    across = ("left", "", "right")[min(2, int(3 * (column + 0.5) / values.shape[1]))]
    place = " ".join(filter(None, (down, across)))
    return f"strongest at the {place}" if place else "strongest in the middle"


def _text(words: str) -> str:
    """Words as text of a page, with names of files and classes that hold markup shown as they are."""
    return escape(visible(words))
