"""What readers say of targets before anything is read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import convsight
from convsight.card import Card
from convsight.datasets import UNSPLIT, Dataset, Split
from convsight.errors import UserError
from convsight.hub.model_card import model_card
from convsight.inputs import ImageInput
from convsight.results import Labels, Numbers
from convsight.targets import AnyTarget, Classes, NumberTargets
from convsight.tasks import reader_type
from convsight.tasks.reader import Metrics, Reader, check_targets, columns_of

NUMBERS = {"kind": "numbers", "names": ["height"], "units": ["m"]}
CLASSES = {"kind": "classes", "names": ["a", "b"]}


def card(target: AnyTarget) -> Card:
    spec = ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))
    return Card(task="classification", net="small", target=target, input=spec)


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


class Heights(Reader):
    """Reads a number a row."""

    result, pipeline_tag, plain_python = Numbers, "tabular-regression", ""

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Numbers:
        raise NotImplementedError

    def metrics(self) -> Metrics:
        raise NotImplementedError

    def columns(self) -> tuple[str, ...]:
        return (*self.card.target.names, "sure")


def test_columns_of_numbers_carry_their_units() -> None:
    target = NumberTargets(names=("height", "ratio"), units=("m", ""))
    assert columns_of(Heights(card(target)), "--format csv") == ("height (m)", "ratio", "sure")
    assert columns_of(Heights(card(Classes(names=("a", "b")))), "--format csv") == ("a", "b", "sure")


def test_a_page_of_the_hub_says_what_is_predicted_in_which_unit() -> None:
    page = model_card(card(NumberTargets(names=("height",), units=("m",))), None, "x", None, None)
    assert "| numbers | height (m) |" in page
    assert "An image of any size" in page
    assert "| classes | a, b |" in model_card(card(Classes(names=("a", "b"))), None, "x", None, None)


def test_targets_of_the_task_are_taken() -> None:
    labels = Labels(np.zeros(2, np.int64), ("a", "b"))
    split = Split(UNSPLIT, np.zeros((2, 8, 8), np.uint8), labels, ["0", "1"])
    data = Dataset("x", "x.npz", "classification", Classes(names=("a", "b")), {UNSPLIT: split})
    check_targets(reader_type("classification"), data)


def test_classes_are_not_judged_by_numbers() -> None:
    numbers = NumberTargets(names=("height",), units=("m",)).of_array(np.arange(2))
    with pytest.raises(UserError, match=r"x\.npz holds targets that name no classes; the network tells 2 classes"):
        Classes(names=("a", "b")).aligned("x.npz", numbers)
