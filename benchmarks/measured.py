"""What two more claims come to: bits that repeat whatever the workers, and the time to the first line of help."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measuring import print_table, spread, versions
from safetensors.numpy import load_file

SEEDED = ("train", "digits", "--epochs", "3", "--seed", "7")


def main() -> None:
    """Run both and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        weights = [trained(Path(folder) / str(n), workers) for n, workers in enumerate((0, 0, 1, 2))]
    rows = [[f"{workers}", f"{differing(weights[0], weights[n])}"] for n, workers in ((1, 0), (2, 1), (3, 2))]
    total = sum(w.size for w in weights[0])
    print_table(f"Weights (of {total:,}) that differ from a first run with 0 workers", ["workers", "differ"], rows)
    helped = [seconds("-m", "convsight", "--help") for _ in range(repeats)]
    imported = [seconds("-c", "import convsight") for _ in range(repeats)]
    bare = [seconds("-c", "pass") for _ in range(repeats)]
    rows = [
        ["convsight --help", spread(helped, 3)],
        ["import convsight", spread(imported, 3)],
        ["Python alone", spread(bare, 3)],
    ]
    print_table("Seconds of a whole process", ["what", "seconds"], rows)
    print("\n" + versions("convsight", "torch", "typer"))


def differing(first: list[np.ndarray], second: list[np.ndarray]) -> int:
    """How many weights of two runs differ in any bit."""
    return sum(int((a != b).sum()) for a, b in zip(first, second, strict=True))


def trained(path: Path, workers: int) -> list[np.ndarray]:
    """The weights of a run, by name."""
    command = [sys.executable, "-m", "convsight", *SEEDED, "--workers", str(workers), "--run", str(path)]
    subprocess.run(command, capture_output=True, check=True)
    return [values for _, values in sorted(load_file(path / "model.safetensors").items())]


def seconds(*arguments: str) -> float:
    """Seconds of one run of Python."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
