"""`MovingShapes`: drawn shapes that move, cross and hide each other, and the truth about them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.boxes.shape_drawing import CLASSES, FINE, blotches, colour_on, fill_shape
from convsight.files import write_atomic, write_atomic_with
from convsight.results import Boxes
from convsight.runtime.video_file import VideoFile
from convsight.tracking.mot import mot_lines
from convsight.tracking.tracks import Tracked

Floats = NDArray[np.float64]

_RADII = (8.0, 16.0)  # px, of the circle around a shape
_SPEEDS = (0.5, 2.0)  # px a frame
_TURN = 0.05  # radians a frame, at most
_MIN_SEEN = 0.3  # share of a shape that can be seen, from which it should be found
_GRAIN = 6.0  # grey levels


class _Shape(NamedTuple):
    """A shape on its way: position and speed (2,) in px and px a frame, turn in radians and radians a frame."""

    label: int
    radius: float
    start: Floats
    speed: Floats
    turn: float
    turning: float
    colour: tuple[int, int, int]


class DrawnFrame(NamedTuple):
    """One frame: pixels (height, width, 3), its true tracks, and how much of each can be seen, (tracks,) 0..1."""

    pixels: NDArray[np.uint8]
    truth: Tracked
    visibility: Floats


@dataclass(frozen=True)
class MovingShapes:
    """A video of `length` frames of `size` (width, height) that shows `shapes` shapes; one seed, one video.

    Shapes go straight, turn back at the edges, and cover those of smaller number. A true box is that of what can be
    seen of its shape; it is `difficult` where that is less than 0.3 of the shape, and left out where it is nothing.

    >>> video = MovingShapes(seed=1, length=3)
    >>> scene = video.frame(2)
    >>> scene.pixels.shape, scene.truth.frame, scene.truth.ids.tolist()
    ((96, 96, 3), 2, [1, 2, 3, 4])
    """

    seed: int = 0
    length: int = 90
    size: tuple[int, int] = (96, 96)
    shapes: int = 4

    def frame(self, number: int) -> DrawnFrame:
        """Frame `number`, from 1 to `length`."""
        if not 1 <= number <= self.length:
            raise ValueError(f"frame {number} of a video that has the frames 1 to {self.length}")
        layer, whole = self._layer(number)
        image = self._background.copy()
        counts = np.bincount(np.asarray(layer).ravel(), minlength=self.shapes + 1)[1:]
        corners = []
        for index, shape in enumerate(self._shapes, 1):
            seen = layer.point([255 * (level == index) for level in range(256)])
            corners.append(seen.getbbox() or (0, 0, 0, 0))
            image.paste(shape.colour, mask=seen.reduce(FINE))
        shares = counts / whole
        kept = np.flatnonzero(counts)
        xyxy = np.array(corners, np.float64) / FINE
        labels = np.array([shape.label for shape in self._shapes])
        boxes = Boxes.of(
            CLASSES,
            self.size,
            xyxy[kept],
            labels[kept],
            difficult=shares[kept] < _MIN_SEEN,
            columns={"track": kept + 1},
        )
        return DrawnFrame(self._grained(image, number), Tracked(number, boxes), shares[kept])

    @cached_property
    def _shapes(self) -> list[_Shape]:
        random = np.random.default_rng((self.seed, 1))
        return [self._shape(random) for _ in range(self.shapes)]

    @cached_property
    def _background(self) -> Image.Image:
        return blotches(np.random.default_rng((self.seed, 0)), self.size)

    def _shape(self, random: np.random.Generator) -> _Shape:
        radius = float(random.uniform(*_RADII))
        way = random.uniform(0, 2 * np.pi)
        return _Shape(
            label=int(random.integers(len(CLASSES))),
            radius=radius,
            start=random.uniform(radius, np.array(self.size) - radius),
            speed=random.uniform(*_SPEEDS) * np.array([np.cos(way), np.sin(way)]),
            turn=float(random.uniform(0, 2 * np.pi)),
            turning=float(random.uniform(-_TURN, _TURN)),
            colour=colour_on(random, np.asarray(self._background, np.float64).mean(axis=(0, 1))),
        )

    def _layer(self, number: int) -> tuple[Image.Image, NDArray[np.int64]]:
        """Which shape is seen at each fine pixel, 0 for none; and the pixels of each shape, hidden ones too."""
        width, height = self.size
        layer = Image.new("L", (width * FINE, height * FINE))
        whole = []
        for index, shape in enumerate(self._shapes, 1):
            place = _between(shape.start + (number - 1) * shape.speed, shape.radius, np.array(self.size) - shape.radius)
            fill_shape(layer, CLASSES[shape.label], place, shape.radius, shape.turn + number * shape.turning, index)
            whole.append(layer.histogram()[index])
        return layer, np.array(whole)

    def _grained(self, image: Image.Image, number: int) -> NDArray[np.uint8]:
        random = np.random.default_rng((self.seed, 2, number))
        grain = _GRAIN * random.uniform(-1, 1, (*self.size[::-1], 1))
        return np.clip(np.asarray(image, np.float64) + np.round(grain), 0, 255).astype(np.uint8)


def write_frames(video: MovingShapes, folder: Path) -> None:
    """Write `000001.png` and so on, and the true tracks as `gt.txt`, to `folder`."""
    lines = []
    for number in range(1, video.length + 1):
        scene = video.frame(number)
        write_atomic_with(folder / f"{number:06d}.png", Image.fromarray(scene.pixels).save)
        lines.append(mot_lines(scene.truth, scene.visibility))
    write_atomic(folder / "gt.txt", "".join(lines))


def write_video(video: MovingShapes, path: Path, truth: Path, rate: float = 30.0) -> None:
    """Write an MP4 file of `rate` frames a second, and the true tracks to `truth`.

    Raises `UserError` where PyAV is not installed.
    """
    lines = []
    with VideoFile(path, rate) as file:
        for number in range(1, video.length + 1):
            scene = video.frame(number)
            file.add(Image.fromarray(scene.pixels))
            lines.append(mot_lines(scene.truth, scene.visibility))
    write_atomic(truth, "".join(lines))


def _between(place: Floats, low: float, high: Floats) -> Floats:
    """Where a straight way leads that turns back at `low` and `high`."""
    span = high - low
    folded = np.mod(place - low, 2 * span)
    return low + np.minimum(folded, 2 * span - folded)
