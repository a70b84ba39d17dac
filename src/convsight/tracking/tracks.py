"""`Tracked`: what is seen on one frame, and which of the things seen before each is."""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from convsight.results import Boxes
from convsight.results.box_columns import TRACK

Indices = NDArray[np.int64]


class Track(NamedTuple):
    """One thing on one frame: the number of its track, its class, score, and left, top, right, bottom in pixels."""

    id: int
    name: str
    score: float
    xyxy: tuple[float, float, float, float]


@final
@dataclass(frozen=True, eq=False)
class Tracked:
    """The tracks on frame number `frame`, counted from 1; there may be none.

    `boxes` holds where they are on this frame; their column `track` (boxes,) holds the numbers of the tracks, counted
    from 1, each there once. `thresholds` of the boxes does not matter here: all are reported.

    >>> boxes = Boxes.of(("cat", "dog"), (100, 80), [(0, 0, 10, 10), (20, 20, 60, 50)], [0, 1], scores=[0.4, 0.9])
    >>> tracked = Tracked(3, boxes.with_columns(track=np.array([7, 2])))
    >>> tracked.summary()
    '#2 dog, #7 cat'
    >>> tracked.to_json()["tracks"][0]
    {'id': 2, 'name': 'dog', 'score': 0.9, 'xyxy': [20.0, 20.0, 60.0, 50.0]}
    """

    frame: int
    boxes: Boxes

    def __post_init__(self) -> None:
        if self.frame < 1:
            raise ValueError(f"frames are counted from 1, and this one is {self.frame}")
        if TRACK not in self.boxes.columns:
            raise ValueError(f"the boxes of a frame tell the ids of their tracks in the column {TRACK!r}")
        if len(np.unique(self.ids)) < len(self.ids) or (len(self.ids) and int(self.ids.min()) < 1):
            raise ValueError(f"ids must be 1 or more, and each on a frame once, not {self.ids.tolist()}")

    @property
    def ids(self) -> Indices:
        """The numbers of the tracks, one a box."""
        return self.boxes.columns[TRACK]

    def each(self) -> list[Track]:
        """The tracks one by one, in the order of their numbers."""
        found = []
        for row in np.argsort(self.ids).tolist():
            left, top, right, bottom = self.boxes.xyxy[row].tolist()
            name = self.boxes.classes[self.boxes.labels[row]]
            found.append(Track(int(self.ids[row]), name, float(self.boxes.scores[row]), (left, top, right, bottom)))
        return found

    def to_json(self) -> dict[str, Any]:
        """The frame as plain JSON values, as `convsight track --format json` prints it."""
        return {"frame": self.frame, "tracks": [{**each._asdict(), "xyxy": list(each.xyxy)} for each in self.each()]}

    def summary(self) -> str:
        """The tracks in one line of words."""
        return ", ".join(f"#{each.id} {each.name}" for each in self.each()) or "nothing tracked"
