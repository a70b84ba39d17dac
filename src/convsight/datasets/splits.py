"""Cutting the splits that data comes without, and storing and repeating a cut."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.errors import UserError
from convsight.targets import counts_by_class
from convsight.words import first_few, quoted

MAX_VALIDATION = 5_000  # images; more of them choose the best epoch no better
_HEADER = ["split", "picture"]


def cut_splits(dataset: Dataset, val_fraction: float, test_fraction: float, seed: int) -> Dataset:
    """`dataset` with train, val and test; those it lacks are cut from its training (or uncut) images.

    Each class is cut by the same fractions and keeps at least one image in every part; val takes at
    most 5,000 images in all. Which image goes where depends on `seed` and the images' names alone,
    so neither the order on disk nor other classes change it.

    Raises `UserError` where there is nothing to train on, or a class has too few images.
    """
    if not (0 < val_fraction < 1 and 0 < test_fraction < 1 and val_fraction + test_fraction < 1):
        raise UserError(f"val_fraction={val_fraction}, test_fraction={test_fraction}: give shares that sum to under 1")
    source = UNSPLIT if UNSPLIT in dataset.splits else "train"
    if source not in dataset.splits:
        raise UserError(
            f"{dataset.source} has {' and '.join(dataset.splits)} but no training images; "
            "add train, or give the images without splits"
        )
    fractions = {"test": test_fraction, "val": val_fraction}
    lacking = {name: share for name, share in fractions.items() if name not in dataset.splits}
    if not lacking:
        return dataset
    split = dataset.splits[source]
    parts = _cut(dataset, split, lacking, seed)
    made = {name: split.select(positions, name) for name, positions in parts.items()}
    splits = {name: made[name] if name in made else dataset.splits[name] for name in SPLIT_NAMES}
    words = " and ".join(f"{len(made[name]):,} for {name}" for name in reversed(lacking))
    note = f"cut from {len(split):,} images, stratified by class: {words}"
    return replace(dataset, splits=splits, notes=(*dataset.notes, note))


def _cut(dataset: Dataset, split: Split, shares: dict[str, float], seed: int) -> dict[str, NDArray[np.int64]]:
    """Positions in `split` of train and of each part named in `shares`, in the order they have there."""
    strata, counts = np.unique(split.targets.strata(), return_counts=True)
    needed = 1 + len(shares)
    if counts.min() < needed:
        few = int(strata[counts.argmin()])
        raise UserError(
            f"{dataset.source}: {_group(dataset, few)} has {counts.min()} "
            f"image{'' if counts.min() == 1 else 's'}, but {needed} are needed to have one each for train, "
            f"{' and '.join(reversed(shares))}; add some, remove the class, or give splits of your own"
        )
    # By class, and within a class by chance.
    order = np.lexsort((_draws(split.names, seed), split.targets.strata()))
    members = np.split(order, np.cumsum(counts)[:-1])
    parts: dict[str, NDArray[np.int64]] = {}
    taken = np.zeros_like(counts)
    for place, (name, share) in enumerate(shares.items()):
        still_needed = needed - 1 - place  # one image each for train and the parts to come
        most = MAX_VALIDATION if name == "val" else len(split)
        sizes = np.minimum(_sizes(counts, share, most), counts - taken - still_needed)
        chosen = [each[start : start + size] for each, start, size in zip(members, taken, sizes, strict=True)]
        parts[name] = np.sort(np.concatenate(chosen))
        taken += sizes
    rest = [each[start:] for each, start in zip(members, taken, strict=True)]
    parts["train"] = np.sort(np.concatenate(rest))
    return parts


def _group(dataset: Dataset, stratum: int) -> str:
    names = counts_by_class(next(iter(dataset.splits.values())).targets)
    return f"the class {dataset.target.names[stratum]!r}" if names else "one part of the range of targets"


def _sizes(counts: NDArray[np.int64], share: float, most: int) -> NDArray[np.int64]:
    """How many images of each class make up a share of all: the rounded share, at least one, `most` in total."""
    share = min(share, most / int(counts.sum()))
    sizes: NDArray[np.int64] = np.maximum(1, np.floor(counts * share + 0.5)).astype(np.int64)
    # Rounding up many small classes may pass the limit; the largest classes give back.
    while sizes.sum() > most and sizes.max() > 1:
        sizes[sizes.argmax()] -= 1
    return sizes


def _draws(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """A number drawn for each name, the same wherever and whenever it is drawn."""
    key = seed.to_bytes(8, "big")
    digests = (hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def splits_csv(dataset: Dataset) -> str:
    """Which image is in which split, as CSV with the columns split and picture."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for name, split in dataset.splits.items():
        writer.writerows((name, image) for image in split.names)
    return text.getvalue()


def apply_splits_csv(dataset: Dataset, text: str) -> Dataset:
    """`dataset`, freshly read, cut as `splits_csv` stored it.

    Raises `UserError` where the text is damaged, images vanished or new ones came, or the data's own
    splits are no longer those of the cut.
    """
    here = {image: name for name, split in dataset.splits.items() for image in split.names}
    stored = _parse(text)
    vanished = [image for images in stored.values() for image in images if image not in here]
    if vanished:
        raise UserError(
            f"{dataset.source} has changed since its splits were cut: {len(vanished):,} images are gone "
            f"({first_few(vanished)}); restore them, or train a new run"
        )
    known = {image for images in stored.values() for image in images}
    new = [image for image in here if image not in known]
    if new:
        raise UserError(
            f"{dataset.source} has changed since its splits were cut: {len(new):,} images are new "
            f"({first_few(new)}); take them out, or train a new run"
        )
    return dataset.with_splits({name: _selected(dataset, name, images, here) for name, images in stored.items()})


def names_in_splits_csv(text: str) -> set[str]:
    """The names of all images that `splits_csv` stored; raises `UserError` where the text is damaged."""
    return {image for images in _parse(text).values() for image in images}


def _selected(dataset: Dataset, name: str, images: Sequence[str], here: Mapping[str, str]) -> Split:
    sources = {here[image] for image in images}
    if len(sources) > 1:
        raise UserError(
            f"{dataset.source} has other splits now than when it was cut: images of {name!r} are in "
            f"{' and '.join(sorted(sources))}; restore them, or train a new run"
        )
    split = dataset.splits[sources.pop()]
    position = {image: index for index, image in enumerate(split.names)}
    return split.select(np.array([position[image] for image in images]), name)


def _parse(text: str) -> dict[str, list[str]]:
    """The image names of each split."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    stored: dict[str, list[str]] = {}
    seen: set[str] = set()
    try:
        if next(reader, None) != _HEADER:
            raise UserError(f"the stored splits are damaged: expected the columns {','.join(_HEADER)}")
        for row in reader:
            if len(row) != 2 or row[0] not in SPLIT_NAMES or row[1] in seen:
                raise UserError(f"the stored splits are damaged in line {reader.line_num}: {quoted(','.join(row))}")
            stored.setdefault(row[0], []).append(row[1])
            seen.add(row[1])
    except csv.Error as error:
        raise UserError(f"the stored splits are damaged in line {reader.line_num}: {error}") from error
    return stored
