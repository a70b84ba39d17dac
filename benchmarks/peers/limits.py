"""How fast the parts of `convsight predict` are alone: `limits.py engine|decode MODEL FOLDER` prints images a second.

`engine`: batches of 8 ready in memory, as many threads as the engine has streams. `decode`: files to fitted pixels in
two threads, without any network.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import convsight

BATCH = 8


def main(what: str, model: str, folder: str) -> None:
    """Print the images a second on one line."""
    loaded = convsight.load(model)
    files = sorted(Path(folder).iterdir())
    if what == "decode":
        found = rate(loaded.card.input.load, files, 2)
    else:
        pixels = np.stack([loaded.card.input.load(file).array for file in files[: 4 * BATCH]])
        batches = [pixels[start : start + BATCH] for start in range(0, len(pixels) - BATCH + 1, BATCH)]
        runs = [batches[number % len(batches)] for number in range(max(1, len(files) // BATCH))]
        for _ in range(2):  # every stream has run once
            rate(loaded.engine.run, runs[:1] * loaded.engine.streams, loaded.engine.streams)
        found = BATCH * rate(loaded.engine.run, runs, loaded.engine.streams)
    print(json.dumps(found))


def rate(function: Callable[[Any], object], items: list[Any], threads: int) -> float:
    """Items a second."""
    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        for _ in pool.map(function, items):
            pass
        return len(items) / (time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
