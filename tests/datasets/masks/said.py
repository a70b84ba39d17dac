"""What the tests of masks say of data."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convsight.datasets import Dataset, read_as_it_is, read_dataset
from convsight.datasets.audit import Audit, audit
from convsight.errors import UserError
from convsight.progress import Silent

# A mask of the usual size that holds 0, 1 and 2.
MASK = np.array([[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [2, 2, 2, 1, 1, 1], [2, 2, 2, 1, 1, 1]], np.uint8)


def indices(dataset: Dataset, name: str) -> list[list[int]]:
    """The indices of the mask of the image called so."""
    target: Any = _target(dataset, name)
    found: list[list[int]] = target.indices.tolist()
    return found


def things(dataset: Dataset, name: str) -> list[tuple[str, list[float], int]]:
    """Class, corners and pixels of each thing of the image called so."""
    boxes: Any = _target(dataset, name)
    areas = [mask.area for mask in boxes.columns["mask"]]
    return [
        (boxes.classes[label], corners, area)
        for label, corners, area in zip(boxes.labels.tolist(), boxes.xyxy.tolist(), areas, strict=True)
    ]


def _target(dataset: Dataset, name: str) -> object:
    split = next(split for split in dataset.splits.values() if name in split.names)
    return split.targets[list(split.names).index(name)]


def refused(path: Path, *words: str) -> None:
    """That data at `path` cannot be learnt from, in these words."""
    with pytest.raises(UserError, match=".*".join(re.escape(each) for each in words)):
        read_dataset(path)


def audited(path: Path) -> Audit:
    return audit(read_as_it_is(path), Silent(), workers=0)


def kinds(path: Path, level: str = "wrong") -> list[str]:
    """What an audit of the data at `path` finds."""
    return [finding.kind for finding in audited(path).findings if finding.level == level]
