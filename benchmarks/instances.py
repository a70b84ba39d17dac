"""Nuclei one by one, beside others in equal time.

    python benchmarks/instances.py DSB2018_FOLDER [--minutes 5] [--without mask-rcnn] [--options net=cells+resnet18]

A fifth of the pictures is held out (27 of 135); everybody begins from scratch. Peers: a U-Net of
segmentation_models_pytorch in a plain loop (`peers/smp_loop.py`) whose masks scikit-image floods
(`peers/watershed.py`), and torchvision's Mask R-CNN in a plain loop (`peers/mask_rcnn_loop.py`). Our time is the
whole command's, that of the peers of their steps alone; ours chooses its epoch and thresholds by a tenth of what the
peers learn from. All are judged by the same lines, `InstanceMetrics`: things that count as found, at the pictures' own
sizes. Processor seconds are told beside, since on a shared machine minutes say little.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring import HERE, peer_packages, print_table, versions
from numpy.typing import NDArray
from PIL import Image

import convsight
from convsight.results import Boxes, boxes_of_ids
from convsight.tasks.instances.light.metrics import InstanceMetrics

SIDE = 256  # px, of the arrays of the peers
CLASSES = ("nucleus",)
METRICS = ("DSB50", "DSB", "AJI", "precision", "recall")


@dataclass(frozen=True)
class Picture:
    """A picture (height, width, 3) and the number of each pixel's nucleus (height, width), 0 for none."""

    name: str
    image: NDArray[np.uint8]
    ids: NDArray[np.int32]


def main() -> None:
    """Train everybody, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--without", nargs="+", default=(), help="peers that are left out: unet, mask-rcnn")
    parser.add_argument("--options", nargs="+", default=(), help="further choices of ours, as net=cells+resnet18")
    arguments = parser.parse_args()
    pictures = read(arguments.data)
    held = len(pictures) // 5
    order = np.random.default_rng(0).permutation(len(pictures))
    test, rest = ([pictures[index] for index in part] for part in np.split(order, [held]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [row(f"convsight {' '.join(arguments.options)}".strip(), test, *ours(arguments, rest, test, folder))]
        archive = write_arrays(rest, test, folder)
        for peer, run in {"unet": unet, "mask-rcnn": mask_rcnn}.items():
            if peer not in arguments.without:
                rows.append(row(*run(archive, 60 * arguments.minutes, test, folder)))
    columns = ["who", *(word for metric in METRICS for word in (metric, "95 %")), "s", "processor s"]
    print_table(f"nuclei one by one, {arguments.minutes:g} minutes, {len(test)} test pictures", columns, rows)
    print("\n" + versions("convsight", "torch", "torchvision", "segmentation-models-pytorch"))


def read(folder: Path) -> list[Picture]:
    """All pictures, by name."""
    return [
        Picture(
            file.stem,
            np.asarray(Image.open(file).convert("RGB")),
            np.asarray(Image.open(folder / "instances" / f"{file.stem}.png")).astype(np.int32),
        )
        for file in sorted((folder / "images").iterdir())
    ]


def ours(
    arguments: argparse.Namespace, rest: list[Picture], test: list[Picture], folder: Path
) -> tuple[list[Boxes], float, float]:
    """What the whole command finds on the test pictures, its seconds, and the processor's."""
    val = len(rest) // 10
    for split, pictures in (("train", rest[val:]), ("val", rest[:val]), ("test", test)):
        for kind in ("images", "instances"):
            (folder / "data" / split / kind).mkdir(parents=True)
        for each in pictures:
            Image.fromarray(each.image).save(folder / "data" / split / "images" / f"{each.name}.png")
            Image.fromarray(each.ids.astype(np.uint16)).save(folder / "data" / split / "instances" / f"{each.name}.png")
    options = [word for each in arguments.options for word in ("--" + each.replace("=", " ", 1)).split(" ", 1)]
    words = ["train", str(folder / "data"), "--task", "instances", "--minutes", f"{arguments.minutes:g}", "--no-export"]
    words += ["--weights", "none", "--run", str(folder / "run"), *options]
    seconds, processor, _ = timed([sys.executable, "-m", "convsight", *words], {})
    model = convsight.load(folder / "run", engine="torch", precision="float32")
    found = [model.predict(each.image) for each in test]
    return [each for each in found if isinstance(each, Boxes)], seconds, processor


