"""Whether maps of a box lie on its thing, of drawn shapes and a detector trained for it; a part of `explain.py`."""

import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from measuring import print_table
from numpy.typing import NDArray

import convsight
from convsight.datasets.read import read_dataset
from convsight.explain.explain import ExplainedModel, load_explained, maps_of
from convsight.explain.method import MethodOptions
from convsight.metrics.bootstrap import bootstrapped
from convsight.results import Boxes, BoxLists
from convsight.results.overlaps import matched, overlaps
from convsight.rng import shuffled
from convsight.runtime.find_network import NetworkName

_SAME = 0.5  # intersection over union from which a found box is a true one's


class Shares(NamedTuple):
    """Of the mass of a box's map: what lies inside the right box, and inside all other boxes of its picture.

    `area` is the right box's share of the picture, which is what a map without any sense has inside.
    """

    picture: int
    inside: float
    others: float
    area: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this part."""
    parser.add_argument("--minutes", type=float, default=1.0, help="of the detector's training")
    parser.add_argument("--pictures", type=int, default=40, help="of the test split, at most 120")
    parser.add_argument("--methods", default="gradcam,gradcampp,hirescam,saliency,occlusion")
    parser.add_argument("--run", type=Path, help="a detector of the drawn shapes that was trained before")


def run(arguments: argparse.Namespace) -> None:
    """Print the shares of each method."""
    methods = [each.strip() for each in arguments.methods.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        run_folder = arguments.run or _trained(Path(folder) / "shapes", arguments.minutes)
        model = load_explained(NetworkName(run_folder))
        found = _shares(model, methods, arguments.pictures)
    rows = [_row(method, shares) for method, shares in found.items()]
    columns = ("method", "boxes", "inside the right box", "its share of the area", "times", "inside other boxes")
    print_table("Share of a box's map inside the right box, drawn shapes", columns, rows)


def _trained(folder: Path, minutes: float) -> Path:
    convsight.train("shapes", task="detection", run=str(folder), minutes=minutes, seed=0)
    return folder


def _shares(model: ExplainedModel, methods: list[str], count: int) -> dict[str, list[Shares]]:
    split = read_dataset("shapes").split("test")
    truth, found = split.targets, {method: list[Shares]() for method in methods}
    assert isinstance(truth, BoxLists)
    assert isinstance(split.images, np.ndarray)
    for place in np.sort(shuffled(0, 0, len(split))[:count]).tolist():
        answer = model.model.predict(split.images[place])
        assert isinstance(answer, Boxes)
        for number, true in _right(answer.found, truth[place]):
            subject = model.subject(split.images[place], f"#{number + 1}")
            for made in maps_of(subject, methods, MethodOptions()):
                found[made.method].append(_share(place, made.values, truth[place], true))
    return found


def _right(answer: Boxes, truth: Boxes) -> list[tuple[int, int]]:
    """Positions of found boxes, surest first, and of the true ones that they are of."""
    alike = overlaps(answer.xyxy, truth.xyxy) * (answer.labels[:, None] == truth.labels[None])
    return [(number, true) for number, true in enumerate(matched(alike, _SAME).tolist()) if true >= 0]


def _share(picture: int, values: NDArray[np.float64], truth: Boxes, right: int) -> Shares:
    mass = np.nan_to_num(np.abs(values))
    mass = mass / (mass.sum() or 1.0)
    inside = _pixels(truth, [right], mass.shape)
    others = _pixels(truth, [each for each in range(len(truth)) if each != right], mass.shape) & ~inside
    return Shares(picture, float(mass[inside].sum()), float(mass[others].sum()), float(inside.mean()))


def _pixels(truth: Boxes, boxes: list[int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A flag for every pixel whose centre lies in one of the boxes."""
    rows, columns = (np.arange(side) + 0.5 for side in shape)
    found = np.zeros(shape, np.bool_)
    for left, top, right, bottom in truth.xyxy[boxes].tolist():
        found |= ((rows >= top) & (rows < bottom))[:, None] & ((columns >= left) & (columns < right))[None]
    return found


def _row(method: str, shares: list[Shares]) -> tuple[str, ...]:
    """Means over boxes, with intervals of pictures drawn again."""
    pictures, place = np.unique([each.picture for each in shares], return_inverse=True)
    values = np.array([[each.inside, each.area, each.others] for each in shares])

    def means(weights: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        of_box = weights[:, place]
        inside, area, others = (of_box @ values / of_box.sum(axis=1, keepdims=True)).T
        return {"inside": inside, "area": area, "others": others, "times": inside / area}

    found = bootstrapped(means, len(pictures), 1000)
    shown = [f"{found[name].value:.3f} [{found[name].interval(', ', 3)}]" for name in ("inside", "area")]
    times = f"{found['times'].value:.2f} [{found['times'].interval(', ', 2)}]"
    return (method, str(len(shares)), *shown, times, f"{found['others'].value:.3f}")
