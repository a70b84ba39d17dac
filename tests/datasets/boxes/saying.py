"""What the tests of boxes say of a data set."""

from pathlib import Path

import pytest

from convsight.datasets import UNSPLIT, Dataset, read_dataset
from convsight.errors import UserError
from convsight.results import Boxes


def boxes(dataset: Dataset, name: str, split: str = UNSPLIT) -> Boxes:
    """The boxes of the image called `name`."""
    chosen = dataset.split(split)
    target = chosen.targets[list(chosen.names).index(name)]
    assert isinstance(target, Boxes)
    return target


def told(dataset: Dataset, name: str, split: str = UNSPLIT) -> list[tuple[str, list[float]]]:
    """Class and corners of each box of an image."""
    found = boxes(dataset, name, split)
    return [(found.classes[label], xyxy) for label, xyxy in zip(found.labels, found.xyxy.tolist(), strict=True)]


def refused(path: Path) -> str:
    """The message with which `path` is refused."""
    with pytest.raises(UserError) as caught:
        read_dataset(path)
    return str(caught.value)
