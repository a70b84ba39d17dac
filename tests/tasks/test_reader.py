"""What readers say of targets before anything is read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convsight
from convsight.datasets import UNSPLIT, Dataset, Split
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes, NumberTargets
from convsight.tasks import reader_type
from convsight.tasks.reader import check_targets

NUMBERS = {"kind": "numbers", "names": ["height"], "units": ["m"]}
CLASSES = {"kind": "classes", "names": ["a", "b"]}


@pytest.mark.parametrize(
    ("task", "target", "words"),
    [
        (
            "classification",
            NUMBERS,
            "classification, .* targets of the type Label, but .* of the type Numbers",
        ),
        ("detection", NUMBERS, "detection, which takes targets of the type Boxes, but .* of the type Numbers"),
        ("detection", CLASSES, "detection, which takes targets of the type Boxes, but .* of the type Label"),
    ],
)
def test_an_archive_whose_targets_are_none_of_its_task_is_refused(
    tmp_path: Path, task: str, target: dict[str, Any], words: str
) -> None:
    about = json.dumps({"task": task, "target": target})
    np.savez(tmp_path / "x.npz", about=about, inputs=np.zeros((40, 8, 8, 3), np.uint8), targets=np.arange(40) % 2)
    with pytest.raises(UserError, match=words):
        convsight.train(tmp_path / "x.npz", run=str(tmp_path / "run"), quiet=True)
    assert not (tmp_path / "run").exists()


def test_targets_of_the_task_are_taken() -> None:
    labels = Labels(np.zeros(2, np.int64), ("a", "b"))
    split = Split(UNSPLIT, np.zeros((2, 8, 8), np.uint8), labels, ["0", "1"])
    data = Dataset("x", "x.npz", "classification", Classes(names=("a", "b")), {UNSPLIT: split})
    check_targets(reader_type("classification"), data)


def test_classes_are_not_judged_by_numbers() -> None:
    numbers = NumberTargets(names=("height",), units=("m",)).of_array(np.arange(2))
    with pytest.raises(UserError, match=r"x\.npz holds targets that name no classes; the network tells 2 classes"):
        Classes(names=("a", "b")).aligned("x.npz", numbers)
