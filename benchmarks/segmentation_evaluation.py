"""Judging masks: our numbers and those of torchmetrics and pycocotools, and how long each takes.

    python benchmarks/segmentation_evaluation.py [--pictures 1000] [--images 5000] [--predictions 30] [--repeats 3]
        [--only pixels|things] [--checked]

First pictures of 1,024 x 1,024 px with 20 classes in patches, a tenth of them ignored: the confusion matrix, which
gives IoU, Dice and accuracy, beside torchmetrics without its checks of the values, and with them where `--checked` asks
for that, since it takes a sixth of a second a picture; and all that `ClassMapMetrics` tells, boundaries and means over
pictures among it. Then images with masks of things, about seven each, one in a hundred a crowd: the twelve numbers of
COCO, beginning with the texts of run lengths. A hundred pictures and two hundred images are drawn, and judged as often
as it takes.

Times are seconds of one core that the process itself had, so that others on the machine change them little; those of
the clock stand beside them.
"""

import argparse
import contextlib
import io
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from measuring import print_table, spread, versions
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchmetrics.classification import MulticlassJaccardIndex

from convsight.metrics.pixels.confusion import confusion
from convsight.metrics.pixels.overlap import PixelCounts, mean_defined
from convsight.results import Boxes, ClassMap, usual_colours
from convsight.results.masks import Mask, mask_column
from convsight.results.run_length_masks import mask_of_runs
from convsight.tasks.instances.light.metrics import InstanceMetrics
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics

SIDE, CLASSES, IGNORED = 1024, 20, 255
PATCH = 64
WIDTH, HEIGHT, KINDS = 640, 480, 80
DRAWN_PICTURES, DRAWN_IMAGES = 100, 200
NAMES = (
    *("AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge"),
    *("AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"),
)

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class Things(NamedTuple):
    """Things of an image: the text of each mask's run lengths, areas, classes, and scores or which are crowds."""

    texts: list[str]
    areas: list[int]
    labels: NDArray[np.int64]
    extra: NDArray[Any]


