"""Drawn shapes with their boxes and masks: data for detection and segmentation without a download."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convsight.datasets.boxes.shape_drawing import CLASSES, FINE, blotches, colour_on, fill_shape
from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.names import numbered_names
from convsight.results import Boxes, BoxLists
from convsight.targets import Classes

NAME = "shapes"

_COUNTS = {"train": 400, "val": 80, "test": 120}
_SIDE = 96  # px, of every image
_MAX_SHAPES = 5
_EMPTY = 0.06  # of the images show no shape
_RADII = (7.0, 23.0)  # px, of the circle around a shape
_MAX_HIDDEN = 0.3  # of a shape by those drawn after it
_TRIES = 8  # places looked for, for a shape that would hide too much
# Tables for Pillow's `point` that leave one number.
_ONLY = [[255 * (level == number) for level in range(256)] for number in range(_MAX_SHAPES + 1)]

_Room = tuple[int, int, int, int]  # left, top, right, bottom in whole pixels


class _Shape(NamedTuple):
    """A drawn shape: its class, and pixels around it."""

    label: int
    room: _Room


class _Scene(NamedTuple):
    """One drawn image (height, width, 3) and its shapes: corners (shapes, 4), classes and visible pixels.

    `drawing` is the state of the random numbers from which its shapes can be drawn once more.
    """

    pixels: NDArray[np.uint8]
    xyxy: list[tuple[float, float, float, float]]
    labels: list[int]
    areas: list[float]
    drawing: Mapping[str, Any]


def is_shapes(path: Path) -> bool:
    """Whether the name `shapes` was given and nothing of that name is there."""
    return path == Path(NAME) and not path.exists()


def read_shapes(path: Path = Path(NAME), seed: int = 0) -> Dataset:
    """600 drawn images, 96 x 96 in colour, cut into train (400), val (80) and test (120).

    An image shows up to five circles, squares, stars and triangles of any size, turn and colour on a blotched and
    grained background; a few show none. Shapes hide at most 0.3 of one another. A box is that of what can be seen of
    its shape, to a quarter of a pixel, and its area the pixels that can be seen; which shape takes which pixel is known
    too. The same seed gives the same images.

    >>> dataset = read_shapes()
    >>> dataset.target.names, dataset.split("train").images.shape
    (('circle', 'square', 'star', 'triangle'), (400, 96, 96, 3))
    """
    random = np.random.default_rng(seed)
    splits = {name: _split(name, count, random) for name, count in _COUNTS.items()}
    return Dataset(str(path), str(path), "detection", Classes(names=CLASSES), splits)


def _split(name: str, count: int, random: np.random.Generator) -> Split:
    scenes = [_scene(random) for _ in range(count)]
    lists = [Boxes.of(CLASSES, (_SIDE, _SIDE), each.xyxy, each.labels, areas=each.areas) for each in scenes]
    pixels = np.stack([each.pixels for each in scenes])
    shown = [partial(_shape_of_pixels, each.drawing) for each in scenes]
    return Split(name, pixels, BoxLists(lists, CLASSES, shown), numbered_names(name, count))


def _scene(random: np.random.Generator) -> _Scene:
    image = blotches(random, (_SIDE, _SIDE))
    mean = np.asarray(image.reduce(_SIDE), np.float64).reshape(3)
    drawing = random.bit_generator.state
    layer, shapes = _place_shapes(random)
    counts = layer.histogram()
    corners = []
    for number, (_, room) in enumerate(shapes, start=1):
        seen = layer.crop(tuple(side * FINE for side in room)).point(_ONLY[number])  # type: ignore[arg-type]
        left, top, right, bottom = seen.getbbox() or (0, 0, 0, 0)
        x, y = room[:2]
        corners.append((x + left / FINE, y + top / FINE, x + right / FINE, y + bottom / FINE))
        image.paste(colour_on(random, mean), room[:2], seen.reduce(FINE))
    grain = random.uniform(2, 18) * random.uniform(-1, 1, (_SIDE, _SIDE, 1)).astype(np.float32)
    pixels = np.clip(np.asarray(image, np.float32) + np.round(grain), 0, 255).astype(np.uint8)
    areas = [counts[number] / FINE**2 for number in range(1, len(shapes) + 1)]
    return _Scene(pixels, corners, [label for label, _ in shapes], areas, drawing)


def _shape_of_pixels(drawing: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Which shape takes most of each pixel (height, width): its number, from 1; 0 where none does.

    Drawn when it is asked for: most who read these data ask for boxes alone.
    """
    random = np.random.default_rng()
    random.bit_generator.state = drawing
    layer, shapes = _place_shapes(random)
    covered = np.stack([np.asarray(layer.point(_ONLY[number]).reduce(FINE)) for number in range(len(shapes) + 1)])
    found: NDArray[np.uint8] = covered.argmax(axis=0).astype(np.uint8)
    return found


def _place_shapes(random: np.random.Generator) -> tuple[Image.Image, list[_Shape]]:
    """The shapes over one another, each pixel the number of the shape seen there, from 1 on; and what they are."""
    layer = Image.new("L", (_SIDE * FINE, _SIDE * FINE))
    shapes: list[_Shape] = []
    whole: list[int] = []  # pixels of each shape before others were drawn over it
    count = 0 if random.random() < _EMPTY else int(random.integers(1, _MAX_SHAPES + 1))
    for _ in range(count):
        label = int(random.integers(len(CLASSES)))
        radius = float(np.exp(random.uniform(*np.log(_RADII))))  # as many small ones as large ones
        for _ in range(_TRIES):
            drawn = layer.copy()
            room = _draw(drawn, CLASSES[label], radius, len(shapes) + 1, random)
            seen = drawn.histogram()[1 : len(shapes) + 2]
            if all(here >= (1 - _MAX_HIDDEN) * before for here, before in zip(seen, whole, strict=False)):
                layer = drawn
                shapes.append(_Shape(label, room))
                whole.append(seen[-1])
                break
    return layer, shapes


def _draw(layer: Image.Image, name: str, radius: float, number: int, random: np.random.Generator) -> _Room:
    """Fill a shape in the circle of `radius` px, somewhere wholly on the image and turned at random.

    Returns whole pixels around that circle.
    """
    centre = random.uniform(radius, _SIDE - radius, 2)
    turn = 0.0 if name == "circle" else random.uniform(0, 2 * np.pi)
    fill_shape(layer, name, centre, radius, turn, number)
    left, top = np.maximum(np.floor(centre - radius), 0).astype(int).tolist()
    right, bottom = np.minimum(np.floor(centre + radius) + 1, _SIDE).astype(int).tolist()
    return left, top, right, bottom
