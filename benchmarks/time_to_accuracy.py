"""Fashion-MNIST: seconds until so many of the test images are predicted right, beside Keras, PyTorch and fastai.

    python benchmarks/time_to_accuracy.py PATH_OF_FASHION_MNIST [--enough 0.92] [--repeats 3] [--without PyTorch fastai]

The peers train the closing network of the lecture with the defaults of their libraries, or what their own examples for
pictures of this size train, and stop after the first epoch that is enough, or after 15. convsight trains its default
network with `--minutes`, the least of a few budgets whose end is enough.
Two times stand for each: that of the training (peers: without judging; convsight: with validation), and that of the
whole command (peers: start, reading, judging after every epoch; convsight: also baselines, intervals and figures).
"""

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measuring import HERE, peer_packages, peer_python, print_table, spread, versions

from convsight.datasets import read_dataset
from convsight.results import Labels

EPOCHS = 15
BUDGETS_MINUTES = (0.75, 1.0, 1.25, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class Reached:
    """Seconds until it was enough, of the training and of the whole command, and the test accuracy then."""

    training: float
    whole: float
    accuracy: float


def main() -> None:
    """Run everything in turn, `repeats` times, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--enough", type=float, default=0.92)
    parser.add_argument("--without", nargs="+", default=[], help="words in the names of those that are left out")
    arguments = parser.parse_args()
    enough = arguments.enough
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "fashion.npz"
        save_arrays(arguments.data, archive)
        contenders: dict[str, Callable[[], Reached]] = {
            "convsight, default net, --minutes": partial(convsight_seconds, arguments.data, Path(folder), enough),
            **{
                name: partial(peer_seconds, *script, archive, enough)
                for name, script in peers(arguments.without).items()
            },
        }
        found: dict[str, list[Reached]] = {name: [] for name in contenders}
        for _ in range(arguments.repeats):
            for name, run in contenders.items():
                found[name].append(run())
                print(f"{name}: {found[name][-1]}", file=sys.stderr)
    rows = [
        [
            name,
            spread([run.training for run in runs]),
            spread([run.whole for run in runs]),
            spread([100 * run.accuracy for run in runs], 2),
        ]
        for name, runs in found.items()
    ]
    columns = ["who", "training, s", "whole command, s", "test accuracy then, %"]
    print_table(f"Fashion-MNIST: seconds to {enough:.0%} on test", columns, rows)
    print(
        "\n"
        + versions("convsight", "torch")
        + "; peers: "
        + (HERE / "peers" / "keras.txt").read_text().replace("\n", " ")
    )


def save_arrays(source: Path, archive: Path) -> None:
    """The images and labels as plain arrays, which every contender can read."""
    arrays: dict[str, Any] = {}
    for name, split in read_dataset(source).splits.items():
        assert isinstance(split.targets, Labels)
        arrays |= {f"{name}_pictures": np.asarray(split.images), f"{name}_labels": split.targets.indices}
    np.savez(archive, **arrays)


def peers(without: Sequence[str]) -> dict[str, tuple[Path, str]]:
    """The interpreter and the script of each whose name holds no word of `without`."""
    ours, keras = Path(sys.executable), peer_python("keras")
    found = {
        "Keras, lecture net": (keras, "keras_lecture.py"),
        "Keras, its example for MNIST": (keras, "keras_convnet.py"),
        "PyTorch, lecture net": (ours, "torch_lecture.py"),
        "PyTorch, its example for MNIST": (ours, "torch_convnet.py"),
        "fastai, ResNet-18 by one cycle": (ours, "fastai_resnet.py"),
    }
    return {name: how for name, how in found.items() if not any(word in name for word in without)}


def peer_seconds(python: Path, script: str, archive: Path, enough: float) -> Reached:
    """What a peer took until it was enough; infinite if it never was."""
    command = [str(python), str(HERE / "peers" / script), str(archive), str(EPOCHS), str(enough)]
    path = {"PYTHONPATH": os.pathsep.join([str(peer_packages("loops")), os.environ.get("PYTHONPATH", "")])}
    environment = os.environ | (path if script == "fastai_resnet.py" else {})
    began = time.perf_counter()
    lines = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()
    whole = time.perf_counter() - began
    last = json.loads(lines[-1])
    if last["accuracy"] < enough:
        return Reached(math.inf, whole, max(json.loads(line)["accuracy"] for line in lines))
    return Reached(last["seconds"], whole, last["accuracy"])


def convsight_seconds(source: Path, folder: Path, enough: float) -> Reached:
    """What the least budget took that is enough."""
    for minutes in BUDGETS_MINUTES:
        command = [sys.executable, "-m", "convsight", "train", str(source), "--minutes", str(minutes)]
        began = time.perf_counter()
        done = subprocess.run(
            [*command, "--run", str(folder / "run"), "--format", "json"], capture_output=True, text=True, check=True
        )
        whole = time.perf_counter() - began
        report = json.loads(done.stdout)
        accuracy = report["metrics"]["test/accuracy"]["value"]
        if accuracy >= enough:
            rows = list(csv.DictReader((Path(report["run"]) / "metrics.csv").read_text().splitlines()))
            return Reached(float(rows[-1]["seconds"]), whole, accuracy)
    return Reached(math.inf, math.inf, accuracy)


if __name__ == "__main__":
    main()
