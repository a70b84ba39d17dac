"""How often 95 % intervals hold the truth: predictions drawn from known distributions, judged again and again.

    python benchmarks/coverage.py [--sets 300] [--only PART]

Each row is a way to draw judged images, with the truth of each metric from 200,000 images of it (boxes: 50,000), and
sets of 50, 100, 250 and 1,000. A cell tells in how many of a hundred sets the interval held the truth, among those in
which one was told, and after a slash in how many one was told, where not in all.

- `k classes`: the score of a class is normal, that of the true one higher by `lift`; probabilities are those of Bayes
  for these scores, their logits times `sharp`; with `skew` each class is 0.6 times as frequent as the one before.
- `gap`: a top probability c, and right answers with probability c - gap(c); c is .5 + .5 Beta(2, 1), or where it says
  `sure` .9 + .1 Beta(4, .5).
- `1,000 classes, one image each`: 1,000 images, one of each class.
- `boxes`: one to three boxes of three classes an image, found with probability .8, sides moved by a twentieth, beside
  0.3 false ones an image; scores of right ones are higher.
- `labels`: four labels that .3, .1, .6 and .25 of the images have; the logit of a probability is normal, 2 higher where
  the label is there, and part of it is shared by all labels of an image.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from measuring import print_table, versions

from convsight.metrics import Measured
from convsight.results import Boxes
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics
from convsight.tasks.reader import Metrics

_SIZES = (50, 100, 250, 1000)
_MANY = 200_000
_SHARES = ("accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss")
_BOXES = ("AP", "AP50", "precision", "recall")
_LABELS = ("mAP", "micro_f1", "macro_f1", "exact_match", "log_loss", "AP/a", "AP/b", "f1/a", "recall/b")


class Simulation(NamedTuple):
    """What is drawn: judged images, by their number and a generator; which metrics are told, of sets of which sizes."""

    name: str
    draw: Callable[[int, np.random.Generator], Metrics]
    metrics: Sequence[str]
    sizes: Sequence[int] = _SIZES
    many: int = _MANY


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=300, help="sets of each size")
    parser.add_argument("--only", default="", help="a part of the name of the simulations to run")
    options = parser.parse_args()
    rows: list[list[str]] = []
    for simulation in simulations():
        if options.only in simulation.name:
            rows += _rows(simulation, options.sets)
    heads = ["simulation", "metric", "truth", *(f"n = {size:,}" for size in _SIZES)]
    print_table(f"Intervals that hold the truth, % of {options.sets} sets (n = 1,000: a third as many)", heads, rows)
    print(versions("convsight", "numpy"))


def simulations() -> list[Simulation]:
    """Every row of the table."""
    found = [
        Simulation(name, partial(normal_scores, classes=classes, lift=lift, sharp=sharp, skew=skew), _SHARES)
        for name, classes, lift, sharp, skew in (
            ("2 classes, lift 1", 2, 1.0, 1.0, False),
            ("3 classes, lift 1.6", 3, 1.6, 1.0, False),
            ("10 classes, lift 2.5, sharp 1.6", 10, 2.5, 1.6, False),
            ("3 classes, lift 3, sharp 1.5, skew", 3, 3.0, 1.5, True),
            ("10 classes, lift 3.5, skew", 10, 3.5, 1.0, True),
        )
    ]
    found += [
        Simulation(name, partial(confidences, gap=gap, sure=sure), ("calibration_error",))
        for name, gap, sure in (
            ("gap .0565", lambda c: np.full_like(c, 0.0565), False),
            ("gap .0565, sure", lambda c: np.full_like(c, 0.0565), True),
            ("gap .0565 above .8, -.0565 below", lambda c: np.where(c > 0.8, 0.0565, -0.0565), False),
            ("gap .113 above .855, else none", lambda c: np.where(c > 0.855, 0.113, 0.0), False),
            ("gap .3 c", lambda c: 0.3 * c, False),
            ("gap 0", np.zeros_like, False),
        )
    ]
    found.append(Simulation("1,000 classes, one image each", one_of_each, _SHARES, sizes=(1000,), many=20_000))
    found.append(Simulation("boxes", boxes, _BOXES, sizes=(50, 100, 250), many=50_000))
    found.append(Simulation("labels", labels, _LABELS, many=50_000))
    return found


def judged(targets: np.ndarray, probabilities: np.ndarray) -> ClassMetrics:
    """The metrics of predictions."""
    classes = tuple(f"c{index}" for index in range(probabilities.shape[1]))
    metrics = ClassMetrics(classes)
    metrics._targets, metrics._probabilities = targets.tolist(), list(probabilities)
    return metrics


def normal_scores(
    images: int, generator: np.random.Generator, *, classes: int, lift: float, sharp: float, skew: bool
) -> ClassMetrics:
    """Scores of classes, that of the true one higher by `lift`."""
    frequency = 0.6 ** np.arange(classes) if skew else np.ones(classes)
    frequency /= frequency.sum()
    targets = generator.choice(classes, size=images, p=frequency)
    scores = generator.normal(size=(images, classes))
    scores[np.arange(images), targets] += lift
    return judged(targets, _softmax(sharp * (scores * lift + np.log(frequency))))


def one_of_each(images: int, generator: np.random.Generator) -> ClassMetrics:
    """A thousand classes in turn, right about nine times of ten."""
    targets = np.arange(images) % 1000
    scores = generator.normal(size=(images, 1000)).astype(np.float32)
    scores[np.arange(images), targets] += 4.5
    return judged(targets, _softmax(scores * 4.5))


def confidences(
    images: int, generator: np.random.Generator, *, gap: Callable[[np.ndarray], np.ndarray], sure: bool
) -> ClassMetrics:
    """Two classes; the first is always answered with a probability that is too high by `gap`."""
    top = 0.9 + 0.1 * generator.beta(4, 0.5, images) if sure else 0.5 + 0.5 * generator.beta(2, 1, images)
    wrong = generator.random(images) >= top - gap(top)
    return judged(wrong.astype(np.int64), np.stack([top, 1 - top], axis=1))


def boxes(images: int, generator: np.random.Generator) -> BoxMetrics:
    """Boxes that are found, missed and made up."""
    classes, side = ("a", "b", "c"), 100
    metrics = BoxMetrics(classes)
    for _ in range(images):
        corners = generator.uniform(0, 60, (generator.integers(1, 4), 2))
        true = np.hstack([corners, corners + generator.uniform(10, 40, corners.shape)])
        labels = generator.integers(3, size=len(true))
        seen = generator.random(len(true)) < 0.8
        size = np.tile(true[:, 2:] - true[:, :2], 2)
        moved = np.clip(true + generator.normal(0, 0.05, true.shape) * size, 0, side)[seen]
        extra = generator.uniform(0, 60, (generator.poisson(0.3), 2))
        found = np.vstack([moved, np.hstack([extra, extra + 25])])
        named = np.concatenate([labels[seen], generator.integers(3, size=len(extra))])
        scores = np.concatenate([generator.beta(4, 2, len(moved)), generator.beta(2, 4, len(extra))])
        target = Boxes.of(classes, (side, side), true, labels)
        metrics.update(target, Boxes.of(classes, (side, side), found, named, scores=scores))
    return metrics.calibrated({f"threshold/{name}": 0.4 for name in classes})


def labels(images: int, generator: np.random.Generator) -> LabelSetMetrics:
    """Labels that come with probabilities, and are present from .5 on."""
    frequency = np.array([0.3, 0.1, 0.6, 0.25])
    present = generator.random((images, 4)) < frequency
    shared = 0.5 * generator.normal(size=(images, 1))
    logits = np.log(frequency / (1 - frequency)) + 2 * present - 1 + shared + generator.normal(size=(images, 4))
    metrics = LabelSetMetrics(("a", "b", "c", "d"))
    metrics._present, metrics._probabilities = list(present), list(1 / (1 + np.exp(-logits)))
    metrics._thresholds = [np.full(4, 0.5)] * images
    return metrics


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _rows(simulation: Simulation, sets: int) -> list[list[str]]:
    """A row for each metric of a simulation."""
    whole = simulation.draw(simulation.many, np.random.default_rng(9))
    truth = whole.compute(intervals=False)
    cells: dict[str, list[str]] = {name: [] for name in simulation.metrics}
    for size in _SIZES:
        if size not in simulation.sizes:
            for each in cells.values():
                each.append("")
            continue
        some = sets // 3 if size >= 1000 else sets
        found = [simulation.draw(size, np.random.default_rng((size, number))).compute() for number in range(some)]
        for name, each in cells.items():
            each.append(_cell([one[name] for one in found if name in one], truth[name].value))
    return [[simulation.name, name, f"{truth[name].value:.4f}", *each] for name, each in cells.items()]


def _cell(found: list[Measured], truth: float) -> str:
    told = [each for each in found if each.low < each.high]
    if not told:
        return "none told"
    held = sum(each.low <= truth <= each.high for each in told) / len(told)
    return f"{100 * held:.0f}" if len(told) == len(found) else f"{100 * held:.0f} / {100 * len(told) / len(found):.0f}"


if __name__ == "__main__":
    main()
