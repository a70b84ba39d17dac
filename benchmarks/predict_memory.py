"""How much memory `convsight predict` takes for 100 and for 10,000 images, each in fresh processes.

    python benchmarks/predict_memory.py MODEL FOLDER [--counts 100 10000] [--repeats 3]

The images of FOLDER are named on standard input again and again until there are enough. Memory is the peak resident
size that the system reports for the process, so Linux is needed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from measuring import print_table, spread, versions

from convsight.images import is_image_file


class Measured(NamedTuple):
    """Peak memory, and images a second with the start of the process."""

    peak_mib: float
    images_per_s: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    files = sorted(file for file in arguments.folder.rglob("*") if is_image_file(file))
    if not files:
        sys.exit(f"{arguments.folder} holds no images")
    rows = []
    for count in arguments.counts:
        found = [predict(arguments.model, islice(cycle(files), count)) for _ in range(arguments.repeats)]
        peak = spread([each.peak_mib for each in found])
        rows.append([f"{count:,}", peak, spread([each.images_per_s for each in found])])
    print_table("Memory of predict", ["pictures", "peak MiB", "images/s with the start of the process"], rows)
    print(f"\n{versions('convsight', 'numpy', 'pillow')}; {len(files):,} different images; {arguments.model}")


def predict(model: str, files: Iterable[Path]) -> Measured:
    """Answer `files` in a process of its own."""
    with tempfile.TemporaryFile() as names, tempfile.TemporaryFile() as predictions:
        count = 0
        for file in files:
            names.write(f"{file}\n".encode())
            count += 1
        names.seek(0)
        start = time.perf_counter()
        command = [sys.executable, "-m", "convsight", "predict", model, "-", "--format", "csv"]
        process = subprocess.Popen(command, stdin=names, stdout=predictions)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"convsight predict ended with exit code {process.returncode}")
    return Measured(usage.ru_maxrss / 1024, count / seconds)


if __name__ == "__main__":
    main()
