from pathlib import Path

import pytest

from convsight.settings import TrainSettings
from convsight.tasks import task_of
from convsight.training.choices import Choices


def test_pretrained_weights_get_a_smaller_rate() -> None:
    fresh, pretrained = TrainSettings.of(data="x"), TrainSettings.of(data="x", weights="imagenet")
    for name, share in (("classification", 1 / 15), ("detection", 1 / 3)):
        task = task_of(name)
        rates = [Choices.first(settings, 500, 1024, task).lr for settings in (pretrained, fresh)]
        assert rates[0] == pytest.approx(rates[1] * share)


def test_detection_takes_smaller_steps() -> None:
    batches = [
        Choices.first(TrainSettings.of(data="x"), 500, 1024, task_of(name)).batch
        for name in ("classification", "detection")
    ]
    assert batches == [32, 16]
    assert Choices.first(TrainSettings.of(data="x", batch=10), 500, 1024, task_of("detection")).batch == 10


def test_how_often_images_are_seen_is_planned_once() -> None:
    task = task_of("detection")
    seen = [
        Choices.first(TrainSettings.of(data="x", device="cpu", **choices), 200, 76_800, task).passes
        for choices in ({"epochs": 7}, {"minutes": 1.0}, {"minutes": 10.0}, {})
    ]
    assert seen[0] == 7
    assert seen[2] == pytest.approx(10 * seen[1])
    assert seen[3] == 60


def test_what_was_planned_first_is_read_again_by_a_resumed_run() -> None:
    settings = TrainSettings.of(data="x", device="cpu", minutes=1.0)
    first = Choices.first(settings, 200, 76_800, task_of("detection"))
    assert Choices.stored(Path("runs/a"), first.model_dump()) == first
    assert first.passes < 60
