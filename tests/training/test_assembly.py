"""What is chosen and measured before the first step."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.training.begun import begun
from torch import nn

from convsight.tasks.classification.task import ClassGraph
from convsight.training import assembly
from convsight.training.choices import passes_within

GROWS = "conv 8 3x3 same relu | globalavg | dense classes"


@pytest.mark.parametrize(
    ("choices", "most"),
    [({}, True), ({"augment": "strong"}, True), ({"augment": "light"}, False), ({"augment": "none"}, False)],
)
def test_few_photos_vary_as_much_as_they_can(photos: Path, tmp_path: Path, choices: dict[str, Any], most: bool) -> None:
    assert begun(photos, tmp_path / "a", net="lecture3", size=14, epochs=1, **choices).varies_most is most


@pytest.mark.parametrize(("epochs", "most"), [(35, False), (36, True)])
def test_things_vary_as_much_as_they_can_where_they_are_seen_often(tmp_path: Path, epochs: int, most: bool) -> None:
    assert begun("shapes", tmp_path / "a", task="detection", size=32, epochs=epochs).varies_most is most


def test_validating_is_measured_as_it_is_done(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, seen = 0.0, []

    def judge(engine: Any, reader: Any, some: Any) -> None:
        nonlocal now
        assert isinstance(engine.graph, ClassGraph)
        seen.append((engine.precision, engine.graph.mirror))
        now += len(some) * (0.001 if seen[-1] == ("bfloat16", False) else 0.01)

    monkeypatch.setattr(assembly, "judge", judge)
    monkeypatch.setattr(assembly, "time", SimpleNamespace(perf_counter=lambda: now))
    t = begun(photos, tmp_path / "a", net="lecture3", size=14, minutes=10.0, precision="bfloat16")
    assert set(seen) == {("float32", True), ("bfloat16", False)}
    assert t.clock.epoch_seconds == pytest.approx(0.001 * len(t.val))


@pytest.mark.parametrize("mirror", [True, False])
def test_predictions_are_averaged_over_mirror_images_where_that_is_wanted(
    photos: Path, tmp_path: Path, mirror: bool
) -> None:
    assert begun(photos, tmp_path / "a", net="lecture3", size=14, epochs=1, mirror=mirror).plan.card.mirror is mirror


def test_predictions_are_not_averaged_over_mirror_images_that_were_not_trained_on(photos: Path, tmp_path: Path) -> None:
    t = begun(photos, tmp_path / "a", net="lecture3", size=14, epochs=1, flip="none")
    assert not t.plan.card.mirror


def slow_judge(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Judging an image takes so many seconds from now on, by the clock that assembly looks at."""
    now = 0.0

    def judge(engine: Any, reader: Any, some: Any) -> None:
        nonlocal now
        now += len(some) * seconds

    monkeypatch.setattr(assembly, "judge", judge)
    monkeypatch.setattr(assembly, "time", SimpleNamespace(perf_counter=lambda: now))


@pytest.mark.parametrize(("minutes", "images"), [(0.1, 50), (10.0, 300), (1000.0, 2000)])
def test_fewer_training_images_are_judged_again_where_that_would_take_much_of_the_minutes(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: float, images: int
) -> None:
    slow_judge(monkeypatch, 0.1)
    t = begun(photos, tmp_path / "a", net="lecture3", size=14, minutes=minutes)
    assert t.seen_again == images


def test_steps_of_a_slow_network_are_told_from_a_few_images(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = begun(photos, tmp_path / "a", net="lecture3", size=14, epochs=1, batch=20)
    monkeypatch.setattr(assembly, "seconds_of_step", lambda learner, step: 7.0)
    monkeypatch.setattr(assembly, "seconds_of_slow_step", lambda learner, step: 2.0)
    assert assembly._step_seconds(t, None) == pytest.approx(2.0 * t.plan.choices.batch / 8)
    monkeypatch.setattr(assembly, "seconds_of_slow_step", lambda learner, step: None)
    assert assembly._step_seconds(t, None) == 7.0


def test_time_to_export_is_kept_free_by_layers_and_by_what_proving_costs(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(seconds_an_image: float, **choices: Any) -> float:
        slow_judge(monkeypatch, seconds_an_image)
        t = begun(photos, tmp_path / "a", size=16, minutes=10.0, mirror=False, **choices)
        deadline = assembly.clock_for(t, 1e6, 0).deadline
        assert deadline is not None
        return deadline

    few = "conv 4 3 relu | flatten | dense 2"  # two layers and an activation, and the flattening
    more = "conv 4 3 relu | conv 4 3 relu | flatten | dense 2"
    kept = ends(0.01, net=few, export=False) - ends(0.01, net=few)
    assert kept == pytest.approx(6.0 + 4 * 0.09 + 5 * 64 * 0.01)
    assert ends(0.01, net=few) - ends(0.01, net=more) == pytest.approx(2 * 0.09)


@pytest.mark.parametrize(
    ("minutes", "seconds", "most", "planned"),
    [
        (1.0, 0.0001, True, False),  # by the rule 18 passes, by the speed 30,000
        (20.0, 3.0, False, False),  # by the rule 365, by the speed 20: another backbone
        (20.0, 0.25, True, True),  # 240: near enough, the rule stays
    ],
)
def test_detectors_vary_by_the_measured_speed_where_the_rule_is_far_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: float, seconds: float, most: bool, planned: bool
) -> None:
    monkeypatch.setattr(assembly, "seconds_of_slow_step", lambda learner, step: None)
    monkeypatch.setattr(assembly, "seconds_of_step", lambda learner, step: seconds)
    chosen = {"size": 32, "minutes": minutes, "device": "cpu", "batch": 20, "export": False}
    t = begun("shapes", tmp_path / "a", task="detection", **chosen)
    rule = passes_within(minutes, len(t.train), 32 * 32, t.device)
    assert t.varies_most is most
    assert (t.plan.choices.passes == pytest.approx(rule)) is planned
    assert any(f"about {round(t.plan.choices.passes):,} epochs" in reason for reason in t.augmentation.reasons)


def test_trainings_of_so_many_epochs_measure_no_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "seconds_of_step", lambda learner, step: pytest.fail("measured"))
    assert begun("shapes", tmp_path / "a", task="detection", size=32, epochs=3).plan.choices.passes == 3


def test_smaller_images_are_tried_on_a_batch_that_is_the_only_one(photos: Path, tmp_path: Path) -> None:
    t = begun(photos, tmp_path / "a", net=GROWS, size=28, epochs=1, mixup=0.5)
    assert t.augmentation.together
    assert t.loader.steps == 1
    t.learner.add_module("critic", nn.Linear(2, 2))  # learners with more than one network are tried as a whole
    assert assembly._first_side(t) == t.plan.choices.first_side == 20
