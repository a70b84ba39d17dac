"""`Trails`: tracks drawn on their frames, each in a colour of its own, with the way it came."""

from collections import deque
from typing import NamedTuple

from PIL import Image, ImageDraw

from convsight.results.drawing import colour_of, draw_boxes
from convsight.tracking.tracks import Tracked

_LENGTH = 30  # frames that a trail goes back


class _Spot(NamedTuple):
    """Where the middle of a thing was when so many frames had been `drawn`."""

    drawn: int
    place: tuple[float, float]


class Trails:
    """Remembers where things were, for as long as a trail is."""

    def __init__(self) -> None:
        self._count = 0
        self._spots: dict[int, deque[_Spot]] = {}

    def draw(self, image: Image.Image, tracked: Tracked) -> Image.Image:
        """A copy of `image` (RGB), the next frame, with its tracks, their numbers and trails."""
        self._remember(tracked)
        drawn = image.copy()
        pen = ImageDraw.Draw(drawn)
        width = max(1, min(drawn.size) // 200)
        tracks = tracked.each()
        for track in tracks:
            places = [spot.place for spot in self._spots[track.id]]
            if len(places) > 1:
                pen.line(places, fill=colour_of(track.id), width=width, joint="curve")
        boxes = [(track.xyxy, f"#{track.id} {track.name}") for track in tracks]
        return draw_boxes(drawn, boxes, [track.id for track in tracks])

    def _remember(self, tracked: Tracked) -> None:
        self._count += 1
        for track in tracked.each():
            left, top, right, bottom = track.xyxy
            spots = self._spots.setdefault(track.id, deque())
            spots.append(_Spot(self._count, ((left + right) / 2, (top + bottom) / 2)))
        for number, spots in list(self._spots.items()):
            while spots and spots[0].drawn <= self._count - _LENGTH:
                spots.popleft()
            if not spots:
                del self._spots[number]
