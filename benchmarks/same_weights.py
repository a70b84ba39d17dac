"""Whether two versions of convsight train the same weights and predict the same, bit for bit, on this machine.

    python benchmarks/same_weights.py OLD NEW [--only digits ...] [--runs 3] [--photos FOLDER] [--keep FOLDER]

OLD and NEW are commits, or folders that hold `src` (`.`: the working tree as it is). Each trains by its own sources, in
this environment, three runs of each kind, which differ in seed and choices. All that the old one stored must be in what
the new one stored, or the exit code is 1. Processors round differently, so both run here.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measuring import HERE, print_table, versions
from PIL import Image
from safetensors import safe_open

ROOT = HERE.parent
PHOTOS = ROOT.parent / "shared" / "data" / "cats_dogs"
FASTER = {"seconds", "images_per_s"}  # columns of metrics.csv that no two runs share
PREDICTED = 48  # images
# One image after the other, since the last bits of a network's outputs follow from the size of its batch.
PREDICT = """
import json, sys, convsight
for engine in sys.argv[2].split(","):
    model = convsight.load(sys.argv[1], engine)
    for file in sys.argv[3:]:
        print(json.dumps(model.predict(file).to_json()))
"""

# Data and choices of each kind; the first run of each is exported, so that it predicts by the exported graph as well.
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "digits": (
        "digits --epochs 2",
        (
            "--seed 0",
            "--seed 1 --no-export --optimizer adamw --schedule cosine --precision float32 --ema 0",
            "--seed 2 --no-export --optimizer sgd --augment strong --workers 0",
        ),
    ),
    "photos": (
        "PHOTOS --epochs 2 --size 48",
        (
            "--seed 0",
            "--seed 1 --no-export --augment strong --flip both --fit pad --no-mirror",
            "--seed 2 --no-export --net resnet18 --fit squash --batch 24",
        ),
    ),
    "boxes": (
        "shapes --task detection --epochs 1 --size 96",
        (
            "--seed 0",
            "--seed 1 --no-export --augment strong --mosaic 0.6 --mixup 0.3 --multi-scale --class-loss focal",
            "--seed 2 --no-export --net ssdlite --flip both --fit pad",
        ),
    ),
}


class Version(NamedTuple):
    """One of the two: what the user called it, its sources, and the folder of its runs."""

    name: str
    sources: Path
    folder: Path

    def run(self, *arguments: str) -> str:
        """What Python prints when called so with these sources; ends this script where it fails."""
        environment = {**os.environ, "PYTHONPATH": str(self.sources), "CONVSIGHT_CACHE": "0"}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr[-3000:]
            sys.exit(f"{self.name}: python {' '.join(arguments)} ended with {done.returncode}:\n{last}")
        return done.stdout

    def convsight(self, *arguments: str) -> str:
        """What a verb prints."""
        return self.run("-m", "convsight", *arguments)


class Stored(NamedTuple):
    """What a run left: its weights, its card, the rows of its epochs, its predictions."""

    weights: dict[str, np.ndarray]
    card: dict[str, Any]
    epochs: list[dict[str, str]]
    predictions: list[Any]


def main() -> int:
    """Train with both, print a table of what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--runs", type=int, choices=(1, 2, 3), default=3, help="how many of each kind")
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="colour photos in class folders")
    parser.add_argument("--keep", type=Path, help="a new folder for both sources and all runs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.keep or Path(temporary)).resolve()
        pair = [version(name, folder / side) for side, name in (("old", arguments.old), ("new", arguments.new))]
        rows = []
        for kind in arguments.only:
            images = images_of(kind, arguments.photos, pair[0], folder)
            for number in range(arguments.runs):
                rows.append(row(kind, number, pair, images, arguments.photos))
                print(" | ".join(rows[-1]), file=sys.stderr)
    columns = ["run", "choices", "values", "weights that differ", "of the card", "of the epochs", "of the predictions"]
    print_table(f"What differs between {arguments.old} and {arguments.new}", columns, rows)
    packages = ("torch", "torchvision", "numpy", "pillow", "openvino")
    print(f"\n{versions(*packages)}; OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}")
    return int(any(cell != "none" for cells in rows for cell in cells[3:]))


def version(name: str, folder: Path) -> Version:
    """The version called `name`; a commit's sources are taken out of git into `folder`."""
    folder.mkdir(parents=True)
    sources = (Path(name) / "src").resolve()
    if not (sources / "convsight").is_dir():
        git = ["git", "-C", str(ROOT), "archive", name, "src"]
        packed = subprocess.run(git, stdout=subprocess.PIPE, check=True).stdout
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        sources = folder / "src"
    found = Version(name, sources, folder)
    used = found.run("-c", "import convsight; print(convsight.__file__)").strip()
    if not Path(used).is_relative_to(sources):
        sys.exit(f"{name}: Python takes convsight from {used}, not from {sources}")
    return found


def images_of(kind: str, photos: Path, old: Version, folder: Path) -> list[str]:
    """Files of the kind that both predict."""
    to = folder / f"images of {kind}"
    if kind == "photos":
        files = sorted(photos.rglob("*.jpg"))
    elif kind == "boxes":
        old.convsight("convert", "shapes", str(to), "--to", "coco")
        files = sorted(to.rglob("*.png"))
    else:
        from sklearn.datasets import load_digits

        to.mkdir()
        for number, digit in enumerate(load_digits().images[:PREDICTED]):
            Image.fromarray((digit * 15.9).astype(np.uint8)).save(to / f"{number}.png")
        files = sorted(to.iterdir())
    return [str(file) for file in files[:: max(1, len(files) // PREDICTED)][:PREDICTED]]


def row(kind: str, number: int, pair: list[Version], images: list[str], photos: Path) -> list[str]:
    """Train one run with both versions at once, and say what differs."""
    data, choices = KINDS[kind]
    command = [str(photos.resolve()) if word == "PHOTOS" else word for word in f"{data} {choices[number]}".split()]
    with ThreadPoolExecutor(len(pair)) as both:
        old, new = both.map(lambda one: stored(one, f"{kind}-{number + 1}", command, images), pair)
    values = sum(weights.size for weights in old.weights.values())
    told = [
        differing_weights(old.weights, new.weights),
        first_difference({key: old.card[key] for key in ("calibration", "metrics")}, new.card),
        first_difference([{k: v for k, v in epoch.items() if k not in FASTER} for epoch in old.epochs], new.epochs),
        first_difference(old.predictions, new.predictions),
    ]
    return [f"{kind} {number + 1}", choices[number], f"{values:,}", *told]


def stored(one: Version, name: str, command: list[str], images: list[str]) -> Stored:
    """Train a run, let it predict, and read what it left."""
    path = one.folder / name
    one.convsight("train", *command, "--run", str(path))
    engines = "torch,openvino" if (path / "model.onnx").exists() else "torch"
    predictions = one.run("-c", PREDICT, str(path), engines, *images)
    predictions += one.convsight("predict", str(path), images[0], "--format", "json")
    with safe_open(path / "model.safetensors", "numpy") as file:
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
        card = json.loads(file.metadata()["convsight"])
    with open(path / "metrics.csv", newline="", encoding="utf-8") as table:
        epochs = list(csv.DictReader(table))
    return Stored(weights, card, epochs, [json.loads(line) for line in predictions.splitlines()])


def differing_weights(old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]) -> str:
    """How many values differ in any bit, and the first tensor; tensors that only one has are named."""
    if lonely := sorted(old.keys() ^ new.keys()):
        return f"tensors of one alone: {', '.join(lonely[:3])}{' ...' if len(lonely) > 3 else ''}"
    for name in old:
        if (old[name].shape, old[name].dtype) != (new[name].shape, new[name].dtype):
            return f"{name} is {old[name].dtype}{old[name].shape}, then {new[name].dtype}{new[name].shape}"
    found = {name: differing(old[name], new[name]) for name in old}
    first = next((name for name, count in found.items() if count), None)
    return "none" if first is None else f"{sum(found.values()):,}, first in {first}"


def differing(old: np.ndarray, new: np.ndarray) -> int:
    """How many values differ in any bit: not a number equals itself, and 0 is not -0."""
    bits = np.dtype(f"u{old.dtype.itemsize}")
    return int((np.ascontiguousarray(old).view(bits) != np.ascontiguousarray(new).view(bits)).sum())


def first_difference(old: Any, new: Any) -> str:
    """Where the old JSON is not found in the new one, which may have more keys.

    >>> first_difference({"a": [1, {"b": 2.0}]}, {"a": [1, {"b": 2.5, "c": 3}]}), first_difference([1], [1])
    ('a.1.b: 2.0, then 2.5', 'none')
    """
    return next(differences(old, new, ()), "none")


def differences(old: Any, new: Any, place: tuple[str, ...]) -> Iterator[str]:
    """Every place where they differ, in words."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() <= new.keys():
        for key, value in old.items():
            yield from differences(value, new[key], (*place, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, value in enumerate(old):
            yield from differences(value, new[index], (*place, str(index)))
    elif json.dumps(old) != json.dumps(new):
        yield f"{'.'.join(place)}: {json.dumps(old)[:200]}, then {json.dumps(new)[:200]}"


if __name__ == "__main__":
    sys.exit(main())
