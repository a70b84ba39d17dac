"""Draws the house: every room, which layer it stands on, and what it imports, from the code itself.

`python tools/house.py docs/house.svg`, or `make docs`. Layers and halves are those of the contracts in pyproject.toml.
An arrow that follows from two others is left out.
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import grimp

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "convsight"
_ROW_PX, _BOX_PX, _HIGH_PX, _GAP_PX, _LETTER_PX, _MARGIN_PX = 86, 34, 34, 26, 7.4, 24
_LIGHT, _HEAVY, _BOTH = "#d9ead3", "#fce5cd", "#fff2cc"

Imports = Mapping[str, frozenset[str]]


class Box(NamedTuple):
    """Where a room is drawn, in pixels."""

    left: float
    top: float
    width: float

    @property
    def middle(self) -> float:
        """Of its width."""
        return self.left + self.width / 2


def layers() -> list[list[str]]:
    """The rooms from the top down, a list a layer."""
    contract = _contracts()[0]
    return [[room.strip() for room in row.split("|")] for row in contract["layers"]]


def training_half() -> frozenset[str]:
    """The rooms that need PyTorch."""
    names = _contracts()[1]["forbidden_modules"]
    return frozenset(name.removeprefix(f"{PACKAGE}.") for name in names if name.startswith(f"{PACKAGE}."))


def imports() -> Imports:
    """What each room imports of others."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True)
    found: dict[str, set[str]] = {}
    for module in graph.modules - {PACKAGE}:
        room = module.split(".")[1]
        others = {name.split(".")[1] for name in graph.find_modules_directly_imported_by(module) if "." in name}
        found.setdefault(room, set()).update(others - {room})
    return {room: frozenset(others) for room, others in found.items()}


def reduced(graph: Imports) -> Imports:
    """The graph without arrows that follow from others.

    >>> sorted(reduced({"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()})["a"])
    ['b']
    """
    below = {room: set(others) for room, others in graph.items()}
    for _ in graph:
        for room, others in graph.items():
            below[room].update(*(below[other] for other in others))
    return {
        room: frozenset(other for other in others if not any(other in below[more] for more in others - {other}))
        for room, others in graph.items()
    }


def svg(rows: Sequence[Sequence[str]], graph: Imports, heavy: frozenset[str]) -> str:
    """The drawing as a document."""
    boxes, width = _placed(rows)
    height = 2 * _MARGIN_PX + _ROW_PX * len(rows)
    colours = {room: _BOTH if room == "tasks" else _HEAVY if room in heavy else _LIGHT for room in boxes}
    arrows = [_arrow(boxes[room], boxes[other]) for room in boxes for other in sorted(graph.get(room, ()))]
    drawn = [_box(room, box, colours[room]) for room, box in boxes.items()]
    words = (
        f'<text x="{_MARGIN_PX}" y="{height - 8}">green: no PyTorch; orange: the training half; yellow: both, '
        "by folder. An arrow: imports.</text>"
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="sans-serif" '
        'font-size="13" role="img" aria-label="The rooms of convsight and what each imports">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#777"/></marker></defs>'
        f'<rect width="{width:.0f}" height="{height}" fill="white"/>'
    )
    return "\n".join([head, *arrows, *drawn, words, "</svg>"]) + "\n"


def _placed(rows: Sequence[Sequence[str]]) -> tuple[dict[str, Box], float]:
    """A box for each room, rows in the middle, and the width of all."""
    widths = [[_BOX_PX + _LETTER_PX * len(room) for room in row] for row in rows]
    whole = max(sum(row) + _GAP_PX * (len(row) - 1) for row in widths)
    boxes = {}
    for number, (row, sizes) in enumerate(zip(rows, widths, strict=True)):
        left = _MARGIN_PX + (whole - sum(sizes) - _GAP_PX * (len(row) - 1)) / 2
        for room, size in zip(row, sizes, strict=True):
            boxes[room] = Box(left, _MARGIN_PX + _ROW_PX * number, size)
            left += size + _GAP_PX
    return boxes, whole + 2 * _MARGIN_PX


def _arrow(start: Box, end: Box) -> str:
    top, bottom = start.top + _HIGH_PX, end.top
    bend = (bottom - top) / 2
    path = (
        f"M{start.middle:.1f} {top:.1f}C{start.middle:.1f} {top + bend:.1f} {end.middle:.1f} {bottom - bend:.1f} "
        f"{end.middle:.1f} {bottom - 2:.1f}"
    )
    return f'<path d="{path}" fill="none" stroke="#777" marker-end="url(#tip)"/>'


def _box(room: str, box: Box, colour: str) -> str:
    sides = f'x="{box.left:.1f}" y="{box.top}" width="{box.width:.1f}" height="{_HIGH_PX}"'
    place = f'x="{box.middle:.1f}" y="{box.top + 22}"'
    return (
        f'<rect {sides} rx="5" fill="{colour}" stroke="#444"/>'
        f'<text {place} text-anchor="middle" fill="#111">{escape(room)}</text>'
    )


def _contracts() -> list[dict[str, list[str]]]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: list[dict[str, list[str]]] = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(svg(layers(), reduced(imports()), training_half()), encoding="utf-8")
