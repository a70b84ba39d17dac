"""Judging detections: our COCO numbers and those of pycocotools and faster-coco-eval, and how long each takes.

    python benchmarks/evaluate.py [--pictures 5000] [--repeats 3]

Random images like those of COCO: 100 predictions of 80 classes and about seven things each, one in a hundred a crowd.
The twelve numbers of all tools are compared. "reading" begins with numbers in memory, each tool's way: rows of
dictionaries for them, arrays for us. "judging" gives the twelve numbers, and for us those of each class; beside it
stands all that `BoxMetrics` computes: also VOC, precision and recall, kinds of errors, and then the thresholds.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measuring import HERE, peer_python, print_table, spread, versions
from numpy.typing import NDArray

from convsight.metrics.things.coco import Coco
from convsight.metrics.things.flat_boxes import EvaluatedBoxes
from convsight.results import Boxes
from convsight.tasks.detection.light.metrics import BoxMetrics

CLASSES = tuple(f"class {index}" for index in range(80))
SIDE = 640
NAMES = (
    *("AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge"),
    *("AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"),
)
PEERS = ("pycocotools", "faster-coco-eval")

Floats = NDArray[np.float64]


class Image(NamedTuple):
    """Boxes of one image as left, top, width, height, their classes, and scores or which are crowds."""

    xywh: Floats
    labels: NDArray[np.int64]
    extra: NDArray[Any]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    pairs = [random_pair(np.random.default_rng(seed)) for seed in range(options.pictures)]
    ours, rows = our_rows(pairs, options.repeats)
    with tempfile.TemporaryDirectory() as folder:
        write_coco(pairs, Path(folder))
        for peer in PEERS:
            script = str(HERE / "peers" / "evaluate_boxes.py")
            command = [str(peer_python("coco")), script, peer, folder, str(options.repeats)]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found = json.loads(output.splitlines()[-1])
            gap = np.abs(np.array(found["numbers"]) - ours).max()
            rows.append([peer, spread(found["reading"], 2), spread(found["judging"], 2), "", f"{gap:.0e}"])
    columns = ["tool", "reading, s", "judging, s", "all that BoxMetrics tells, s", "largest difference of 12 numbers"]
    print_table(f"Judging {options.pictures:,} images of 100 boxes", columns, rows)
    print("\n" + versions("convsight", "numpy") + "; peers: " + ", ".join(peer_versions()))


def random_pair(generator: np.random.Generator) -> tuple[Image, Image]:
    """What is true of an image, and 100 predictions: four near each thing, the rest anywhere and mostly unsure."""
    some = generator.choice(len(CLASSES), size=3)
    things = _anywhere(generator, int(generator.poisson(7)))
    labels = generator.choice(some, size=len(things))
    near = min(100, 4 * len(things))
    of = generator.integers(max(1, len(things)), size=near)
    moved = things[of] + generator.normal(size=(near, 4)) * 0.08 * np.tile(things[of, 2:], 2)
    moved[:, 2:] = np.maximum(moved[:, 2:], 2)
    guesses = np.where(generator.random(100) < 0.5, generator.choice(some, size=100), generator.integers(80, size=100))
    predicted = np.where(generator.random(near) < 0.8, labels[of], guesses[:near])
    scores = np.append(generator.beta(3, 2, near), generator.beta(1, 8, 100 - near)).round(3)
    return (
        Image(_exact(things), labels, generator.random(len(things)) < 0.01),
        Image(
            _exact(np.vstack([moved, _anywhere(generator, 100 - near)])), np.append(predicted, guesses[near:]), scores
        ),
    )


def _anywhere(generator: np.random.Generator, count: int) -> Floats:
    sides = np.exp(generator.uniform(np.log(10), np.log(300), (count, 2)))
    return np.hstack([generator.random((count, 2)) * (SIDE - sides), sides])


def _exact(xywh: Floats) -> Floats:
    """In quarters of a pixel, with which every tool computes the same overlaps to the last bit."""
    return np.round(xywh * 4) / 4


def our_rows(pairs: Sequence[tuple[Image, Image]], repeats: int) -> tuple[Floats, list[list[str]]]:
    """Our twelve numbers, and our row of the table."""
    reading, judging, everything = [], [], []
    for _ in range(repeats):
        start = time.perf_counter()
        metrics = BoxMetrics(CLASSES)
        lists = [(_boxes(target, crowd=target.extra), _boxes(found, scores=found.extra)) for target, found in pairs]
        for target, found in lists:
            metrics.update(target, found)
        reading.append(time.perf_counter() - start)
        start = time.perf_counter()
        numbers = Coco(EvaluatedBoxes(CLASSES, *zip(*lists, strict=True))).numbers()
        judging.append(time.perf_counter() - start)
        start = time.perf_counter()
        metrics.compute(intervals=False)
        metrics.calibration()
        everything.append(time.perf_counter() - start)
    row = ["convsight", spread(reading, 2), spread(judging, 2), spread(everything, 2), ""]
    return np.array([numbers[name] for name in NAMES]), [row]


def _boxes(image: Image, **extra: Any) -> Boxes:
    corners = np.hstack([image.xywh[:, :2], image.xywh[:, :2] + image.xywh[:, 2:]])
    return Boxes.of(CLASSES, (SIDE, SIDE), corners, image.labels, **extra)


def write_coco(pairs: Sequence[tuple[Image, Image]], folder: Path) -> None:
    """The same images as the two files that COCO's tools read."""
    targets: list[dict[str, Any]] = []
    predictions: list[dict[str, Any]] = []
    for index, (target, found) in enumerate(pairs):
        for xywh, label, crowd in zip(target.xywh.tolist(), target.labels.tolist(), target.extra.tolist(), strict=True):
            place = {"image_id": index, "category_id": label, "bbox": xywh, "area": xywh[2] * xywh[3]}
            targets.append(place | {"id": len(targets) + 1, "iscrowd": int(crowd)})
        for xywh, label, score in zip(found.xywh.tolist(), found.labels.tolist(), found.extra.tolist(), strict=True):
            predictions.append({"image_id": index, "category_id": label, "bbox": xywh, "score": score})
    images = [{"id": index, "width": SIDE, "height": SIDE, "file_name": f"{index}.jpg"} for index in range(len(pairs))]
    categories = [{"id": index, "name": name} for index, name in enumerate(CLASSES)]
    whole = {"info": {}, "licenses": [], "images": images, "annotations": targets, "categories": categories}
    (folder / "truth.json").write_text(json.dumps(whole))
    (folder / "answers.json").write_text(json.dumps(predictions))


def peer_versions() -> list[str]:
    """The pinned versions of the peers."""
    lines = (HERE / "peers" / "coco.txt").read_text().split()
    return [line.replace("==", " ") for line in lines]


if __name__ == "__main__":
    main()
