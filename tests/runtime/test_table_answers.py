"""Tables with labels or numbers an image, judged without a model: the numbers of scikit-learn, and clear errors."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, mean_absolute_error, r2_score
from tests.training.heard import Heard

from convsight.datasets import Dataset, Split
from convsight.errors import UserError
from convsight.results import LabelSets, NumbersOfMany
from convsight.runtime.answers import AnswerOptions, evaluate_answers
from convsight.runtime.evaluate import Evaluation
from convsight.targets import NumberTargets, SeveralLabels

NAMES = ("cat", "dog", "sky")
COUNT = 40
IMAGES = np.zeros((COUNT, 4, 4), np.uint8)
FILES = [f"photos/{number}.png" for number in range(COUNT)]


def judged(file: Path, truth: Dataset, **options: object) -> tuple[Evaluation, list[str]]:
    heard = Heard()
    return evaluate_answers(file, truth, heard, AnswerOptions(**options)), heard.said  # type: ignore[arg-type]


def written(file: Path, header: str, lines: list[str]) -> Path:
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def labelled() -> tuple[Dataset, np.ndarray, np.ndarray]:
    """What is there of each image, and how sure somebody is of it."""
    random = np.random.default_rng(0)
    there = random.random((COUNT, 3)) < 0.4
    sure = np.round(np.clip(there * 0.3 + random.random((COUNT, 3)) * 0.7, 0, 1), 4)
    split = Split("test", IMAGES, LabelSets(there, NAMES), FILES)
    return Dataset("photos", "photos", "multilabel", SeveralLabels(names=NAMES), {"test": split}), there, sure


def test_probabilities_of_labels_have_the_numbers_of_scikit_learn(tmp_path: Path) -> None:
    truth, there, sure = labelled()
    lines = [",".join([Path(name).name, *map(str, row)]) for name, row in zip(FILES, sure.tolist(), strict=True)]
    found, _ = judged(written(tmp_path / "a.csv", "image,cat,dog,sky", lines), truth)
    assert found.metrics["test/mAP"].value == pytest.approx(average_precision_score(there, sure, average="macro"))
    assert found.metrics["test/micro_f1"].value == pytest.approx(f1_score(there, sure >= 0.5, average="micro"))
    assert found.metrics["test/exact_match"].value == pytest.approx((there == (sure >= 0.5)).all(axis=1).mean())


def test_names_of_labels_say_which_are_present_beside_probabilities_and_alone(tmp_path: Path) -> None:
    truth, there, sure = labelled()
    said = sure >= 0.7
    named = [";".join(np.array(NAMES)[row]) or "none" for row in said]
    lines = [",".join([name, text, *map(str, row)]) for name, text, row in zip(FILES, named, sure, strict=True)]
    both, _ = judged(written(tmp_path / "both.csv", "file,labels,cat,dog,sky", lines), truth)
    alone, notes = judged(
        written(tmp_path / "alone.csv", "file,labels", [f"{f},{text}" for f, text in zip(FILES, named, strict=True)]),
        truth,
    )
    for found in (both, alone):
        assert found.metrics["test/micro_f1"].value == pytest.approx(f1_score(there, said, average="micro"))
    assert both.metrics["test/mAP"].value == pytest.approx(average_precision_score(there, sure, average="macro"))
    assert not {"test/mAP", "test/AP/cat", "test/log_loss"} & alone.metrics.keys()
    assert "labels are given without probabilities: what asks for these is left out" in " ".join(notes)


def test_an_image_without_labels_has_none_of_them(tmp_path: Path) -> None:
    truth, there, _ = labelled()
    lines = [f"{name},{';'.join(np.array(NAMES)[row]) or 'none'}" for name, row in zip(FILES, there, strict=True)]
    found, notes = judged(
        written(tmp_path / "a.tsv", "image\tlabels", [each.replace(",", "\t") for each in lines[3:]]), truth
    )
    right = int((~there[:3].any(axis=1)).sum()) + COUNT - 3
    assert found.metrics["test/exact_match"].value == pytest.approx(right / COUNT)
    assert "3 of 40 images have no answer, and count as images with none of the labels" in " ".join(notes)


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        ("image,labels", "0.png,cow", "line 2: unknown label 'cow'"),
        ("image,labels", "90.png,cat", "unknown image"),
        ("image,cat,dog,sky", "0.png,0.2,1.5,0", r"line 2: probabilities lie in 0..1, not 0 to 1.5"),
        ("image,cat,dog,sky", "0.png,0.2,no,0", "could not convert .* expected a probability for each label"),
        ("image,cat,dog", "0.png,0,1", "neither a column labels nor one for each label; of the labels it lacks sky"),
        ("labels,cat", "a,1", "has no column image"),
    ],
)
def test_labels_that_cannot_be_judged_say_why(header: str, line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        judged(written(tmp_path / "a.csv", header, [line]), labelled()[0])


def measured(names: tuple[str, ...] = ("age",), units: tuple[str, ...] = ("years",)) -> tuple[Dataset, np.ndarray]:
    values = np.random.default_rng(0).normal(40, 12, (COUNT, len(names)))
    split = Split("test", IMAGES, NumbersOfMany(values, names, units), FILES)
    return Dataset("ages", "ages", "regression", NumberTargets(names=names, units=units), {"test": split}), values


@pytest.mark.parametrize("column", ["age", "Age (years)", "age [years]", "prediction", "value"])
def test_numbers_have_the_numbers_of_scikit_learn(column: str, tmp_path: Path) -> None:
    truth, values = measured()
    said = values[:, 0] + np.random.default_rng(1).normal(0, 3, COUNT)
    lines = [f"{name},{value!r}" for name, value in zip(FILES, said.tolist(), strict=True)]
    found, _ = judged(written(tmp_path / "a.csv", f"image,{column}", lines[::-1]), truth)
    assert found.metrics["test/mae"].value == pytest.approx(mean_absolute_error(values, said))
    assert found.metrics["test/rmse"].value == pytest.approx(np.sqrt(((values[:, 0] - said) ** 2).mean()))
    assert found.metrics["test/r2"].value == pytest.approx(r2_score(values, said))
    assert not {name for name in found.metrics if name.split("/")[1] in {"coverage", "width", "nll"}}


def test_several_numbers_are_in_shares_of_their_spread(tmp_path: Path) -> None:
    truth, values = measured(("age", "height"), ("years", "m"))
    said = values + np.random.default_rng(1).normal(0, 3, values.shape)
    lines = [f"{name},{a!r},{b!r},{a - 1!r},{a + 1!r}" for name, (a, b) in zip(FILES, said.tolist(), strict=True)]
    header = "file,age (years),height (m),age low (years),age high (years)"  # as `predict` writes them
    found, _ = judged(written(tmp_path / "a.csv", header, lines), truth)
    shares = (said - values) / values.std(axis=0)
    assert found.metrics["test/rmse"].value == pytest.approx(np.sqrt((shares**2).mean()))
    assert found.metrics["test/mae/height"].value == pytest.approx(np.abs(said - values)[:, 1].mean())


@pytest.mark.parametrize(
    ("header", "lines", "words"),
    [
        ("image,weight", ["0.png,3"], r"has no column age \(years\); it has image, weight"),
        ("image,age", ["0.png,3", "0.png,4"], "line 3: '0.png' is answered twice, also in line 2"),
        ("image,age", ["0.png,old"], "could not convert .* expected a number"),
        ("image,age", ["0.png,nan"], "are no finite numbers"),
        (
            "image,age",
            ["0.png,3"],
            r"has no number for 39 of 40 images, such as photos/1.png, photos/2.png and 37",
        ),
    ],
)
def test_numbers_that_cannot_be_judged_say_why(header: str, lines: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        judged(written(tmp_path / "a.csv", header, lines), measured()[0])
