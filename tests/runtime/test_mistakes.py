"""Wrong predictions as a table and as pictures, the surest first."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.inputs.kinds import SEQUENCE, image_input
from tests.training.heard import Heard

from convsight.datasets import Examples, ImageStore, Split
from convsight.errors import UserError
from convsight.inputs import InputSpec
from convsight.results import Label, Labels
from convsight.runtime.evaluate import evaluate
from convsight.runtime.mistakes import MistakeCollector, check_place, write_mistakes

CLASSES = ("cat", "dog")


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def test_every_wrong_prediction_is_told_the_surest_first(digits: Path, tmp_path: Path) -> None:
    heard = Heard()
    found = evaluate(digits, None, heard, mistakes=tmp_path / "wrong")
    told = rows(tmp_path / "wrong" / "mistakes.csv")
    assert len(told) == round(found.images * (1 - found.metrics["test/accuracy"].value)) > 5
    assert all(row["target"] != row["prediction"] and row["part"] == "test" for row in told)
    severities = [float(row["severity"]) for row in told]
    assert severities == sorted(severities, reverse=True)
    assert [int(row["rank"]) for row in told] == list(range(1, len(told) + 1))
    assert sorted(row["file"] for row in told) == sorted(each.name for each in (tmp_path / "wrong").glob("*.jpg"))
    with Image.open(tmp_path / "wrong" / told[0]["file"]) as picture:
        assert min(picture.size) >= 200
    assert any(f"{len(told)} of {found.images} images are predicted wrong" in line for line in heard.said)
    evaluate(digits, None, Heard(), mistakes=tmp_path / "wrong.csv")
    table = rows(tmp_path / "wrong.csv")
    assert [{**row, "file": ""} for row in told] == table


def test_a_folder_that_holds_something_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    (tmp_path / "photo.png").touch()
    with pytest.raises(UserError, match="not an empty folder"):
        evaluate("no such run", None, Heard(), mistakes=tmp_path)
    check_place(tmp_path / "a.csv")


def collected(most: int = 2) -> MistakeCollector:
    """Of six examples, 1 and 4 are right; 3 is the surest wrong one, then 0 and 5 alike."""
    found = MistakeCollector(most)
    for position, (true, first) in enumerate([(1, 0.8), (0, 0.9), (1, 0.6), (1, 0.99), (1, 0.1), (1, 0.8)]):
        found.take(position, Label.certain(true, CLASSES), Label(CLASSES, np.array([first, 1 - first])))
    return found


def test_the_worst_are_kept_and_all_are_listed() -> None:
    assert collected().order == [3, 0, 5, 2]
    assert [wrong.position for wrong in collected().worst] == [3, 0]
    assert [wrong.position for wrong in collected(9).worst] == [3, 0, 5, 2]


@pytest.mark.parametrize("channels", [1, 5])
def test_arrays_that_are_no_photos_are_drawn_too(tmp_path: Path, channels: int) -> None:
    """16 bits, one channel or five: as grey, or the first three as colours."""
    arrays = np.random.default_rng(0).integers(0, 60_000, (6, 12, 12, channels)).astype(np.uint16)
    spec = image_input(height=12, width=12, bits=16, channels=channels)
    _write(tmp_path / "wrong", arrays, spec)
    assert len(list((tmp_path / "wrong").glob("*.jpg"))) == 2


def test_what_is_no_picture_is_in_the_table_alone(tmp_path: Path) -> None:
    arrays = np.zeros((6, *SEQUENCE.array_shape), SEQUENCE.dtype)
    _write(tmp_path / "wrong", arrays, SEQUENCE)
    assert [each.name for each in (tmp_path / "wrong").iterdir()] == ["mistakes.csv"]
    assert [row["picture"] for row in rows(tmp_path / "wrong" / "mistakes.csv")] == ["3.x", "0.x", "5.x", "2.x"]


def _write(place: Path, arrays: NDArray[Any], spec: InputSpec) -> None:
    split = Split("test", arrays, Labels(np.ones(6, np.int64), CLASSES), [f"{number}.x" for number in range(6)])
    store, _ = ImageStore.read(split, spec)
    write_mistakes(place, collected(), Examples(store, split.targets), split.names, ["test"] * 6, 100)
