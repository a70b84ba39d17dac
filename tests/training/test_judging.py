"""The end of a training: what is judged, on which examples, by which calibration, and what is said and written."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.training.begun import begun
from tests.training.heard import Heard

from convsight.card import Card
from convsight.datasets import Examples
from convsight.export.torch_engine import load_network
from convsight.metrics import Measured, Metric
from convsight.model_files import read_card
from convsight.progress import Silent
from convsight.results import Labels
from convsight.runtime.judge import judge
from convsight.tasks import reader_of
from convsight.tasks.classification.task import ClassGraph
from convsight.training import judging
from convsight.training.advice import Advice, Untried
from convsight.training.fit import fit
from convsight.training.judging import finish, judge_best
from convsight.training.state import Training


def exactly(value: float) -> Measured:
    return Measured(value, value, value)


BASELINES = {
    "oracle": {"accuracy": exactly(1.0), "auc": exactly(1.0)},
    "hopeless": {"accuracy": exactly(0.0)},
    "sorter": {"auc": exactly(1.0)},  # of the metric that chooses nothing is known
}


class Judged(NamedTuple):
    """A training that has ended, with what was judged: (true classes, temperature, reader's calibration) each time."""

    t: Training
    card: Card
    heard: Heard
    seen: list[tuple[list[int], float, dict[str, float]]]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Two epochs on scanned digits."""
    t = begun("digits", tmp_path_factory.mktemp("judging") / "run", net="lecture3", size=14, epochs=2)
    t.run.path.mkdir()
    fit(t, Silent())
    return t


@pytest.fixture
def judged(fitted: Training, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    seen: list[tuple[list[int], float, dict[str, float]]] = []

    def noted(engine: Any, reader: Any, examples: Examples, progress: Callable[[int], object], hear: Any = None) -> Any:
        assert isinstance(engine.graph, ClassGraph)
        assert isinstance(examples.targets, Labels)
        seen.append((examples.targets.indices.tolist(), engine.graph.temperature, reader.card.calibration))
        return judge(engine, reader, examples, progress, hear)

    monkeypatch.setattr(judging, "judge", noted)
    monkeypatch.setattr(fitted, "seen_again", 100)
    heard = Heard()
    before = fitted.run.model_file.read_bytes()
    card = judge_best(fitted, fitted.val.select(np.arange(50)), BASELINES, heard, [f"{n}.png" for n in range(50)])
    yield Judged(fitted, card, heard, seen)
    fitted.run.model_file.write_bytes(before)


def test_validation_tells_the_calibration_by_which_all_else_is_judged(judged: Judged) -> None:
    assert isinstance(judged.t.val.targets, Labels)
    assert isinstance(judged.t.train.targets, Labels)
    val, train = judged.t.val.targets.indices, judged.t.train.targets.indices
    temperature = judged.card.calibration["temperature"]
    assert temperature != 1.0
    evenly = np.linspace(0, len(train) - 1, 100).astype(np.int64)
    assert judged.seen == [
        (val.tolist(), 1.0, {}),
        (val[:50].tolist(), temperature, judged.card.calibration),
        (train[evenly].tolist(), temperature, judged.card.calibration),
    ]
    assert judged.heard.counted == [("judging", len(val) + 150, count) for count in judged.heard.steps()]
    assert sum(judged.heard.steps()) == len(val) + 150


def test_the_card_holds_test_baselines_and_validation_by_name(judged: Judged) -> None:
    names = list(judged.card.metrics)
    assert names[0] == "test/accuracy"
    assert {name.split("/")[0] for name in names} == {"test", "val"}
    own = [name for name in names if name.startswith("test/") and "baseline" not in name]
    assert [name.replace("test/", "val/") for name in own] == [name for name in names if name.startswith("val/")]
    assert [name for name in names if "baseline" in name] == [
        *("test/baseline/oracle/accuracy", "test/baseline/oracle/auc"),
        *("test/baseline/hopeless/accuracy", "test/baseline/sorter/auc"),
    ]
    accuracy = judged.card.metrics["test/accuracy"]
    assert accuracy.low < accuracy.value <= accuracy.high


def test_without_a_test_all_is_told_of_validation(fitted: Training) -> None:
    before = fitted.run.model_file.read_bytes()
    heard = Heard()
    card = judge_best(fitted, None, BASELINES, heard, [str(number) for number in range(len(fitted.val))])
    fitted.run.model_file.write_bytes(before)
    assert {name.split("/")[0] for name in card.metrics} == {"val"}
    assert card.metrics["val/accuracy"].low < card.metrics["val/accuracy"].value
    assert "val/baseline/oracle/auc" in card.metrics
    assert any("on the val split" in words for words in heard.said)


def test_validation_on_the_card_is_calibrated(judged: Judged) -> None:
    engine = judged.t.plan.engine(load_network(judged.t.run.model_file), judged.card)
    found = judge(engine, judged.t.reader, judged.t.val).compute(intervals=False)
    for name, measured in found.items():
        assert judged.card.metrics[f"val/{name}"].value == pytest.approx(measured.value, abs=1e-6), name


def test_the_model_file_is_finished_when_all_else_is(judged: Judged) -> None:
    before = read_card(judged.t.run.model_file)
    assert before.training["finished"] is False
    assert before.metrics == judged.card.metrics
    finish(judged.t.run, judged.card)
    assert read_card(judged.t.run.model_file) == judged.card
    assert judged.card.training["finished"] is True
    assert judged.card.training["epochs"] == 2


def test_figures_are_written(judged: Judged) -> None:
    assert {file.stem for file in judged.t.run.path.glob("*.png")} == {"curves", "confusion", "reliability"}


def test_baselines_that_are_not_beaten_are_named(judged: Judged) -> None:
    reached = judged.card.metrics["test/accuracy"].value
    notes = [text for text in judged.heard.said if text.startswith("note: the baseline")]
    assert notes == [
        f"note: the baseline 'oracle' reaches accuracy 1.000 on the test split, the network {reached:.3f}: it adds "
        "nothing to so simple a method"
    ]


def test_the_advice_rests_on_training_and_validation_scores(fitted: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def noted(rows: Any, metric: Metric, best_epoch: int, **scores: Any) -> Advice:
        asked.append({"rows": rows, "metric": metric.name, "best_epoch": best_epoch, **scores})
        return Advice("fits", "all is well")

    monkeypatch.setattr(judging, "advise", noted)
    monkeypatch.setattr(fitted, "seen_again", 100)
    heard = Heard()
    card = judge_best(fitted, fitted.val.select(np.arange(50)), {}, heard, [""] * 50)
    reader = reader_of(card)
    engine = fitted.plan.engine(load_network(fitted.run.model_file), card)
    again = fitted.train.select(np.linspace(0, len(fitted.train) - 1, 100).astype(np.int64))
    assert isinstance(fitted.train.targets, Labels)
    assert isinstance(fitted.val.targets, Labels)
    default = np.bincount(fitted.train.targets.indices).argmax()
    assert asked == [
        {
            "rows": fitted.rows,
            "metric": "accuracy",
            "best_epoch": fitted.best_epoch,
            "train_score": judge(engine, reader, again).compute()["accuracy"],
            "val_score": card.metrics["val/accuracy"],
            "baseline": pytest.approx((fitted.val.targets.indices == default).mean()),
            "settings": fitted.plan.settings,
            "untried": Untried(varies=not fitted.varies_most),
        }
    ]
    assert heard.said == ["all is well"]


def test_few_training_examples_are_all_judged(fitted: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def noted(engine: Any, reader: Any, examples: Examples, progress: Callable[[int], object], hear: Any = None) -> Any:
        lengths.append(len(examples))
        return judge(engine, reader, examples, progress, hear)

    monkeypatch.setattr(judging, "judge", noted)
    monkeypatch.setattr(fitted, "seen_again", len(fitted.train))
    judge_best(fitted, fitted.val, {}, Silent(), [""] * len(fitted.val))
    assert lengths[-1] == len(fitted.train)
