"""`Shown`: pictures of a run's data for a page, small, as many as there is room and work for."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from convsight.datasets import Dataset, Split
from convsight.images import ImageError, Source
from convsight.inputs import InputSpec
from convsight.inputs.shown import shown
from convsight.pages.markup import Markup, Piece, tag
from convsight.pages.pictures import Room, is_tiny, small
from convsight.results import Drawable, Result
from convsight.words import shortened

_MOST_DECODED = 250_000_000  # pixels: about two seconds of a core
_NAME = 60
_FRAME = ("#000000", "#ffd400")  # black around yellow is seen on everything


class Shown:
    """Pictures of `dataset`, decoded as `spec` takes them, within the `room` of a page."""

    def __init__(self, dataset: Dataset | None, spec: InputSpec, max_megapixels: float, room: Room) -> None:
        self.dataset = dataset
        self._spec = spec
        self._limit = max_megapixels
        self._room = room
        self._decoded = 0
        self._places: dict[str, dict[str, int]] = {}
        self.failed = 0  # pictures that cannot be read any more

    @property
    def refused(self) -> int:
        """Pictures for which there was no room."""
        return self._room.refused

    def split(self, name: str) -> Split | None:
        """The split called `name`; None where the data are not here."""
        return None if self.dataset is None else self.dataset.splits.get(name)

    def item(
        self, split: str, name: str, caption: Sequence[Piece], side: int, xyxy: Sequence[float] | None = None
    ) -> Markup:
        """An item of a list of pictures: that of `split` called `name`, with a frame around `xyxy`, and a caption.

        Its name alone where the picture cannot be shown.
        """
        position = self._positions(split).get(name)
        source = None if position is None else self._drawn(split, position, side, xyxy=xyxy)
        words = [tag("br") if number else "" for number in range(len(caption))]
        told = [piece for pair in zip(words, caption, strict=True) for piece in pair]
        return tag("li", _image(source, name), *told, tag("br") if caption else "", tag("small", _end(name)))

    def sample(self, split: str, position: int, side: int, target: Result | None = None) -> Markup | None:
        """The picture at `position` of `split`, with its `target` drawn on it if given; None where it is not shown."""
        there = self.split(split)
        source = None if there is None else self._drawn(split, position, side, target=target)
        return None if source is None or there is None else _image(source, there.names[position])

    def _positions(self, split: str) -> dict[str, int]:
        if split not in self._places:
            there = self.split(split)
            self._places[split] = {} if there is None else {name: place for place, name in enumerate(there.names)}
        return self._places[split]

    def _drawn(
        self,
        split: str,
        position: int,
        side: int,
        target: Result | None = None,
        xyxy: Sequence[float] | None = None,
    ) -> tuple[str, bool] | None:
        there = self.split(split)
        if there is None or self._decoded > _MOST_DECODED:
            self._room.refused += there is not None
            return None
        image = self._image(there.images[position])
        if image is None:
            return None
        if target is not None and isinstance(target, Drawable):
            image = target.draw(image)
        if xyxy is not None:
            image = _framed(image, xyxy, side)
        source = self._room.take(small(image, side))
        return None if source is None else (source, is_tiny(image))

    def _image(self, source: Source) -> Image.Image | None:
        try:
            image = shown(self._spec, source, self._limit)
        except (ImageError, OSError):
            self.failed += 1
            return None
        if image is not None:
            self._decoded += image.width * image.height
        return image


def _framed(image: Image.Image, xyxy: Sequence[float], side: int) -> Image.Image:
    """A copy with a frame that is still seen where the picture is reduced to `side`."""
    drawn = image.copy()
    width = max(1, round(2 * max(image.size) / side))
    pen = ImageDraw.Draw(drawn)
    left, top, right, bottom = np.clip(xyxy, 0, np.tile(image.size, 2)).tolist()
    if right > left and bottom > top:
        pen.rectangle((left, top, right, bottom), outline=_FRAME[0], width=2 * width)
        pen.rectangle((left, top, right, bottom), outline=_FRAME[1], width=width)
    return drawn


def _image(found: tuple[str, bool] | None, name: str) -> Markup:
    if found is None:
        return Markup()
    source, tiny = found
    return tag("img", src=source, alt=f"picture {name}", class_="tiny" if tiny else None)


def _end(name: str) -> str:
    """The end of a name, which tells names of files apart."""
    return shortened(name[::-1], _NAME)[::-1]
