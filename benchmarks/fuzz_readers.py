"""Damaged and hostile files of every kind through their readers: each is read, or refused with a message.

    python benchmarks/fuzz_readers.py RUN [--count 2000] [--seed 0]

Cards, networks, state dicts, checkpoints, settings, tables, COCO files and data.yaml have values exchanged for hostile
ones (numbers of 100,000 digits, infinities, other types) and bytes changed; see `tests/hostile_files.py`. `RUN` is a
finished run with `model.onnx`. Prints a table, and each fault with the seed that shows it; the exit code is 1 where
there is one.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from measuring import print_table, versions

from convsight.run import Run

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.hostile_files import emptied, fault, kinds


def main() -> None:
    """Try all kinds, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=2000, help="files of each kind")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows, faults = [], Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        for name, kind in kinds(Run.open(arguments.run)).items():
            start, found = time.perf_counter(), 0
            for number in range(arguments.count):
                seed = f"{arguments.seed} {name} {number}"
                with emptied(Path(place) / "one") as folder:
                    wrong = fault(kind, folder, seed)
                if wrong:
                    found += 1
                    faults[f"{name}: {wrong}"] += 1
                    if faults[f"{name}: {wrong}"] == 1:
                        print(f"seed {seed!r}: {wrong}", file=sys.stderr)
            rows.append([name, f"{arguments.count:,}", str(found), f"{time.perf_counter() - start:.1f}"])
    print_table("Damaged and hostile files", ["kind", "files", "faults", "seconds"], rows)
    print(versions("convsight", "torch", "safetensors", "pydantic"))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
