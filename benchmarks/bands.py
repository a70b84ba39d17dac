"""Soil by satellite: patches of 3 x 3 pixels and four bands, beside kNN and an SVM by scikit-learn on the same numbers.

    python benchmarks/bands.py STATLOG_LANDSAT [--seeds 3] [--epochs 25]

The patches are written as GeoTIFF class folders, the 4,435 of the file `sat.trn` in `train` and the 2,000 of `sat.tst`
in `test`; ours is `convsight train` on these folders with the options that are printed. The neighbours' number and the
SVM's penalty and width are chosen by five folds of the training patches.
"""

import argparse
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import rasterio
from accuracy import trained
from measuring import print_table, spread, versions
from numpy.typing import NDArray

from convsight.images.bands import quiet_rasterio

NET = (
    "conv 128 3x3 same | batchnorm | relu | conv 128 3x3 valid | batchnorm | relu | flatten | dropout 0.3 | "
    "dense classes"
)
OPTIONS = ("--size", "3", "--augment", "none", "--flip", "both", "--batch", "128")


def patches(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The patches (count, 3, 3, 4) of a file of Statlog, and their classes: 36 numbers a line, bands innermost."""
    table = np.loadtxt(file, dtype=np.int64)
    return table[:, :-1].reshape(-1, 3, 3, 4).astype(np.uint8), table[:, -1]


def write_folders(source: Path, folder: Path) -> Path:
    """Class folders of GeoTIFF files."""
    quiet_rasterio()
    for file, split in (("sat.trn", "train"), ("sat.tst", "test")):
        for number, (patch, label) in enumerate(zip(*patches(source / file), strict=True)):
            place = folder / split / f"class{label}"
            place.mkdir(parents=True, exist_ok=True)
            shape = {"width": 3, "height": 3, "count": 4, "dtype": "uint8", "photometric": "minisblack"}
            with rasterio.open(place / f"{number:05d}.tif", "w", driver="GTiff", **shape) as written:
                written.write(np.moveaxis(patch, -1, 0))
    return folder


def by_scikit_learn(source: Path) -> dict[str, tuple[float, float]]:
    """The errors in per cent of kNN and an SVM, and the seconds each took, its choice included."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    learnt, judged = (patches(source / file) for file in ("sat.trn", "sat.tst"))
    methods: dict[str, Callable[[], Any]] = {
        "kNN, defaults": KNeighborsClassifier,
        "kNN, chosen k": lambda: GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3, 4, 5, 7, 9]}, cv=5),
        "SVM, defaults": lambda: make_pipeline(StandardScaler(), SVC()),
        "SVM, chosen C and width": lambda: GridSearchCV(
            make_pipeline(StandardScaler(), SVC()), {"svc__C": [1, 4, 16, 64], "svc__gamma": ["scale", 0.1, 0.3]}, cv=5
        ),
    }
    found = {}
    for name, make in methods.items():
        began = time.monotonic()
        model = make().fit(learnt[0].reshape(len(learnt[0]), -1), learnt[1])
        right = model.score(judged[0].reshape(len(judged[0]), -1), judged[1])
        found[name] = 100 * (1 - right), time.monotonic() - began
    return found


def main() -> None:
    """Train with every seed, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("statlog_landsat", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=25)
    asked = parser.parse_args()
    options = (*OPTIONS, "--net", NET, "--epochs", str(asked.epochs), "--no-export")
    print(f"{versions('torch', 'scikit-learn', 'rasterio')}")
    print(f"convsight train FOLDERS {shlex.join(options)}")
    rows = [
        (name, f"{error:.2f}", f"{took:.0f}") for name, (error, took) in by_scikit_learn(asked.statlog_landsat).items()
    ]
    with TemporaryDirectory() as folder:
        data = write_folders(asked.statlog_landsat, Path(folder))
        errors, took = [], []
        for seed in range(asked.seeds):
            metrics, seconds = trained(str(data), (*options, "--seed", str(seed)))
            errors.append(100 * (1 - metrics["test/accuracy"]["value"]))
            took.append(seconds)
    rows.append(("convsight", spread(errors, 2), spread(took, 0)))
    print_table("Statlog (Landsat Satellite): 2,000 patches", ["method", "test error in %", "seconds"], rows)


if __name__ == "__main__":
    main()
