"""What the formats share that hold pixels and class numbers instead of files and names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.names import data_name, numbered_names
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes

_MAX_CLASSES = 100_000  # larger numbers are identifiers or damage, not classes


@dataclass(frozen=True)
class NumberedSplit:
    """Pixels (images, height, width[, channels]), class numbers (images,), and where a message finds these."""

    images: NDArray[Any]
    numbers: NDArray[np.integer[Any]]
    where: str


def numbered_dataset(path: Path, splits: dict[str, NumberedSplit], names: tuple[str, ...] | None) -> Dataset:
    """A data set whose class k is `names[k]`; without names, the numbers are the names.

    Without names the classes are 0 to the largest number of the training split (of all splits where
    there is no such), and a larger one elsewhere is a mistake.

    Raises `UserError` for a number out of range.
    """
    reference = [splits["train"]] if "train" in splits else list(splits.values())
    largest = max((int(each.numbers.max()) for each in reference if len(each.numbers)), default=0)
    count = len(names) if names else min(largest + 1, _MAX_CLASSES)
    for split in splits.values():
        _check_range(split, count, "the names given" if names else "the training labels")
    classes = names or tuple(str(number) for number in range(count))
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="classification",
        target=Classes(names=classes),
        splits={
            name: Split(name, each.images, Labels(each.numbers, classes), numbered_names(name, len(each.numbers)))
            for name, each in splits.items()
        },
        classes_named=names is not None,
    )


def _check_range(split: NumberedSplit, count: int, reason: str) -> None:
    wrong = np.flatnonzero((split.numbers < 0) | (split.numbers >= count))
    if len(wrong):
        raise UserError(
            f"{split.where}: label {split.numbers[wrong[0]]} of image {wrong[0]} is out of range "
            f"(as are {len(wrong) - 1:,} more); expected 0 to {count - 1}, by {reason}"
        )
