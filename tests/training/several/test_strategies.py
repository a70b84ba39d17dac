"""Nothing, half of it and the backbone frozen in turn: compared on the same images, and gone on with as a whole."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest
from tests.training.heard import Heard
from tests.training.stopping import PressesCtrlC

import convsight
from convsight.errors import UserError
from convsight.progress import Silent, Status
from convsight.settings import TrainSettings, checked
from convsight.training.several.folder import SeveralRuns
from convsight.training.several.plan import Member, Several
from convsight.training.several.strategies import sign_flip_p
from convsight.training.several.train_several import Together, resume_several, train_several
from convsight.training.train import train

FAST: dict[str, Any] = {
    "net": "conv 4 3x3 relu | maxpool 2x2 | conv 4 3x3 relu | globalavg | dense classes",
    "size": 12,
    "epochs": 2,
    "batch": 8,
    "export": False,
}
ALL_THREE = Several(freezes=("all-three",))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for name, level in (("dark", 90), ("bright", 160)):
        (folder / name).mkdir()
        for number in range(10):
            pixels = np.clip(generator.normal(level, 60, (12, 12, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def settings(data: Path, run: Path, **more: Any) -> TrainSettings:
    return TrainSettings.of(data=str(data), run=str(run), **{**FAST, **more})


@pytest.fixture(scope="module")
def done(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Together:
    """Stopped in the second of three, and gone on with."""
    place = tmp_path_factory.mktemp("several")
    weights = str(train(settings(data, place / "taught", epochs=1), Silent()).model_file)

    class InTheSecond(Heard):
        @contextmanager
        def training(self) -> Iterator[Callable[[Status], None]]:
            second = any("(2 of 3)" in said for said in self.said)
            yield PressesCtrlC(epoch=2).interrupt if second else self.shown.append

    with pytest.raises(KeyboardInterrupt):
        train_several(settings(data, place / "all", weights=weights), ALL_THREE, InTheSecond())
    runs = SeveralRuns.find(place / "all")
    assert runs is not None
    heard = Heard()
    found = resume_several(runs, heard)
    assert "freeze-none (1 of 3): finished before, and kept" in heard.said
    assert "freeze-1 (2 of 3): gone on with" in heard.said
    return found


@pytest.mark.slow
def test_a_program_gets_the_comparison_too(done: Together, data: Path, tmp_path: Path) -> None:
    again = convsight.resume_several(done.runs.path, quiet=True)
    assert again.comparison is not None
    assert again.comparison == done.comparison
    weights = str(done.runs.run(Member(0, None, False, "none")).model_file)
    choices: dict[str, Any] = {**FAST, "epochs": 1, "weights": weights, "quiet": True}
    found = convsight.train_several(str(data), freeze="all-three", run=tmp_path / "all", **choices).comparison
    assert found is not None
    assert [each.freeze for each in found.strategies] == ["none", "1", "backbone"]
    with pytest.raises(UserError, match=r"convsight\.train_several\(data, freeze='all-three'\)"):
        convsight.train(str(data), freeze="all-three", **choices)
    with pytest.raises(UserError, match="take no objects of a program"):
        convsight.train_several(str(data), repeat=2, loss=lambda outputs, targets: outputs.sum(), quiet=True)
    with pytest.raises(UserError, match="is no folder of several runs"):
        convsight.resume_several(weights, quiet=True)


def test_each_is_trained_as_its_name_says(done: Together) -> None:
    assert done.comparison is not None
    found = {each.freeze: each for each in done.comparison.strategies}
    assert list(found) == ["none", "1", "backbone"]
    # 4 x (27 + 1) and 4 x (36 + 1) of the convolutions, 2 x 5 of the last layer.
    assert [each.trainable for each in found.values()] == [112 + 148 + 10, 148 + 10, 10]
    for freeze, each in found.items():
        card = done.runs.path.joinpath(f"freeze-{freeze}")
        assert card.is_dir()
        assert each.low <= each.value <= each.high
        assert each.images_per_s > 0


def test_the_best_is_named_and_whether_it_is_chance(done: Together) -> None:
    assert done.comparison is not None
    rows = done.comparison.strategies
    (best,) = [each for each in rows if each.is_best]
    assert best.value == max(each.value for each in rows)
    assert f"--freeze {best.freeze}" in done.comparison.conclusion
    assert "chance" in done.comparison.conclusion  # four images tell nothing
    document = json.loads((done.runs.path / "comparison.json").read_text())
    assert document["best"] == best.run
    assert len(document["strategies"]) == 3
    with (done.runs.path / "comparison.csv").open(newline="") as file:
        assert [row["freeze"] for row in csv.DictReader(file)] == ["none", "1", "backbone"]


@pytest.mark.parametrize(("better", "worse"), [(9, 1), (5, 4), (30, 10), (0, 0)])
def test_of_right_and_wrong_answers_it_is_mcnemars_test(better: int, worse: int) -> None:
    differences = np.array([1.0] * better + [-1.0] * worse + [0.0] * 20)
    oracle = binomtest(better, better + worse).pvalue if better else 1.0
    assert sign_flip_p(differences) == pytest.approx(oracle, abs=0.02)


def test_what_cannot_be_compared_is_refused_before_a_folder_is_made(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name its --weights"):
        train_several(settings(data, tmp_path / "a", weights="none"), ALL_THREE, Silent())
    assert not (tmp_path / "a").exists()
    with pytest.raises(UserError, match="leave --folds, --repeat, --average out"):
        checked(Several, {"freezes": ("all-three",), "folds": 2})


def test_what_is_said_of_features_is_for_the_strategies_that_freeze() -> None:
    asked = TrainSettings.of(data="photos", views=2, features_limit=1.0)
    kept = [member.settings(asked, "runs/a", None).views for member in Several(freezes=("none", "2")).members(0)]
    assert kept == [None, 2]
