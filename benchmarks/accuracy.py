"""What the defaults reach on real data, and in what time: one command each, as a user would type it.

    python benchmarks/accuracy.py FOLDER_OF_THE_DATA_SETS [--only NAME]
    python benchmarks/accuracy.py --photos FOLDER [--minutes 1]

The folder holds `fashion_mnist`, `sign_digits` and `pneumoniamnist`; a set that is missing is left out and named. The
digits come with scikit-learn. `--photos` takes any folder of photos in class folders instead, trains on it by default
and with fresh weights, and tells the baselines beside: ImageNet's features with a logistic regression among them.
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
    Goal("cats and dogs", "cats_dogs", ("--minutes", "1"), "test/accuracy", 0.96, "before photos began pretrained .66"),
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
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--photos", type=Path, help="a folder of photos in class folders, instead of the known sets")
    parser.add_argument("--minutes", type=float, default=1, help="of each training on --photos")
    parser.add_argument("--only", choices=[goal.name for goal in GOALS])
    arguments = parser.parse_args()
    if (arguments.folder is None) == (arguments.photos is None):
        parser.error("give the folder of the data sets, or --photos FOLDER")
    if arguments.photos:
        photos(arguments.photos, arguments.minutes)
        return
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


def photos(folder: Path, minutes: float) -> None:
    """Train on any photos by default and with fresh weights, in the same time, and print both beside the baselines."""
    rows = []
    for begins in ((), ("--weights", "none")):
        options = ("--minutes", f"{minutes:g}", *begins)
        metrics, seconds = trained(str(folder), options)
        found = metrics["test/accuracy"]
        methods = {name.split("/")[2]: each["value"] for name, each in metrics.items() if is_baseline_accuracy(name)}
        beside = ", ".join(f"{method} {value:.4f}" for method, value in methods.items())
        interval = f"{found['value']:.4f} [{found['low']:.4f}, {found['high']:.4f}]"
        rows.append([" ".join(options), interval, beside, f"{seconds:.0f}"])
    print_table(f"Photos in {folder.name}", ["options", "test/accuracy [95 %]", "baselines", "seconds, all"], rows)
    print("\n" + versions("convsight", "torch", "torchvision") + "; one run each, seed 0")


def is_baseline_accuracy(name: str) -> bool:
    """Whether `name` is that of a baseline's accuracy on the test split."""
    return name.startswith("test/baseline/") and name.endswith("/accuracy")


def trained(source: str, options: tuple[str, ...]) -> tuple[dict[str, dict[str, float]], float]:
    """Train as the command line does; the metrics, and the seconds of the whole command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "convsight", "train", source, *options, "--format", "json"]
        began = time.perf_counter()
        done = subprocess.run([*command, "--run", f"{folder}/run"], stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)["metrics"], time.perf_counter() - began


def row(goal: Goal, source: str) -> list[str]:
    """Train, and compare."""
    metrics, seconds = trained(source, goal.options)
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
