"""Overlaps of polygons against a fine grid, and SpaceNet's F1 against the scores that it publishes."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from convsight.metrics.pixels.polygons import polygon_overlaps
from convsight.metrics.pixels.taken_in_turn import Found, pooled, spacenet_found, taken_in_turn

Ring = NDArray[np.float64]
SQUARE: Ring = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])


def star(generator: np.random.Generator) -> Ring:
    corners = int(generator.integers(3, 12))
    angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
    radii = generator.uniform(5, 25, corners)
    centre = generator.uniform(25, 35, 2)
    corners_around: Ring = centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return corners_around


def on_grid(ring: Ring, fine: int = 40) -> NDArray[np.bool_]:
    image = Image.new("1", (60 * fine, 60 * fine))
    ImageDraw.Draw(image).polygon([(x, y) for x, y in (ring * fine).tolist()], fill=1)
    return np.asarray(image)


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_those_of_a_fine_grid(seed: int) -> None:
    generator = np.random.default_rng(seed)
    one, other = star(generator), star(generator)
    grids = on_grid(one), on_grid(other)
    expected = (grids[0] & grids[1]).sum() / (grids[0] | grids[1]).sum()
    assert polygon_overlaps([[one]], [[other]])[0, 0] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([SQUARE], 1.0),
        ([SQUARE[::-1]], 1.0),  # the other way round
        ([np.vstack([SQUARE, SQUARE[:1]])], 1.0),  # closed, as files have it
        ([np.add(SQUARE, (2, 0))], 8 / 24),
        ([np.add(SQUARE, (4, 0))], 0.0),  # side by side
        ([np.add(SQUARE, (9, 9))], 0.0),
        ([SQUARE, SQUARE / 2 + 1], 12 / 16),  # with a hole
        ([SQUARE / 4, SQUARE / 4 + 3], 2 / 16),  # of two parts
        ([np.array([[0.0, 0], [4, 4], [4, 0], [0, 4]])], 8 / 16),  # that crosses itself
        ([np.array([[0.0, 0], [4, 4]])], 0.0),  # without area
    ],
)
def test_overlaps_that_can_be_reckoned(other: list[Ring], expected: float) -> None:
    assert polygon_overlaps([[SQUARE]], [other])[0, 0] == pytest.approx(expected)


def test_each_takes_the_best_that_is_left() -> None:
    assert taken_in_turn(np.array([[0.6, 0.9], [0.55, 0.95], [0.5, 0.0]])) == Found(2, 1, 0)
    assert taken_in_turn(np.array([[0.8, 0.6], [0.9, 0.4]])) == Found(1, 1, 1)  # who comes second finds it gone
    assert taken_in_turn(np.zeros((0, 3))) == Found(0, 0, 3)
    assert taken_in_turn(np.zeros((3, 0))) == Found(0, 3, 0)
    assert Found(0, 0, 0).f1 == Found(0, 2, 1).precision == 0.0


def rings_of(text: str) -> list[Ring]:
    """The rings of a polygon in WKT."""
    if "EMPTY" in text:
        return []
    inner = text[text.index("((") + 2 : text.rindex("))")]
    parts = [part.strip(" ()") for part in inner.replace("),(", "|").replace("), (", "|").split("|")]
    return [np.array([[float(value) for value in corner.split()[:2]] for corner in part.split(",")]) for part in parts]


def rows_of(file: Path) -> dict[str, list[list[Ring]]]:
    """The polygons of each image."""
    found: dict[str, list[list[Ring]]] = {}
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            rings = rings_of(row["PolygonWKT_Pix"])
            found.setdefault(row["ImageId"], [])
            if rings:
                found[row["ImageId"]].append(rings)
    return found


def test_spacenets_scores_are_its_own(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("spacenet_samples")
    truth, answers = rows_of(folder / "SN2_sample_truth.csv"), rows_of(folder / "SN2_sample_preds.csv")
    found = {image: spacenet_found(answers.get(image, []), truth.get(image, [])) for image in truth | answers}
    with (folder / "SN2_test_results_full.csv").open(newline="") as lines:
        published = {row["imageID"]: row for row in csv.DictReader(lines)}
    assert set(found) == set(published)
    for image, row in published.items():
        assert found[image] == (int(row["TruePos"]), int(row["FalsePos"]), int(row["FalseNeg"]))
        assert found[image].f1 == pytest.approx(float(row["F1Score"]))
    with (folder / "SN2_test_results.csv").open(newline="") as lines:
        cities = list(csv.DictReader(lines))
    for city, row in zip(("AOI_2_Vegas", "AOI_5_Khartoum"), cities, strict=True):
        together = pooled([each for image, each in found.items() if image.startswith(city)])
        assert together.f1 == pytest.approx(float(row["F1Score"]))
        assert together.precision == pytest.approx(float(row["Precision"]))
        assert together.recall == pytest.approx(float(row["Recall"]))
