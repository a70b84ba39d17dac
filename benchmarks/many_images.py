"""Many small JPEGs: seconds until each part of the start is done, and how long a training waits for its images.

    python benchmarks/many_images.py [--images 20000] [--workers 2]

The images (32 x 32 px, about 1 kB, all different) are made in a temporary folder first. Told are wall clock and, in
brackets, the processor's. Waiting is measured where images fit into memory, lie in a file, and are decoded
in every epoch, with the default network and its augmentation, over three epochs.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import numpy as np
from measuring import print_table, versions
from PIL import Image

import convsight
from convsight.datasets import ImageStore, fingerprint, read_dataset
from convsight.datasets.splits import cut_splits
from convsight.tasks.image_size import unmeasured

Done = TypeVar("Done")


def main() -> None:
    """Make the images, time every part, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--waiting", action="store_true", help="train, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "images"
        make(place, arguments.images)
        rows: list[list[str]] = []
        data = timed(rows, "folders walked", lambda: read_dataset(place))
        timed(rows, "cut into splits", lambda: cut_splits(data, 0.1, 0.2, 0))
        (split,) = data.splits.values()
        spec = unmeasured(32, 32, "crop")
        timed(rows, "decoded", lambda: ImageStore.read(split, spec, workers=arguments.workers))
        timed(rows, "fingerprint", lambda: fingerprint(data, workers=arguments.workers))
        print_table(f"Seconds of {arguments.images:,} JPEGs, {arguments.workers} threads", ["part", "seconds"], rows)
        if arguments.waiting:
            print_table("Steps that wait", ["images", "share of their time, %"], waiting(place, Path(folder)))
    print("\n" + versions("convsight", "torch", "Pillow"))


def timed(rows: list[list[str]], what: str, do: Callable[[], Done]) -> Done:
    """What `do` gives; a row says how long it took."""
    wall, processor = time.perf_counter(), time.process_time()
    done = do()
    rows.append([what, f"{time.perf_counter() - wall:.2f} ({time.process_time() - processor:.2f})"])
    return done


def waiting(data: Path, folder: Path) -> list[list[str]]:
    """The share of step time after the first epoch that was waiting, wherever the images are."""
    rows = []
    for where, free, on_disk in (
        ("in memory", 2**40, True),
        ("in a file", 0, True),
        ("decoded in every epoch", 0, False),
    ):
        with (
            patch("convsight.datasets.image_store.available_memory_bytes", lambda free=free: free),
            patch("convsight.datasets.pixel_file._SPARE_BYTES", 2**30 if on_disk else 2**60),
        ):
            run = convsight.train(data, epochs=3, run=folder / where.replace(" ", "-"), export=False, quiet=True)
        rows.append([where, f"{100 * run.card.training['waited_share']:.2f}"])
    return rows


def make(folder: Path, count: int) -> None:
    """So many images in ten class folders."""
    draw = np.random.default_rng(0)
    noise = draw.normal(0, 12, (400, 32, 32, 3))
    for label in range(10):
        (folder / f"class{label}").mkdir(parents=True)
    for number in range(count):
        pixels = 120 + noise[number % 400] + (number // 400) % 16
        pixels[4 + number % 10 * 2 : 8 + number % 10 * 2, 6:26] = 220
        left, top = number // 3 % 28, number // 84 % 28
        pixels[top : top + 4, left : left + 4] = number * 37 % 255
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        image.save(folder / f"class{number % 10}" / f"{number:06}.jpg", quality=85)


if __name__ == "__main__":
    main()
