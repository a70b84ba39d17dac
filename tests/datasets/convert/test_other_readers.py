"""What is written, read by supervision: a reader of these formats that is not ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convsight.datasets import Dataset, read_as_it_is
from convsight.datasets.convert import convert
from convsight.progress import Silent
from convsight.results import Boxes


@pytest.fixture
def dataset(shared_data: Callable[[str], Path]) -> Dataset:
    return read_as_it_is(shared_data("coco_permissive"))


def check_same(dataset: Dataset, theirs: Any, close: float) -> None:
    assert tuple(theirs.classes) == dataset.listed
    (split,) = dataset.splits.values()
    found = {Path(name).name: detections for name, _, detections in theirs}
    assert found.keys() == {Path(name).name for name in split.names}
    for row, name in enumerate(split.names):
        boxes, other = split.targets[row], found[Path(name).name]
        assert isinstance(boxes, Boxes)
        assert [theirs.classes[each] for each in other.class_id] == [boxes.classes[each] for each in boxes.labels]
        np.testing.assert_allclose(other.xyxy, boxes.xyxy, atol=close)


def test_coco(dataset: Dataset, tmp_path: Path) -> None:
    supervision = pytest.importorskip("supervision")
    convert(dataset, tmp_path / "out", "coco", Silent())
    theirs = supervision.DetectionDataset.from_coco(
        str(tmp_path / "out/images"), str(tmp_path / "out/annotations/instances.json")
    )
    check_same(dataset, theirs, 1e-3)


def test_yolo(dataset: Dataset, tmp_path: Path) -> None:
    supervision = pytest.importorskip("supervision")
    convert(dataset, tmp_path / "out", "yolo", Silent())
    theirs = supervision.DetectionDataset.from_yolo(
        str(tmp_path / "out/images/train"), str(tmp_path / "out/labels/train"), str(tmp_path / "out/data.yaml")
    )
    check_same(dataset, theirs, 1e-3)