class Timed(NamedTuple):
    """What came out, and how long it took: seconds of the core, and of the clock."""

    value: Any
    core: float
    clock: float


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--predictions", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=("pixels", "things"))
    parser.add_argument("--checked", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.only != "things":
        judge_pictures(options.pictures, options.repeats, checked=options.checked)
    if options.only != "pixels":
        judge_things(options.images, options.predictions, options.repeats)
    print("\n" + versions("convsight", "numpy", "scipy", "torch", "torchmetrics", "pycocotools"))


def judge_pictures(count: int, repeats: int, *, checked: bool) -> None:
    """The table of a class for every pixel."""
    drawn = [random_pictures(np.random.default_rng(seed)) for seed in range(min(count, DRAWN_PICTURES))]
    pairs = [drawn[number % len(drawn)] for number in range(count)]
    tools: dict[str, Callable[[Sequence[Pair]], float]] = {
        "convsight, confusion matrix": by_confusion,
        "torchmetrics, without its checks": lambda some: by_torchmetrics(some, checked=False),
        "convsight, all that ClassMapMetrics tells": by_class_maps,
    }
    if checked:
        tools["torchmetrics, as it comes"] = lambda some: by_torchmetrics(some, checked=True)
    found = {name: [timed(partial(tool, pairs)) for _ in range(repeats)] for name, tool in tools.items()}
    rows = [[name, *_times(runs), f"{runs[0].value:.9f}"] for name, runs in found.items()]
    columns = ["tool", "core, s", "clock, s", "mIoU"]
    print_table(f"Judging {count:,} pictures of {SIDE} x {SIDE} px and {CLASSES} classes", columns, rows)


def judge_things(count: int, predictions: int, repeats: int) -> None:
    """The table of masks of things."""
    drawn = [random_things(np.random.default_rng(seed), predictions) for seed in range(min(count, DRAWN_IMAGES))]
    pairs = [drawn[number % len(drawn)] for number in range(count)]
    tools = {"convsight": by_instances, "pycocotools": by_pycocotools}
    found = {name: [tool(pairs) for _ in range(repeats)] for name, tool in tools.items()}
    ours = np.array(found["convsight"][0][1].value)
    rows = []
    for name, runs in found.items():
        gap = np.abs(np.array(runs[0][1].value) - ours).max()
        reading, judging = _times([run[0] for run in runs]), _times([run[1] for run in runs])
        rows.append([name, *reading, *judging, f"{ours[0]:.6f}", "" if name == "convsight" else f"{gap:.0e}"])
    columns = [
        "tool",
        "reading: core, s",
        "clock, s",
        "judging: core, s",
        "clock, s",
        "AP",
        "largest gap of 12 numbers",
    ]
    print_table(f"Mask AP of {count:,} images with {predictions} predictions each", columns, rows)


def timed(work: Callable[[], Any]) -> Timed:
    """Do it once."""
    core, clock = time.process_time(), time.perf_counter()
    value = work()
    return Timed(value, time.process_time() - core, time.perf_counter() - clock)


def _times(runs: Sequence[Timed]) -> list[str]:
    return [spread([run.core for run in runs], 2), spread([run.clock for run in runs], 2)]


def random_pictures(generator: np.random.Generator) -> Pair:
    """What is true of a picture, and an answer: edges a few pixels aside, some patches of another class, specks."""
    cells = generator.integers(CLASSES, size=(SIDE // PATCH, SIDE // PATCH)).astype(np.uint8)
    guesses = np.where(generator.random(cells.shape) < 0.15, generator.integers(CLASSES, size=cells.shape), cells)
    cells[generator.random(cells.shape) < 0.1] = IGNORED
    truth, found = (np.kron(each, np.ones((PATCH, PATCH), np.uint8)) for each in (cells, guesses.astype(np.uint8)))
    found = np.roll(found, generator.integers(-4, 5, 2), (0, 1))
    specks = generator.integers(0, SIDE, (2, 500))
    found[specks[0], specks[1]] = generator.integers(CLASSES, size=500)
    return truth, found


def by_confusion(pairs: Sequence[Pair]) -> float:
    """The mean IoU by our confusion matrix."""
    whole = sum(confusion(truth, found, CLASSES, IGNORED) for truth, found in pairs)
    return float(mean_defined(PixelCounts.of(np.asarray(whole)).iou))


def by_class_maps(pairs: Sequence[Pair]) -> float:
    """The mean IoU as the task judges."""
    names = tuple(map(str, range(CLASSES)))
    metrics, colours = ClassMapMetrics(names), usual_colours(names)
    for truth, found in pairs:
        metrics.update(ClassMap(names, colours, truth), ClassMap(names, colours, found))
    return metrics.compute(intervals=False)["mIoU"].value


def by_torchmetrics(pairs: Sequence[Pair], *, checked: bool) -> float:
    """The mean IoU by torchmetrics, which looks for values that are no class where it is `checked`."""
    metric = MulticlassJaccardIndex(CLASSES, ignore_index=IGNORED, validate_args=checked)
    for truth, found in pairs:
        metric.update(torch.from_numpy(found).long(), torch.from_numpy(truth).long())
    return float(metric.compute())


def random_things(generator: np.random.Generator, predictions: int) -> tuple[Things, Things]:
    """What is true of an image, and what was predicted: half of it near a true thing, the rest anywhere."""
    count = int(generator.integers(1, 14))
    centres, radii = (
        generator.uniform((0, 0), (HEIGHT, WIDTH), (count, 2)),
        np.exp(generator.uniform(1.6, 4.8, (count, 2))),
    )
    labels = generator.integers(KINDS, size=count)
    of = generator.integers(count, size=predictions)
    near = np.arange(predictions) < predictions // 2
    shifts = generator.normal(size=(predictions, 2)) * 0.12 * radii[of]
    anywhere = generator.uniform((0, 0), (HEIGHT, WIDTH), (predictions, 2))
    found = np.where(near[:, None], centres[of] + shifts, anywhere)
    sizes = radii[of] * np.exp(generator.normal(size=(predictions, 2)) * 0.08)
    guesses = np.where(
        near & (generator.random(predictions) < 0.9), labels[of], generator.integers(KINDS, size=predictions)
    )
    scores = np.where(near, generator.beta(3, 2, predictions), generator.beta(1, 6, predictions)).round(3)
    crowds = generator.random(count) < 0.01
    return _things(centres, radii, labels, crowds), _things(found, sizes, guesses, scores)


def _things(centres: NDArray[Any], radii: NDArray[Any], labels: NDArray[Any], extra: NDArray[Any]) -> Things:
    """Ellipses, cut at the edges of the image."""
    masks = []
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    for (row, column), (tall, wide) in zip(centres, radii, strict=True):
        masks.append(Mask.of(((down - row) / tall) ** 2 + ((across - column) / wide) ** 2 <= 1))
    texts = [mask.to_coco((WIDTH, HEIGHT))["counts"] for mask in masks]
    return Things(texts, [mask.area for mask in masks], labels, extra)


def by_instances(pairs: Sequence[tuple[Things, Things]]) -> tuple[Timed, Timed]:
    """Our times of reading and judging, and the twelve numbers."""
    names = tuple(f"class {index}" for index in range(KINDS))

    def boxes(things: Things, **more: Any) -> Boxes:
        masks = [mask_of_runs(text, (WIDTH, HEIGHT)) for text in things.texts]
        corners = np.array([mask.xyxy for mask in masks], np.float64).reshape(-1, 4)
        columns = {"mask": mask_column(masks)}
        return Boxes.of(names, (WIDTH, HEIGHT), corners, things.labels, areas=things.areas, columns=columns, **more)

    reading = timed(
        lambda: [(boxes(true, crowd=true.extra), boxes(found, scores=found.extra)) for true, found in pairs]
    )

    def judged() -> list[float]:
        metrics = InstanceMetrics(names)
        for true, found in reading.value:
            metrics.update(true, found)
        numbers = metrics.judged.numbers()
        return [numbers[name] for name in NAMES]

    return reading, timed(judged)


def by_pycocotools(pairs: Sequence[tuple[Things, Things]]) -> tuple[Timed, Timed]:
    """The same of pycocotools."""

    def entries(lists: Sequence[Things], key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for image, things in enumerate(lists):
            for text, area, label, extra in zip(*things, strict=True):
                mask = {"size": [HEIGHT, WIDTH], "counts": text}
                about = {"id": len(rows) + 1, "image_id": image, "category_id": int(label), "iscrowd": 0}
                rows.append(about | {"segmentation": mask, "area": area, key: extra.item()})
        return rows

    truth, answers = entries([true for true, _ in pairs], "iscrowd"), entries([found for _, found in pairs], "score")
    images = [{"id": image, "width": WIDTH, "height": HEIGHT} for image in range(len(pairs))]

    def read() -> tuple[COCO, COCO]:
        coco = COCO()
        coco.dataset = {"images": images, "categories": [{"id": label} for label in range(KINDS)], "annotations": truth}
        coco.createIndex()
        return coco, coco.loadRes([dict(row) for row in answers])

    with contextlib.redirect_stdout(io.StringIO()):
        reading = timed(read)

        def judged() -> list[float]:
            found = COCOeval(*reading.value, "segm")
            found.evaluate()
            found.accumulate()
            found.summarize()
            numbers: list[float] = found.stats.tolist()
            return numbers

        return reading, timed(judged)


if __name__ == "__main__":
    main()