def write_arrays(rest: list[Picture], test: list[Picture], folder: Path) -> Path:
    """All pictures of one size, for loops that know arrays alone."""
    archive = folder / "data.npz"
    sides = (SIDE, SIDE)
    ids = np.stack([np.asarray(Image.fromarray(each.ids).resize(sides, Image.Resampling.NEAREST)) for each in rest])
    taught, asked = (
        np.stack([np.asarray(Image.fromarray(each.image).resize(sides)) for each in part]) for part in (rest, test)
    )
    masks = (ids > 0).astype(np.uint8)
    np.savez(archive, train_images=taught, train_ids=ids, train_masks=masks, test_images=asked, classes=np.array(2))
    return archive


def unet(
    archive: Path, seconds: float, test: list[Picture], folder: Path
) -> tuple[str, list[Picture], list[Boxes], float, float]:
    """A U-Net's masks, flooded at the pictures' own sizes."""
    out = folder / "masks.npy"
    taken, processor, _ = timed(script("smp_loop.py", archive, seconds, out), with_packages("loops"))
    found = []
    for mask, each in zip(np.load(out), test, strict=True):
        own = np.asarray(Image.fromarray(mask).resize(each.ids.shape[::-1], Image.Resampling.NEAREST))
        np.save(folder / "one.npy", own[None])
        timed(script("watershed.py", folder / "one.npy", folder / "ids.npy"), with_packages("watershed"))
        found.append(things(np.load(folder / "ids.npy")[0]))
    return "smp U-Net ResNet-18, scikit-image", test, found, taken, processor


def mask_rcnn(
    archive: Path, seconds: float, test: list[Picture], folder: Path
) -> tuple[str, list[Picture], list[Boxes], float, float]:
    """What torchvision's Mask R-CNN finds."""
    out = folder / "ids.npy"
    taken, processor, _ = timed(script("mask_rcnn_loop.py", archive, seconds, out), {})
    found = [
        things(np.asarray(Image.fromarray(ids).resize(each.ids.shape[::-1], Image.Resampling.NEAREST)))
        for ids, each in zip(np.load(out), test, strict=True)
    ]
    return "torchvision Mask R-CNN ResNet-50", test, found, taken, processor


def things(ids: NDArray[np.int32]) -> Boxes:
    """The nuclei of a map of numbers."""
    return boxes_of_ids(ids, np.zeros(int(ids.max(initial=0)), np.int64), CLASSES)


def row(who: str, test: list[Picture], found: list[Boxes], seconds: float, processor: float) -> list[str]:
    """A row of the table; prediction and truth are compared at the pictures' own sizes."""
    metrics = InstanceMetrics(CLASSES)
    for each, answer in zip(test, found, strict=True):
        metrics.update(things(each.ids), answer.relabelled(CLASSES, np.zeros(len(answer.classes), np.int64)))
    measured = metrics.compute()
    values = [measured[name] for name in METRICS]
    numbers = [word for each in values for word in (f"{each.value:.3f}", f"{each.low:.3f} .. {each.high:.3f}")]
    return [who, *numbers, f"{seconds:.0f}", f"{processor:.0f}"]


def script(name: str, *words: Any) -> list[str]:
    """A script of `peers/`."""
    return [sys.executable, str(HERE / "peers" / name), *map(str, words)]


def with_packages(name: str) -> dict[str, str]:
    """The environment in which a peer's packages are found."""
    return {"PYTHONPATH": os.pathsep.join([str(peer_packages(name)), os.environ.get("PYTHONPATH", "")])}


def timed(command: list[str], more: dict[str, str]) -> tuple[float, float, str]:
    """Seconds, processor seconds and the last line of a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    last = (done.stdout.splitlines() or [""])[-1]
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if last:
        print(f"{Path(command[1]).name}: {json.dumps(last)}", file=sys.stderr, flush=True)
    return time.perf_counter() - began, processor, last


if __name__ == "__main__":
    main()
