"""Kills (SIGKILL) of trainings at random moments, and whether each, gone on with, ends as one that was never stopped.

    python benchmarks/resume.py [--kills 20] [--every 0.5] [--seed 0]

Each training runs as a process of its own, `convsight train`, and is killed at a moment drawn evenly from the time that
its first run took, from the first file of its run folder on; `convsight train --resume` then goes on. Compared are the
tensors of the network that is kept, of the last checkpoint (weights, averages, the optimizer's state), and the rows of
`metrics.csv` but for seconds. `--every` is what half a minute between two checkpoints is set to, so that trainings of
seconds have some in mid-epoch, and kills hit their writing.
"""

import argparse
import csv
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import print_table, spread, versions
from safetensors.numpy import load_file

from convsight.run import Run

COMMON = ("--no-export", "--workers", "2")
SETTINGS: dict[str, tuple[str, ...]] = {
    "digits, muon": ("digits", "--size", "16", "--epochs", "5", "--mixup", "0.3", "--rand-augment", "5"),
    "labels, sgd": (
        *("shapes", "--task", "multilabel", "--net", "lecture3", "--size", "48", "--optimizer", "sgd"),
        *("--accumulate", "3", "--epochs", "5"),
    ),
    "numbers, adamw": ("thermometers", "--net", "lecture3", "--size", "32", "--optimizer", "adamw", "--epochs", "6"),
    "boxes, muon": ("shapes", "--net", "yolo-n", "--size", "64", "--epochs", "2", "--mosaic", "0.5"),
}
_TIMING = {"seconds", "images_per_s", "waited"}
_LATEST = 0.97  # of the time of the first run; later, a training that is a little faster would have ended


def command(every: float, *arguments: str) -> list[str]:
    """`convsight train ARGUMENTS`, with checkpoints `every` so many seconds."""
    code = (
        f"from convsight.training import generations; generations.EVERY_SECONDS = {every}; generations.SHARE = 0.5; "
        "from convsight.cli import main; main()"
    )
    return [sys.executable, "-c", code, "train", *arguments]


def differing(one: Run, other: Run) -> list[str]:
    """What of two runs is not the same to the last bit."""
    found = []
    for name in ("model_file", "checkpoint_file"):
        ours, theirs = (load_file(getattr(run, name)) for run in (one, other))
        if ours.keys() != theirs.keys() or any(ours[key].tobytes() != theirs[key].tobytes() for key in ours):
            found.append(name)
    ours_rows, theirs_rows = (
        [
            {name: value for name, value in row.items() if name not in _TIMING}
            for row in csv.DictReader((run.path / "metrics.csv").read_text().splitlines())
        ]
        for run in (one, other)
    )
    return found + (["metrics.csv"] if ours_rows != theirs_rows else [])


def killed(run: Run, arguments: tuple[str, ...], every: float, after: float) -> bool:
    """Begin a training and kill it so many seconds after the run's first file; whether it was not over before."""
    started = command(every, *arguments, *COMMON, "--run", str(run.path))
    process = subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (run.path / "settings.toml").exists() and process.poll() is None:
        time.sleep(0.005)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def main() -> None:
    """Kill, go on, compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--every", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)  # noqa: S311 - moments, no secrets
    rows = []
    with TemporaryDirectory() as folder:
        for number, (name, arguments) in enumerate(SETTINGS.items()):
            whole = Run(Path(folder) / f"{number}-whole")
            killed(whole, arguments, options.every, 600)
            took = whole.path.joinpath("model.safetensors").stat().st_mtime
            took -= whole.path.joinpath("settings.toml").stat().st_mtime
            kills = len(range(number, options.kills, len(SETTINGS)))
            places: Counter[str] = Counter()
            seconds: list[float] = []
            same = 0
            while len(seconds) < kills:
                part = Run(Path(folder) / f"{number}-{len(seconds)}-{draw.random()}")
                moment = draw.uniform(0, _LATEST * took)
                if not killed(part, arguments, options.every, moment):
                    continue
                torn = len(list((part.path / "checkpoint").glob(".writing-*")))
                gone_on = command(options.every, "--resume", str(part.path))
                done = subprocess.run(gone_on, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise RuntimeError(f"{name}, killed after {moment:.2f} s, cannot be gone on with:\n{done.stderr}")
                places[_place(done.stderr)] += 1
                places["in the write of a checkpoint"] += torn
                wrong = differing(whole, part)
                same += not wrong
                seconds.append(moment)
                print(f"{name}: killed after {moment:.2f} s: {wrong or 'the same'}", file=sys.stderr)
            told = ", ".join(f"{count} {place}" for place, count in places.items() if count)
            rows.append([name, f"{took:.1f}", spread(seconds), told, f"{same} of {kills}"])
    together = sum(int(row[-1].split()[0]) for row in rows)
    rows.append(["all", "", "", "", f"{together} of {options.kills}"])
    columns = ("training", "unbroken, s", "killed after, s", "gone on with", "identical")
    print_table(f"Killed at {options.kills} random moments and gone on with", columns, rows)
    print(f"\n{versions('convsight', 'torch')}; seed {options.seed}, a checkpoint every {options.every:g} s")


def _place(said: str) -> str:
    """Where a training was gone on with, by what it said."""
    if "is begun anew" in said:
        return "anew"
    found = re.search(r"resumed (in|after) epoch", said)
    if found is None:
        raise ValueError(f"nothing was said of where it goes on:\n{said}")
    return "in mid-epoch" if found[1] == "in" else "between epochs"


if __name__ == "__main__":
    main()
