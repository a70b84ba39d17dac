"""Images a second of a training, beside plain PyTorch, timm's recipe, fastai, Lightning and Keras.

    python benchmarks/training_speed.py [--repeats 3] [--only lecture3 resnet18 ...]

The same network, batch, picture size and optimizer (AdamW) for everybody; pictures in memory, none varied; the first
epoch, in which kernels are chosen and graphs made, is not counted. Everybody computes in the number format of its own
choice; `float32` stands beside ours. `as it comes` is ours with its own optimizer, Muon.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from measuring import HERE, peer_packages, peer_python, print_table, spread, versions

EPOCHS = 3
OURS = {
    "convsight": ["--optimizer", "adamw"],
    "convsight, float32": ["--optimizer", "adamw", "--precision", "float32"],
    "convsight as it comes": [],
}
LOOPS = {"plain PyTorch": "torch", "timm's recipe": "timm", "fastai": "fastai", "Lightning": "lightning"}
KERAS = "Keras on TensorFlow"
PEERS = (*LOOPS, KERAS)


@dataclass(frozen=True)
class Case:
    """A network, the pictures it is trained on, and how many of them."""

    net: str
    side: int
    channels: int
    batch: int
    images: int

    def __str__(self) -> str:
        return f"{self.net}, {self.side} px, batch {self.batch}"


CASES = (
    Case("lecture3", 28, 1, 128, 12_800),
    Case("resnet18", 64, 3, 64, 640),
    Case("resnet18", 224, 3, 16, 64),
    Case("mobilenet_v3_small", 128, 3, 32, 640),
)


def main() -> None:
    """Run everybody in turn, `repeats` times, and print images/s and ratios within a repeat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=sorted({case.net for case in CASES}))
    arguments = parser.parse_args()
    chosen = [case for case in CASES if not arguments.only or case.net in arguments.only]
    rates, ratios = [], []
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            found = measured(case, Path(folder), arguments.repeats)
        rates.append([str(case), *(spread(speeds, 0) for speeds in found.values())])
        ratios += [[str(case), ours, *compared(found, ours)] for ours in OURS]
    names = [*OURS, *PEERS]
    print_table("Training, images/s", ["network", *names], rates)
    print_table("Beside the best peer of a repeat", ["network", "ours", "times as fast", "best peer by median"], ratios)
    print("\n" + versions("convsight", "torch", "torchvision", "timm") + "; peers: " + pinned("loops", "keras"))


def measured(case: Case, folder: Path, repeats: int) -> dict[str, list[float]]:
    """The images/s of everybody, a repeat after the other."""
    archive = folder / "data.npz"
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (case.images, case.side, case.side, case.channels), np.uint8)
    labels = np.arange(case.images) % 10  # of noise: nothing can be learnt, and nothing takes another time for that
    np.savez(archive, images=images, labels=labels)
    contenders: dict[str, Callable[[], float]] = {
        **{name: partial(ours, case, archive, folder, options) for name, options in OURS.items()},
        **{name: partial(loops, case, archive, loop) for name, loop in LOOPS.items()},
        KERAS: lambda: speed(peer_python("keras"), "train_keras.py", case, archive),
    }
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, run in contenders.items():
            found[name].append(run())
            print(f"{case}: {name} {found[name][-1]:.0f}", file=sys.stderr)
    return found


def ours(case: Case, archive: Path, folder: Path, options: Sequence[str]) -> float:
    """The median of the later epochs of a training by the command line."""
    data = np.load(archive)
    held = folder / "held.npz"
    if not held.exists():
        few = min(20, case.images)
        parts = {name: data["images"][:count] for name, count in (("train", case.images), ("val", few))}
        np.savez(
            held,
            **{f"{name}_images": part for name, part in parts.items()},
            **{f"{name}_labels": data["labels"][: len(part)] for name, part in parts.items()},
        )
    command = [sys.executable, "-m", "convsight", "train", str(held), "--net", case.net, "--weights", "none"]
    command += ["--size", str(case.side), "--batch", str(case.batch), "--epochs", str(EPOCHS), "--augment", "none"]
    command += ["--no-grow", "--no-export", "--run", str(folder / "run"), "--format", "json", *options]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    rows = list(csv.DictReader((Path(report["run"]) / "metrics.csv").read_text().splitlines()))
    return statistics.median(float(row["images_per_s"]) for row in rows[1:])


def loops(case: Case, archive: Path, loop: str) -> float:
    """That of a loop of PyTorch's users, on the PyTorch that we use."""
    path = {"PYTHONPATH": os.pathsep.join([str(peer_packages("loops")), os.environ.get("PYTHONPATH", "")])}
    return speed(Path(sys.executable), "train_loops.py", case, archive, [loop], path)


def speed(
    python: Path, script: str, case: Case, archive: Path, first: Sequence[str] = (), path: dict[str, str] | None = None
) -> float:
    """The median of the later epochs that a script of `peers/` prints."""
    command = [str(python), str(HERE / "peers" / script), *first, case.net, str(archive), str(case.batch), str(EPOCHS)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | (path or {})
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    speeds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return statistics.median(speeds[1:])


def compared(found: dict[str, list[float]], who: str) -> list[str]:
    """How many times as fast as the best peer of a repeat, and which that was."""
    best = [max(found[peer][repeat] for peer in PEERS) for repeat in range(len(found[who]))]
    fastest = max(PEERS, key=lambda peer: statistics.median(found[peer]))
    return [spread([mine / theirs for mine, theirs in zip(found[who], best, strict=True)], 2), fastest]


def pinned(*names: str) -> str:
    """What the environments of peers hold."""
    return " ".join((HERE / "peers" / f"{name}.txt").read_text().replace("\n", " ").strip() for name in names)


if __name__ == "__main__":
    main()
