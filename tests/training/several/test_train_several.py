"""Folds and seeds: each judged, finished ones kept, all together in one summary and one averaged network."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import stats
from sklearn.metrics import accuracy_score
from tests.training.heard import Heard
from tests.training.same_bits import assert_same_bits
from tests.training.stopping import PressesCtrlC

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.results import Label
from convsight.run import Run
from convsight.runtime.model import Model, load
from convsight.settings import TrainSettings, checked
from convsight.training.several import train_several as module
from convsight.training.several.average import check_average
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.plan import Several
from convsight.training.several.summary import student_interval
from convsight.training.several.train_several import Together, resume_several, train_several

FAST: dict[str, Any] = {
    "net": "conv 4 3x3 relu | globalavg | dense classes",
    "size": 12,
    "epochs": 2,
    "batch": 8,
    "export": False,
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of ten grey pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name, level in (("dark", 90), ("bright", 160)):
        (folder / name).mkdir()
        for number in range(10):
            pixels = np.clip(generator.normal(level, 60, (12, 12)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def settings(pictures: Path, run: Path, **more: Any) -> TrainSettings:
    return TrainSettings.of(data=str(pictures), run=str(run), **{**FAST, **more})


@pytest.fixture(scope="module")
def folded(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Together:
    """Two folds and their average, stopped in the first fold, then before the second, and gone on with each time."""
    place = tmp_path_factory.mktemp("several") / "folds"
    with pytest.raises(KeyboardInterrupt):
        train_several(settings(pictures, place), Several(folds=2, average=True), PressesCtrlC(epoch=2))
    runs = SeveralRuns.find(place)
    assert runs is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "train", _stop)
        with pytest.raises(KeyboardInterrupt):
            resume_several(runs, Heard())
    first = (place / "fold-1" / "model.safetensors").stat().st_mtime_ns
    heard = Heard()
    found = resume_several(runs, heard)
    assert (place / "fold-1" / "model.safetensors").stat().st_mtime_ns == first
    assert any("finished before, and kept" in said for said in heard.said)
    return found


def probabilities(model: Model, image: Path) -> NDArray[Any]:
    answer = model.predict(str(image))
    assert isinstance(answer, Label)
    return answer.probabilities


def _stop(*_: object) -> Run:
    raise KeyboardInterrupt


def test_out_of_fold_metrics_are_those_of_all_images_by_the_networks_that_did_not_see_them(
    folded: Together, pictures: Path
) -> None:
    wanted, found = [], []
    for name in ("fold-1", "fold-2"):
        run = Run(folded.runs.path / name)
        model = load(run.path, engine="torch")
        held_back = [row.split(",")[1] for row in run.splits().splitlines() if row.startswith("test,")]
        assert len(held_back) == 10
        for image in held_back:
            wanted.append(image.split("/")[0])
            found.append(model.card.target.names[int(probabilities(model, pictures / image).argmax())])
    told = json.loads(folded.runs.summary_file.read_text())
    accuracy = told["metrics"]["accuracy"]
    assert accuracy["value"] == pytest.approx(accuracy_score(wanted, found))
    assert accuracy["mean"] == pytest.approx(np.mean(accuracy["values"]))
    assert accuracy["deviation"] == pytest.approx(np.std(accuracy["values"], ddof=1))
    assert "bootstrap over all images" in told["interval"]
    assert {"summary.csv", "summary.png"} <= {file.name for file in folded.runs.path.iterdir()}


def test_the_average_answers_with_the_mean_of_the_probabilities(folded: Together, pictures: Path) -> None:
    average = load(folded.runs.average.path)
    assert all(proof.holds for proof in average.card.proofs if proof.precision == "float32")
    assert average.card.proofs
    assert not average.card.metrics  # every image was learnt by one of the networks
    image = pictures / "dark" / "0.png"
    each = [probabilities(load(folded.runs.path / name), image) for name in ("fold-1", "fold-2")]
    mean = np.mean(each, axis=0)
    assert np.allclose(probabilities(average, image), mean, atol=2e-3)


def test_seeds_share_a_test_that_judges_their_average_too_and_time_is_divided(pictures: Path, tmp_path: Path) -> None:
    given, began = settings(pictures, tmp_path / "seeds", epochs=None, minutes=0.05), time.monotonic() - 60 * 0.02
    found = train_several(given, Several(repeat=3), Heard(), began=began)  # which PyTorch's import took, say
    cuts = {Run(found.runs.path / f"seed-{seed}").splits() for seed in range(3)}
    assert len(cuts) == 1
    minutes = [Run(found.runs.path / f"seed-{seed}").settings()[0].minutes for seed in range(3)]
    assert minutes[0] is not None
    assert minutes[0] <= 0.03 / 3
    assert all(each is not None and each < 0.03 for each in minutes)  # one that needs less leaves it to later ones
    values = found.summaries.metrics["accuracy"].values
    assert found.summaries.metrics["accuracy"].value == student_interval(values)


def test_a_member_has_the_bits_of_a_run_of_its_own(folded: Together, pictures: Path, tmp_path: Path) -> None:
    again = train_several(settings(pictures, tmp_path / "again"), Several(folds=2), Heard())
    for name in ("fold-1", "fold-2"):
        assert_same_bits(Run(folded.runs.path / name), Run(again.runs.path / name))


def test_student_interval_is_that_of_scipy() -> None:
    values = [0.91, 0.93, 0.9, 0.95, 0.92]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert student_interval(values)[1:] == pytest.approx((low, high), abs=1e-4)


def test_data_that_changed_are_refused(pictures: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(pictures, data)
    with pytest.raises(KeyboardInterrupt):
        train_several(settings(data, tmp_path / "runs"), Several(folds=2), PressesCtrlC(epoch=2))
    shutil.copy(data / "dark" / "0.png", data / "dark" / "new.png")
    with pytest.raises(UserError, match=r"has changed since .*: 1 image is new \(dark/new\.png\); train anew"):
        resume_several(SeveralRuns(tmp_path / "runs"), Heard())
    (data / "dark" / "new.png").rename(data / "dark" / "0.png")
    shutil.copy(data / "bright" / "0.png", data / "dark" / "1.png")
    with pytest.raises(UserError, match=r"the same names, but other pixels, files or targets; train anew"):
        resume_several(SeveralRuns(tmp_path / "runs"), Heard())


def test_nothing_is_left_where_nothing_was_begun(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "train", _stop)
    with pytest.raises(KeyboardInterrupt):
        train_several(settings(pictures, tmp_path / "none"), Several(folds=2), Heard())
    assert not (tmp_path / "none").exists()


def test_wrong_choices_are_refused_before_data_are_read() -> None:
    with pytest.raises(UserError, match="--folds K or --repeat N"):
        checked(Several, {"average": True})
    with pytest.raises(UserError, match="folds=1"):
        checked(Several, {"folds": 1})
    with pytest.raises(UserError, match="answers of the task detection have no mean"):
        check_average("detection")


def test_data_of_another_task_are_taken_as_the_named_one_takes_them(pictures: Path, tmp_path: Path) -> None:
    chosen = settings(pictures, tmp_path / "labels", task="multilabel", epochs=1)
    found = train_several(chosen, Several(folds=2), Heard())
    assert {run.card.task for run in (found.runs.run(member) for member in found.runs.load()[0].members(0))} == {
        "multilabel"
    }


@pytest.mark.slow
@pytest.mark.parametrize(("data", "task"), [("digits", "regression"), ("shapes", "multilabel")])
def test_numbers_and_labels_are_averaged_too(data: str, task: str, tmp_path: Path) -> None:
    net = "conv 4 3x3 stride 2 relu | globalavg | dense classes"
    chosen = {**FAST, "net": net, "epochs": 1, "batch": 64}
    given = TrainSettings.of(data=data, task=task, run=str(tmp_path / "a"), **chosen)
    found = train_several(given, Several(repeat=2, average=True), Silent())
    average = load(found.runs.average.path)
    members = [load(found.runs.path / name) for name in ("seed-0", "seed-1")]
    assert all(proof.holds for proof in average.card.proofs if proof.precision == "float32")
    assert average.card.metrics
    image = np.random.default_rng(0).integers(0, 256, (12, 12, 3)).astype(np.uint8)
    told = [model.predict(image).to_json() for model in (average, *members)]
    key, name = ("numbers", "value") if task == "regression" else ("labels", "probability")
    values = [np.array([each[name] for each in sorted(one[key], key=lambda each: str(each["name"]))]) for one in told]
    assert np.allclose(values[0], np.mean(values[1:], axis=0), atol=1e-2 * np.abs(values[0]).max() + 1e-2)
