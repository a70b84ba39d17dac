"""What a training should begin with: the default beside pretrained and fresh weights, and frozen features, in one time.

    python benchmarks/beginnings.py FOLDER_OF_THE_DATA_SETS [--minutes 1] [--only NAME]

Every training gets the same minutes and the same cut. "Frozen features" is a logistic regression on what the pretrained
network tells of images, the baseline that each training from pretrained weights prints. The last column is the default
less the best of the others, in points of accuracy; the goal is -1 or more.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from accuracy import trained
from measuring import print_table, versions
from PIL import Image

from convsight.datasets import read_dataset
from convsight.results import BoxLists

_MARGIN = 0.15  # of a cell's box, kept around it
_MOST_CELLS, _LEAST_SIDE = 10, 8  # px
_FROZEN = "test/baseline/frozen features/accuracy"
_WAYS = {"default": (), "pretrained": ("--weights", "imagenet"), "fresh": ("--weights", "none")}


def blood_cells(source: Path, folder: Path) -> Path:
    """The boxes of BCCD cut out as photos in class folders, of each class no more than ten an image."""
    for split in read_dataset(str(source)).splits.values():
        assert isinstance(split.targets, BoxLists)
        for number, boxes in enumerate(split.targets):
            path = split.images[number]
            with Image.open(path) as photo:
                photo.load()
            of_class: Counter[str] = Counter()
            for (left, top, right, bottom), index in zip(boxes.xyxy, boxes.labels, strict=True):
                name = boxes.classes[index]
                of_class[name] += 1
                if of_class[name] > _MOST_CELLS or min(right - left, bottom - top) < _LEAST_SIDE:
                    continue
                x, y = _MARGIN * (right - left), _MARGIN * (bottom - top)
                place = folder / name / f"{Path(path).stem}-{of_class[name]}.png"
                place.parent.mkdir(parents=True, exist_ok=True)
                photo.crop((int(left - x), int(top - y), int(right + x), int(bottom + y))).save(place)
    return folder


SETS: dict[str, tuple[str, Callable[[Path, Path], Path] | None]] = {
    "cats and dogs": ("cats_dogs", None),
    "sign digits": ("sign_digits", None),
    "crops of BCCD": ("bccd", blood_cells),
    "Fashion-MNIST": ("fashion_mnist", None),
    "PneumoniaMNIST": ("pneumoniamnist/pneumoniamnist_rebuilt.npz", None),
}


def compared(data: str, minutes: float) -> list[str]:
    """Accuracy on test of every way to begin, and of frozen features; how far the default lies under the best."""
    reached: dict[str, float] = {}
    seconds = 0.0
    for way, options in _WAYS.items():
        metrics, took = trained(data, ("--minutes", f"{minutes:g}", "--no-export", *options))
        seconds = max(seconds, took)
        reached[way] = metrics["test/accuracy"]["value"]
        if _FROZEN in metrics:
            reached["frozen features"] = metrics[_FROZEN]["value"]
    best = max(value for way, value in reached.items() if way != "default")
    told = [f"{reached[way]:.4f}" if way in reached else "" for way in (*_WAYS, "frozen features")]
    return [*told, f"{100 * (reached['default'] - best):+.1f}", f"{seconds:.0f}"]


def main() -> None:
    """Compare on each set in turn and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--only", choices=SETS, nargs="+", default=list(SETS))
    arguments = parser.parse_args()
    rows = []
    for name in arguments.only:
        place, prepared = SETS[name]
        with TemporaryDirectory() as scratch:
            source = arguments.folder / place
            data = prepared(source, Path(scratch)) if prepared else source
            rows.append([name, *compared(str(data), arguments.minutes)])
            print(*rows[-1], sep="  ", flush=True)
    columns = ["data", *_WAYS, "frozen features", "default less best, points", "seconds at most"]
    print_table(f"Accuracy on test after {arguments.minutes:g} minutes", columns, rows)
    print("\n" + versions("convsight", "torch", "torchvision") + "; one run each, seed 0")


if __name__ == "__main__":
    main()
