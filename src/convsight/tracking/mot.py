"""Tracks as the text files of MOTChallenge (Milan et al., MOT16: A Benchmark for Multi-Object Tracking, 2016).

A line is a box, its numbers `frame,id,left,top,width,height,score,class,visibility`: frames, ids and classes counted
from 1, pixels from 0 as everywhere here (MOTChallenge's own begin at 1). In a truth, a score of 0 marks a box that
nobody need find. `visibility` is the share 0..1 of the thing that can be seen, -1 where it is not known, as is `class`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.tracking.tracks import Tracked

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_UNKNOWN = -1
_FEWEST = 6  # numbers of a line: those up to the height
_LARGEST = 1e9  # of a number: what is larger is no pixel, and no frame


@final
@dataclass(frozen=True, eq=False)
class MotTable:
    """Boxes of all frames of a video, in the order of the frames.

    Shapes: `xyxy` (boxes, 4) holds left, top, right, bottom in pixels, the others (boxes,). Classes are counted from 1.

    >>> table = MotTable.of_rows([(1, 5, 10, 20, 30, 40), (2, 5, 12, 20, 30, 40, 0.9, 2, 1)])
    >>> table.ids.tolist(), table.xyxy[0].tolist(), table.classes.tolist()
    ([5, 5], [10.0, 20.0, 40.0, 60.0], [-1, 2])
    """

    frames: Indices
    ids: Indices
    xyxy: Floats
    scores: Floats
    classes: Indices
    visibility: Floats

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[float]]) -> Self:
        """A table from lines of six to nine numbers; what a line leaves out is 1 for the score, else unknown."""
        default = (1.0, _UNKNOWN, _UNKNOWN)
        table = np.array([(*row[:9], *default[len(row) - _FEWEST :]) for row in rows], np.float64).reshape(-1, 9)
        table = table[np.argsort(table[:, 0], kind="stable")]
        frames, ids, classes = (table[:, column].astype(np.int64) for column in (0, 1, 7))
        corners = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:6]], axis=1)
        return cls(frames, ids, corners, table[:, 6], classes, table[:, 8])

    @classmethod
    def of(cls, tracked: Iterable[Tracked]) -> Self:
        """A table of the frames' tracks; of truth, what is `difficult` gets the score 0."""
        return cls.of_rows(row for each in tracked for row in _rows(each, None))

    def select(self, chosen: NDArray[np.bool_] | slice) -> "MotTable":
        """The boxes at the positions, or under the mask, `chosen`."""
        return MotTable(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def mot_lines(tracked: Tracked, visibility: Floats | None = None) -> str:
    r"""The lines of a frame, one a box; none where nothing is tracked.

    >>> from convsight.results import Boxes
    >>> boxes = Boxes.of(("cat", "dog"), (100, 80), [(20, 20, 60, 50.5)], [1], scores=[0.9])
    >>> mot_lines(Tracked(3, boxes.with_columns(track=np.array([7]))))
    '3,7,20,20,40,30.5,0.9,2,-1\n'
    """
    return "".join(f"{','.join(map(_number, row))}\n" for row in _rows(tracked, visibility))


def read_mot(path: Path) -> MotTable:
    """The boxes in a file; lines may end after the height, and go on after the ninth number.

    Raises `UserError` that names the line, where one holds something else, or an id is twice on a frame.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"cannot read {path}: {reason}; give a text file of tracks as MOTChallenge has them") from error
    rows: list[list[float]] = []
    seen: dict[tuple[float, float], int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line)
        if row is None:
            raise UserError(
                f"{path}, line {number}: {line[:80]!r} is no box; a line is "
                "frame,id,left,top,width,height,score,class,visibility, the frame from 1 on"
            )
        first = seen.setdefault((row[0], row[1]), number)
        if first != number:
            raise UserError(f"{path}, line {number}: id {row[1]:g} is on frame {row[0]:g} already, in line {first}")
        rows.append(row)
    return MotTable.of_rows(rows)


def _row(line: str) -> list[float] | None:
    """The numbers of a line; None where they are no box."""
    try:
        row = [float(number) for number in line.strip().rstrip(",").split(",")]
    except ValueError:
        return None
    if len(row) < _FEWEST or not all(abs(number) < _LARGEST for number in row):
        return None
    whole = all(number.is_integer() for number in row[:2])
    return row if whole and row[0] >= 1 and min(row[4], row[5]) >= 0 else None


def _rows(tracked: Tracked, visibility: Floats | None) -> list[tuple[float, ...]]:
    boxes = tracked.boxes
    scores = np.where(boxes.difficult, 0.0, boxes.scores)
    seen = np.full(len(boxes), _UNKNOWN, np.float64) if visibility is None else visibility
    return [
        (tracked.frame, int(tracked.ids[row]), left, top, right - left, bottom - top, score, label + 1, share)
        for row, ((left, top, right, bottom), score, label, share) in enumerate(
            zip(boxes.xyxy.tolist(), scores.tolist(), boxes.labels.tolist(), seen.tolist(), strict=True)
        )
    ]


def _number(value: float) -> str:
    """Four digits after the point, and none that is not needed."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
