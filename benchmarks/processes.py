"""One process of two threads against two of one thread each: images a second, and how far the curves lie apart.

    python benchmarks/processes.py

One process of one thread is the yardstick: it adds the same numbers in another order than two threads do, and no more.
With SGD such rounding stays small; Muon's orthogonalised steps spread it.
"""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import machine, spread, versions

EPOCHS = 3
# A share of the scanned digits, enlarged, since only the cost counts.
COMMON = (
    "digits", "--epochs", str(EPOCHS), "--precision", "float32", "--batch", "64", "--no-grow", "--no-export",
    "--val-fraction", "0.2", "--test-fraction", "0.4",
)  # fmt: skip
NETS = (("small", "28"), ("resnet18", "64"))
OPTIMIZERS = ("sgd", "muon")
WAYS = ((1, 2), (1, 1), (2, 1))  # processes and threads of each


def main() -> None:
    """Print the table."""
    print(f"{machine()}, {versions('torch')}\n")
    print(
        "| net, px, optimizer | processes x threads | images/s of an epoch | loss of the last epoch | furthest apart |"
    )
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for net, side in NETS:
            for optimizer in OPTIMIZERS:
                compared(net, side, optimizer, Path(folder))


def compared(net: str, side: str, optimizer: str, folder: Path) -> None:
    """Print the rows of one network and optimizer, each beside the first."""
    first: list[float] = []
    for processes, threads in WAYS:
        speeds, curve = trained(
            net, side, optimizer, folder / f"{net}-{optimizer}-{processes}-{threads}", processes, threads
        )
        first = first or curve
        apart = max(abs(a - b) / a for a, b in zip(first, curve, strict=True))
        told = "" if curve is first else f"{apart:.1e} of the loss"
        cells = [f"{net}, {side}, {optimizer}", f"{processes} x {threads}", spread(speeds, 0), f"{curve[-1]:.5f}", told]
        print(f"| {' | '.join(cells)} |", flush=True)


def trained(
    net: str, side: str, optimizer: str, run: Path, processes: int, threads: int
) -> tuple[list[float], list[float]]:
    """Images a second and the training loss of each epoch."""
    command = [sys.executable, "-m", "convsight", "train", *COMMON, "--net", net, "--size", side, "--run", str(run)]
    command += ["--processes", str(processes), "--optimizer", optimizer]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    with (run / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [float(row["images_per_s"]) for row in rows], [float(row["train/loss"]) for row in rows]


if __name__ == "__main__":
    main()
