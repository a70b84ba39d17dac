import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco
from scipy import ndimage

from convsight.results.polygons import fill_polygons, is_hole, outlines_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


@pytest.mark.parametrize("seed", range(4))
def test_pixels_are_those_of_pycocotools(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(100):
        width, height = random.integers(1, 40, 2).tolist()
        outlines = [_outline(random) for _ in range(random.integers(1, 4))]
        ours = fill_polygons(outlines, (width, height))
        assert (ours == _theirs([each.reshape(-1).tolist() for each in outlines], width, height)).all(), outlines


@pytest.mark.parametrize("folder", ["coco_permissive", "coco_people"])
def test_every_polygon_of_real_photos(shared_data: Callable[[str], Path], folder: str) -> None:
    document = json.loads((shared_data(folder) / "instances.json").read_text())
    sizes = {image["id"]: (image["width"], image["height"]) for image in document["images"]}
    polygons = [each for each in document["annotations"] if isinstance(each["segmentation"], list)]
    assert len(polygons) > 200
    for each in polygons:
        size = sizes[each["image_id"]]
        ours = fill_polygons([np.array(outline).reshape(-1, 2) for outline in each["segmentation"]], size)
        assert (ours == _theirs(each["segmentation"], *size)).all(), each["id"]


@pytest.mark.parametrize("seed", range(3))
def test_outlines_come_back_as_the_pixels_they_are_of(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(60):
        mask = random.random(random.integers(1, 10, 2)) < random.choice([0.2, 0.5, 0.8])
        size = (mask.shape[1], mask.shape[0])
        outlines = outlines_of(mask)
        assert sum(not is_hole(each) for each in outlines) == ndimage.label(mask)[1]
        # Inside and outside in turn at all outlines together.
        odd = np.zeros_like(mask)
        for each in outlines:
            odd ^= fill_polygons([each], size)
        assert (odd == mask).all()


def test_a_hole_and_pixels_that_touch_at_a_corner() -> None:
    ring = np.ones((3, 3), np.bool_)
    ring[1, 1] = False
    outer, inner = outlines_of(ring)
    assert (outer.tolist(), is_hole(outer)) == ([[0, 0], [3, 0], [3, 3], [0, 3]], False)
    assert is_hole(inner)
    assert sorted(map(tuple, inner.tolist())) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert len(outlines_of(np.eye(3, dtype=np.bool_))) == 3


def test_nothing() -> None:
    assert not fill_polygons([], (3, 2)).any()
    assert not fill_polygons([np.zeros((0, 2))], (3, 2)).any()
    assert outlines_of(np.zeros((2, 2))) == []


def _outline(random: np.random.Generator) -> NDArray[np.float64]:
    """Corners in and around an image, some of them whole, some twice."""
    corners = random.uniform(-15, 55, (random.integers(3, 12), 2))
    whole = random.random(len(corners)) < 0.3
    corners[whole] = np.rint(corners[whole])
    return np.repeat(corners, random.integers(1, 3, len(corners)), axis=0)


def _theirs(outlines: list[list[float]], width: int, height: int) -> NDArray[Any]:
    runs: Any = coco.merge(coco.frPyObjects(outlines, height, width))
    return np.asarray(coco.decode(runs), np.bool_)
