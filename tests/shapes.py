"""The data `shapes`, drawn once by each test process: dozens of trainings read them, and drawing takes seconds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.boxes import shapes

_DRAWN = shapes._scene, shapes._shape_of_pixels  # before they are replaced


@contextmanager
def drawn_once() -> Iterator[None]:
    """What is drawn follows from the state of the random numbers, and so does their state behind it: both are kept."""
    scenes: dict[str, tuple[shapes._Scene, Mapping[str, Any]]] = {}
    maps: dict[str, NDArray[Any]] = {}
    draw, draw_map = _DRAWN

    def scene(random: np.random.Generator) -> shapes._Scene:
        state = str(random.bit_generator.state)
        if state not in scenes:
            scenes[state] = draw(random), random.bit_generator.state
        found, random.bit_generator.state = scenes[state]
        return found

    def shape_of_pixels(drawing: Mapping[str, Any]) -> NDArray[Any]:
        state = str(drawing)
        if state not in maps:
            maps[state] = draw_map(drawing)
        return maps[state].copy()

    with patch.multiple(shapes, _scene=scene, _shape_of_pixels=shape_of_pixels):
        yield


@contextmanager
def drawn_anew() -> Iterator[None]:
    """They are drawn each time after all."""
    scene, shape_of_pixels = _DRAWN
    with patch.multiple(shapes, _scene=scene, _shape_of_pixels=shape_of_pixels):
        yield
