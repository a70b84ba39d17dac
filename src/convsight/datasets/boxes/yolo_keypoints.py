"""Whether YOLO's label files hold key points behind their boxes, though data.yaml does not say so."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

_LOOKED_AT = 1_000  # lines
_FEWEST = 8  # lines of points without a visibility: a few outlines look like such by chance
_BOX = 5  # fields: class, cx, cy, width, height
_OVER = 0.05  # of a side of the image, by which a box passes its edge
_AROUND = 0.25  # of a side of the box, by which a point may lie beside it
_VISIBILITIES = {0, 1, 2}


def hold_keypoints(files: Iterable[Path]) -> bool:
    """Whether the first lines of `files` are boxes with key points, and no outlines.

    All are equally long, begin with a box that lies in the image, and go on with points near it: pairs, or triples
    whose third number is 0, 1 or 2. (Outlines have as many corners as they need.)
    """
    rows = list(islice(_rows(files), _LOOKED_AT))
    length = len(rows[0]) if rows else 0
    if length <= _BOX or any(len(row) != length or not _is_box(row) for row in rows):
        return False
    rest = length - _BOX
    if rest % 3 == 0 and all(_VISIBILITIES.issuperset(row[_BOX + 2 :: 3]) for row in rows):
        return True
    return rest % 2 == 0 and len(rows) >= _FEWEST and all(map(_has_points_near, rows))


def _rows(files: Iterable[Path]) -> Iterator[list[float]]:
    """The numbers of each line, none of a line that holds anything else; ends behind the first plain box."""
    for file in files:
        if not os.path.isfile(file):  # noqa: PTH113
            continue
        for line in file.read_text(encoding="utf-8-sig", errors="replace").splitlines():
            if fields := line.split():
                row = _numbers(fields)
                yield row
                if len(row) <= _BOX:
                    return


def _numbers(fields: list[str]) -> list[float]:
    try:
        return [float(field) for field in fields]
    except ValueError:
        return []


def _is_box(row: list[float]) -> bool:
    _, x, y, width, height = row[:_BOX]
    return all(
        half > 0 and middle - half >= -_OVER and middle + half <= 1 + _OVER
        for middle, half in ((x, width / 2), (y, height / 2))
    )


def _has_points_near(row: list[float]) -> bool:
    _, x, y, width, height = row[:_BOX]
    points = zip(row[_BOX::2], row[_BOX + 1 :: 2], strict=True)
    reach = 0.5 + _AROUND
    return all(
        (px, py) == (0, 0) or (abs(px - x) <= reach * width and abs(py - y) <= reach * height) for px, py in points
    )
