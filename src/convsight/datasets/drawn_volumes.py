"""Drawn volumes with a class for every voxel: data for segmentation in three dimensions without a download."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.names import numbered_names
from convsight.results import ClassMaps, usual_colours
from convsight.targets import Palette

NAME = "volumes"

CLASSES = ("background", "ball", "box", "ellipsoid")
SPACING = (1.5, 1.0, 1.0)  # mm along depth, height and width

_COUNTS = {"train": 60, "val": 12, "test": 20}
_SIDES = (24, 32, 32)  # voxels
_BODIES = 3  # at most, in a volume
_RADII = (6.0, 10.0)  # mm, of the ball around half a body's longest side
_THIN = 0.45  # of an ellipsoid's longest half axis are its others
_TRIES = 20  # places looked for, for a body that would touch another
_GAP = 1.0  # mm between bodies
_LIGHT = (70, 190)  # levels of a body, and of what is around it
_LEAST_CONTRAST = 45  # levels between a body and its ground
_GRAIN = (6.0, 14.0)  # standard deviations of the noise, in levels


def is_drawn_volumes(path: Path) -> bool:
    """Whether the name `volumes` was given and nothing of that name is there."""
    return path == Path(NAME) and not path.exists()


def read_drawn_volumes(path: Path = Path(NAME), seed: int = 0) -> Dataset:
    """92 drawn volumes of 24 x 32 x 32 voxels of 1.5 x 1 x 1 mm, cut into train (60), val (12) and test (20).

    A volume shows one to three bodies, balls, boxes and long ellipsoids of any size, turn and light, that do not touch,
    in noise; a body is darker or lighter than its ground. Of which class a voxel is says its centre. The same seed
    gives the same volumes.

    >>> dataset = read_drawn_volumes()
    >>> dataset.target.names, dataset.split("train").images.shape, dataset.split("train").targets[0].spacing
    (('background', 'ball', 'box', 'ellipsoid'), (60, 24, 32, 32, 1), (1.5, 1.0, 1.0))
    """
    random = np.random.default_rng(seed)
    splits = {name: _split(name, count, random) for name, count in _COUNTS.items()}
    target = Palette(names=CLASSES, colours=usual_colours(CLASSES))
    return Dataset(str(path), str(path), "segmentation", target, splits)


def _split(name: str, count: int, random: np.random.Generator) -> Split:
    drawn = [_drawn(random) for _ in range(count)]
    voxels, masks = (np.stack(each) for each in zip(*drawn, strict=True))
    return Split(
        name, voxels[..., None], ClassMaps(masks, CLASSES, spacings=[SPACING] * count), numbered_names(name, count)
    )


def _drawn(random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A volume (depth, height, width) and its mask."""
    ground = float(random.uniform(*_LIGHT))
    voxels = np.full(_SIDES, ground)
    mask = np.zeros(_SIDES, np.uint8)
    for _ in range(int(random.integers(1, _BODIES + 1))):
        label = int(random.integers(1, len(CLASSES)))
        light = _light(ground, random)
        for _ in range(_TRIES):
            inside, room = _body(CLASSES[label], random)
            if inside.any() and not mask[room].any():
                voxels[inside], mask[inside] = light, label
                break
    noise = random.normal(0, random.uniform(*_GRAIN), _SIDES)
    return np.clip(np.rint(voxels + noise), 0, 255).astype(np.uint8), mask


def _light(ground: float, random: np.random.Generator) -> float:
    """Of a body, which shall be seen on its ground."""
    while abs((light := float(random.uniform(0, 255))) - ground) < _LEAST_CONTRAST:
        pass
    return light


def _body(name: str, random: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The voxels of a body that lies wholly in the volume and is turned at random, and those it needs for itself."""
    radius = float(random.uniform(*_RADII))
    extent = np.array(_SIDES) * SPACING
    centre = random.uniform(radius, extent - radius)
    places = (np.indices(_SIDES).reshape(3, -1).T + 0.5) * SPACING - centre
    along = (places @ _turn(random)).reshape(*_SIDES, 3) / radius
    distance = np.linalg.norm(along, axis=-1)
    inside = {
        "ball": distance <= 1,
        "box": (np.abs(along) <= 1 / np.sqrt(3)).all(axis=-1),  # its corners lie on the ball around it
        "ellipsoid": np.linalg.norm(along / [1, _THIN, _THIN], axis=-1) <= 1,
    }[name]
    return inside, distance <= 1 + _GAP / radius


def _turn(random: np.random.Generator) -> NDArray[np.float64]:
    """Any turn of space, every one as likely: the axes of random numbers made orthogonal."""
    turn, sides = np.linalg.qr(random.normal(size=(3, 3)))
    found: NDArray[np.float64] = turn * np.sign(np.diag(sides))
    return found
