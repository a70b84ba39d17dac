"""What is odd about numbers to be predicted: far away from all others, marks for what is missing, always the same."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset
from convsight.datasets.finding import Entry, Finding, ImageName
from convsight.results import NumbersOfMany
from convsight.words import counted

_FAR = 3.0  # spans of the middle half of the values, beyond which a value is far out: Tukey, 1977, section 2D
_FEWEST = 20  # examples; of fewer, the middle half says little
_MARKS = 3  # times that a value far out must be there, to look like a mark


def find_odd_numbers(dataset: Dataset) -> Iterator[Finding]:
    """Numbers that are the same on all images, and values far out, those that are there several times apart."""
    splits = [(split, split.targets) for split in dataset.splits.values() if isinstance(split.targets, NumbersOfMany)]
    if not splits:
        return
    values = np.concatenate([targets.values for _, targets in splits])
    names = [(split.name, name) for split, _ in splits for name in split.names]
    if constant := [
        n for n in range(values.shape[1]) if len(values) > 1 and bool((values[:, n] == values[0, n]).all())
    ]:
        notes = [f"{dataset.target.names[n]}: {values[0, n]:g}" for n in constant]
        words = f"{counted(len(constant), 'number')} the same on every image, so that nothing is learnt about them"
        yield Finding("constant-numbers", "suspicion", words, tuple(Entry(note=note) for note in notes))
    for column, label in enumerate(dataset.target.labels):
        yield from _far_out(values[:, column], names, label)


def _far_out(values: NDArray[Any], names: list[tuple[str, str]], label: str) -> Iterator[Finding]:
    """Findings on one of the numbers: `values` (examples,), called `label`."""
    if len(values) < _FEWEST or not np.isfinite(values).all():
        return
    lower, upper = np.percentile(values, (25, 75))
    reach = _FAR * (upper - lower)
    rows = np.flatnonzero((values < lower - reach) | (values > upper + reach)) if reach > 0 else np.array([], int)
    found, counts = np.unique(values[rows], return_counts=True)
    marks = found[counts >= _MARKS]
    for kind, chosen, words in (
        (
            "marks",
            np.isin(values[rows], marks),
            f"whose {label} is far from the others and there several times: a mark?",
        ),
        ("outliers", ~np.isin(values[rows], marks), f"whose {label} is far from those of the others"),
    ):
        if chosen.any():
            entries = tuple(
                Entry((ImageName(names[row][0], names[row][1], f"{values[row]:g}"),), f"{values[row]:g}")
                for row in rows[chosen].tolist()
            )
            yield Finding(kind, "suspicion", f"{counted(len(entries), 'image')} {words}", entries)
