"""Volumes with masks in NIfTI files, as benchmarks hand them to everybody, and one judge for all answers."""

import csv
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from segmented import RESAMPLES

nibabel: Any = import_module("nibabel")  # whose functions have no types

Masks = Mapping[str, NDArray[Any]]  # by the name of the image, in the order of its file's axes


def test_volumes(folder: Path) -> dict[str, tuple[Path, Path]]:
    """The test volumes that `splits.csv` names: image and label, by the name of the image."""
    with (folder / "splits.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    return {Path(row["image"]).name: (folder / row["image"], folder / row["label"]) for row in rows}


def written_masks(folder: Path, names: Mapping[str, tuple[Path, Path]]) -> tuple[Masks, int]:
    """The masks that `predict --files` wrote, and how many have the affine of their volume bit for bit."""
    found, equal = {}, 0
    files = sorted(folder.glob("*.mask.nii.gz"))
    for file in files:
        name = file.name.split("-", 1)[1].replace(".mask.nii.gz", ".nii.gz")
        mask, image = nibabel.load(file), nibabel.load(names[name][0])
        found[name] = np.asarray(mask.dataobj)
        equal += mask.affine.tobytes() == image.affine.tobytes() and mask.shape == image.shape
    return found, equal


def judged_volumes(names: Mapping[str, tuple[Path, Path]], found: Mapping[str, Masks]) -> list[list[str]]:
    """A row for everybody: the mean Dice of a volume's classes, those of each, and by how much the first is ahead.

    A volume that a method left out, and a class that it found nowhere, have a Dice of 0. Intervals are of resampled
    volumes.
    """
    truth = {name: np.asarray(nibabel.load(label).dataobj).astype(np.int64) for name, (_, label) in names.items()}
    classes = range(1, 1 + max(int(mask.max()) for mask in truth.values()))
    scores = {
        who: np.array([[_dice(true, masks.get(name), index) for index in classes] for name, true in truth.items()])
        for who, masks in found.items()
    }
    draws = np.random.default_rng(0).integers(0, len(truth), (RESAMPLES, len(truth)))
    first, *_ = scores.values()
    rows = []
    for who, each in scores.items():
        means, gaps = each.mean(axis=1), (first - each).mean(axis=1)
        row = [who, f"{means.mean():.3f}", _interval(means[draws].mean(axis=1))]
        row += [f"{value:.3f}" for value in each.mean(axis=0)]
        rows.append(
            [*row, *(["", ""] if each is first else [f"{gaps.mean():+.3f}", _interval(gaps[draws].mean(axis=1))])]
        )
    return rows


def _dice(true: NDArray[np.int64], mask: NDArray[Any] | None, index: int) -> float:
    """Of one class in one volume: 2 I / (P + T); 1 where it is neither true nor found."""
    there = true == index
    said = np.zeros_like(there) if mask is None else mask == index
    total = int(there.sum() + said.sum())
    return 2 * int((there & said).sum()) / total if total else 1.0


def _interval(values: NDArray[np.float64]) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{low:.3f} .. {high:.3f}"
