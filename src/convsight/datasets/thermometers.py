"""Drawn thermometers with what they show: data for regression without a download."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from convsight.datasets.boxes.shape_drawing import blotches
from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.names import numbered_names
from convsight.results import NumbersOfMany
from convsight.targets import NumberTargets

NAME = "thermometers"

_COUNTS = {"train": 400, "val": 80, "test": 120}
_SIDE = 48  # px, of every image
_FINE = 4  # images are drawn on so many times the pixels a side, then averaged
_LENGTHS, _WIDTHS = (22.0, 32.0), (3.0, 6.0)  # px, of the tube
_LOWEST, _HIGHEST = -10.0, 40.0  # degrees Celsius, at the ends of the scale
_TARGET = NumberTargets(names=("temperature",), units=("°C",))
_GLASS, _INK = (235, 238, 242), (40, 40, 48)


def is_thermometers(path: Path) -> bool:
    """Whether the name `thermometers` was given and nothing of that name is there."""
    return path == Path(NAME) and not path.exists()


def read_thermometers(path: Path = Path(NAME), seed: int = 0) -> Dataset:
    """600 drawn images, 48 x 48 in colour, cut into train (400), val (80) and test (120).

    An image shows a thermometer of any length and width somewhere on a blotched and grained background; its red column
    tells a temperature of -10 to 40 degrees Celsius, every one as likely. The same seed gives the same images.

    >>> dataset = read_thermometers()
    >>> dataset.target.labels, dataset.split("train").targets[0].summary()
    (('temperature (°C)',), 'temperature 21.85 °C')
    """
    random = np.random.default_rng(seed)
    splits = {name: _split(name, count, random) for name, count in _COUNTS.items()}
    return Dataset(str(path), str(path), "regression", _TARGET, splits)


def _split(name: str, count: int, random: np.random.Generator) -> Split:
    degrees = random.uniform(_LOWEST, _HIGHEST, count)
    pixels = np.stack([_drawn(each, random) for each in degrees.tolist()])
    return Split(
        name, pixels, NumbersOfMany(degrees[:, None], _TARGET.names, _TARGET.units), numbered_names(name, count)
    )


def _drawn(degrees: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """An image (height, width, 3) of a thermometer that shows `degrees`."""
    image = blotches(random, (_SIDE * _FINE, _SIDE * _FINE))
    length, half = float(random.uniform(*_LENGTHS)), float(random.uniform(*_WIDTHS)) / 2
    bulb = 1.8 * half
    x = float(random.uniform(bulb + 1, _SIDE - bulb - 6))
    top = float(random.uniform(2, _SIDE - length - 2 * bulb - 2))
    red = (int(random.integers(190, 240)), int(random.integers(10, 50)), int(random.integers(10, 50)))
    pen = ImageDraw.Draw(image)

    def box(left: float, upper: float, right: float, lower: float) -> list[float]:
        return [side * _FINE for side in (left, upper, right, lower)]

    end, middle = top + length, top + length + bulb * 0.8
    level = end - length * (degrees - _LOWEST) / (_HIGHEST - _LOWEST)
    for grown, glass, inside in ((1.2, _GLASS, _GLASS), (0.0, _GLASS, red)):
        pen.rounded_rectangle(
            box(x - half - grown, top - grown - 1, x + half + grown, middle), half * _FINE, fill=glass
        )
        round_ = bulb + grown
        pen.ellipse(box(x - round_, middle - round_, x + round_, middle + round_), fill=inside)
    pen.rectangle(box(x - half, level, x + half, middle), fill=red)
    for mark in range(6):
        y = end - length * mark / 5
        pen.rectangle(box(x + half + 1.5, y - 0.4, x + half + 4.5, y + 0.4), fill=_INK)
    grain = random.uniform(2, 14) * random.uniform(-1, 1, (_SIDE, _SIDE, 1)).astype(np.float32)
    pixels = np.asarray(image.reduce(_FINE), np.float32) + np.round(grain)
    return np.clip(pixels, 0, 255).astype(np.uint8)
