"""What the defaults reach on real data, and in what time: one command each, as a user would type it.

    python benchmarks/accuracy.py FOLDER_OF_THE_DATA_SETS [--only NAME]

The folder holds `fashion_mnist`, `sign_digits` and `pneumoniamnist`; a set that is missing is left out and named. The
digits come with scikit-learn.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measuring import print_table, versions


@dataclass(frozen=True)
class Goal:
    """A training and the figure it has to reach."""

    name: str
    data: str
    options: tuple[str, ...]
    metric: str
    at_least: float
    beside: str


GOALS = (
    Goal("digits", "digits", ("--epochs", "40"), "test/accuracy", 0.985, ""),
    Goal("Fashion-MNIST", "fashion_mnist", ("--minutes", "5"), "test/accuracy", 0.935, "two convolutions .916"),
    Goal("sign digits", "sign_digits", ("--minutes", "2"), "test/accuracy", 0.90, "a popular trainer .33 in 1:44"),
    Goal(
        "PneumoniaMNIST",
        "pneumoniamnist/pneumoniamnist_rebuilt.npz",
        ("--minutes", "3"),
        "test/auc",
        0.955,
        "published ResNet-18 .944",
    ),
)


def main() -> None:
    """Train each in turn and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=[goal.name for goal in GOALS])
    arguments = parser.parse_args()
    rows = []
    for goal in GOALS:
        source = goal.data if goal.data == "digits" else str(arguments.folder / goal.data)
        if arguments.only not in {None, goal.name}:
            continue
        if source != "digits" and not Path(source).exists():
            print(f"left out, since it is missing: {source}", file=sys.stderr)
            continue
        rows.append(row(goal, source))
    columns = ["data", "options", "metric", "value [95 %]", "goal", "linear model", "seconds, all", "beside"]
    print_table("Default settings on real data", columns, rows)
    print("\n" + versions("convsight", "torch", "torchvision") + "; one run each, seed 0")


def row(goal: Goal, source: str) -> list[str]:
    """Train as the command line does, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "convsight", "train", source, *goal.options, "--format", "json"]
        began = time.perf_counter()
        done = subprocess.run([*command, "--run", f"{folder}/run"], stdout=subprocess.PIPE, text=True, check=True)
        seconds = time.perf_counter() - began
    metrics = json.loads(done.stdout)["metrics"]
    found = metrics[goal.metric]
    linear = metrics[goal.metric.replace("test/", "test/baseline/linear/")]["value"]
    verdict = "reached" if found["value"] >= goal.at_least else "not reached"
    return [
        goal.name,
        " ".join(goal.options),
        goal.metric,
        f"{found['value']:.4f} [{found['low']:.4f}, {found['high']:.4f}]",
        f"{goal.at_least:g}: {verdict}",
        f"{linear:.4f}",
        f"{seconds:.0f}",
        goal.beside,
    ]


if __name__ == "__main__":
    main()
