"""Maps of classes and of things that several tests judge."""

import numpy as np
from numpy.typing import NDArray

IGNORED = 255


def patches(seed: int, classes: int, shape: tuple[int, ...] = (40, 52), patch: int = 8) -> NDArray[np.uint8]:
    """Class indices in square patches, some of them ignored, as drawn masks are."""
    generator = np.random.default_rng(seed)
    cells = generator.integers(classes, size=[-(-side // patch) for side in shape]).astype(np.uint8)
    cells[generator.random(cells.shape) < 0.1] = IGNORED
    for axis in range(len(shape)):
        cells = np.repeat(cells, patch, axis)
    return cells[tuple(slice(side) for side in shape)]


def guessed(truth: NDArray[np.uint8], seed: int, classes: int, share: float = 0.3) -> NDArray[np.uint8]:
    """An answer to `truth`: the same but for a share of its pixels, and some class wherever nothing is true."""
    generator = np.random.default_rng(seed)
    guesses = generator.integers(classes, size=truth.shape).astype(np.uint8)
    return np.where((truth == IGNORED) | (generator.random(truth.shape) < share), guesses, truth)


def things(seed: int, shape: tuple[int, int] = (60, 80), most: int = 12) -> NDArray[np.int32]:
    """An id a pixel: 0 for none, 1.. for discs that do not overlap, some at the edge, one of a pixel."""
    generator = np.random.default_rng(seed)
    down, across = np.mgrid[: shape[0], : shape[1]]
    ids = np.zeros(shape, np.int32)
    for number in range(1, int(generator.integers(2, most + 1))):
        row, column, radius = generator.uniform(0, shape[0]), generator.uniform(0, shape[1]), generator.uniform(1, 9)
        ids[((down - row) ** 2 + (across - column) ** 2 <= radius**2) & (ids == 0)] = number
    return ids


def moved(ids: NDArray[np.int32], seed: int) -> NDArray[np.int32]:
    """The things a pixel or two aside, some of them joined, lost or made up."""
    generator = np.random.default_rng(seed)
    found = np.roll(ids, generator.integers(-2, 3, 2), (0, 1)).copy()
    numbers = np.unique(found[found > 0])
    if len(numbers) > 3:
        found[found == numbers[0]] = numbers[1]
        found[found == numbers[2]] = 0
    corner = found[:4, :5]
    corner[corner == 0] = found.max() + 1
    return found
