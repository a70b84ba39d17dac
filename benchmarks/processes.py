"""One process of two threads against two of one thread each: images a second, and how far the curves lie apart.

python benchmarks/processes.py
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


def main() -> None:
    """Print the table."""
    print(f"{machine()}, {versions('torch')}\n")
    print("| net, px | processes x threads | images/s of an epoch | loss of the last epoch | furthest apart |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for net, side in NETS:
            curves = {}
            for processes, threads in ((1, 2), (2, 1)):
                run = Path(folder) / f"{net}-{processes}"
                speeds, curves[processes] = trained(net, side, run, processes, threads)
                apart = max(abs(a - b) / a for a, b in zip(curves[1], curves[processes], strict=True))
                told = "" if processes == 1 else f"{apart:.1e} of the loss"
                last = f"{curves[processes][-1]:.5f}"
                print(
                    f"| {net}, {side} | {processes} x {threads} | {spread(speeds, 0)} | {last} | {told} |", flush=True
                )


def trained(net: str, side: str, run: Path, processes: int, threads: int) -> tuple[list[float], list[float]]:
    """Images a second and the training loss of each epoch."""
    command = [sys.executable, "-m", "convsight", "train", *COMMON, "--net", net, "--size", side, "--run", str(run)]
    command += ["--processes", str(processes)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    with (run / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [float(row["images_per_s"]) for row in rows], [float(row["train/loss"]) for row in rows]


if __name__ == "__main__":
    main()
