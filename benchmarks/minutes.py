"""`--minutes` kept: the seconds of whole commands beside what was asked for, and how many of them were spent in steps.

    python benchmarks/minutes.py SHARED_DATA [--minutes 1 3 8] [--only small resnet50 detector] [--repeats 1]

SHARED_DATA holds fashion_mnist, cats_dogs and bccd. A training reads its data, makes its steps, validates, judges,
exports and proves what it exported. In steps: the images of every epoch by the speed that `metrics.csv` tells of it.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measuring import print_table, spread, versions

from convsight.run import Run

KINDS = {
    "small": ("fashion_mnist",),
    "resnet50": ("cats_dogs", "--net", "resnet50", "--size", "224"),
    "detector": ("bccd/BCCD",),
}


@dataclass(frozen=True)
class Measured:
    """A command: its seconds as a share of those asked for, that of steps, and that of steps which was waiting."""

    whole: float
    stepping: float
    waited: float


def main() -> None:
    """Run every kind with every time, `repeats` times, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0])
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    rows = []
    for kind in arguments.only:
        for minutes in arguments.minutes:
            found = [trained(arguments.data, KINDS[kind], minutes) for _ in range(arguments.repeats)]
            rows.append(
                [
                    kind,
                    f"{minutes:g}",
                    spread([100 * each.whole for each in found], 1),
                    spread([100 * each.stepping for each in found], 1),
                    spread([100 * each.waited for each in found], 1),
                ]
            )
            print(rows[-1], file=sys.stderr)
    columns = ["what", "minutes asked for", "whole command, %", "in steps, %", "of these waiting, %"]
    print_table("Shares of the time asked for", columns, rows)
    print("\n" + versions("convsight", "torch"))


def trained(data: Path, kind: tuple[str, ...], minutes: float) -> Measured:
    """One command, in a folder of its own."""
    name, *options = kind
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "run"
        command = [sys.executable, "-m", "convsight", "train", str(data / name), *options]
        began = time.perf_counter()
        subprocess.run([*command, "--minutes", f"{minutes}", "--run", str(place)], capture_output=True, check=True)
        took = time.perf_counter() - began
        return Measured(took / 60 / minutes, stepping(place) / 60 / minutes, waited(place))


def stepping(place: Path) -> float:
    """Seconds that a run spent in steps."""
    _, chosen = Run.open(place).settings()
    batch = chosen["batch"]
    images = Run.open(place).card.data["pictures"]["train"]
    steps_an_epoch = -(-images // batch)
    seconds, before = 0.0, 0
    for row in rows_of(place):
        steps, speed = int(row["step"]) - before, float(row["images_per_s"])
        seconds += steps * images / steps_an_epoch / speed if speed else 0.0
        before = int(row["step"])
    return seconds


def waited(place: Path) -> float:
    """The share of step time that was waiting."""
    return float(Run.open(place).card.training.get("waited_share", 0.0))


def rows_of(place: Path) -> list[dict[str, str]]:
    """The rows of the run's table."""
    with (place / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
