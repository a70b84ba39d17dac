"""Circles, squares, stars and triangles on blotches: what the data set `shapes` and drawn videos are made of."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CLASSES = ("circle", "square", "star", "triangle")
FINE = 4  # outlines are drawn on so many times the pixels a side, then averaged

_STAR = 0.45  # inner radius of a star in outer ones
_MIN_CONTRAST = 90.0  # between a shape and the mean of the background, as a distance in RGB


def fill_shape(
    layer: Image.Image, name: str, centre: NDArray[np.float64], radius: float, turn: float, number: int
) -> None:
    """Fill a shape with `number`: `centre` and `radius` (of the circle around it) in px, `turn` in radians.

    `layer` has `FINE` times as many pixels a side.
    """
    pen = ImageDraw.Draw(layer)
    if name == "circle":
        pen.ellipse([*((centre - radius) * FINE), *((centre + radius) * FINE - 1)], fill=number)
        return
    points = {"triangle": 3, "square": 4, "star": 10}[name]
    angles = turn + np.arange(points) * (2 * np.pi / points)
    radii = np.where(np.arange(points) % 2, radius * _STAR, radius) if name == "star" else np.full(points, radius)
    outline = centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    pen.polygon([(x, y) for x, y in (outline * FINE).tolist()], fill=number)


def blotches(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A background of (width, height): blotches around one colour."""
    cells = int(random.integers(2, 9))
    colours = random.uniform(0, 255, 3) + random.uniform(-50, 50, (cells, cells, 3))
    small = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def colour_on(random: np.random.Generator, mean: NDArray[np.float64]) -> tuple[int, int, int]:
    """A colour that stands out from a background of the colour `mean`."""
    while True:
        colour = random.integers(0, 256, 3)
        if float(np.linalg.norm(colour - mean)) >= _MIN_CONTRAST:
            red, green, blue = colour.tolist()
            return red, green, blue
