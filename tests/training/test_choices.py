import pytest

from convsight.settings import TrainSettings
from convsight.tasks import task_of
from convsight.training.choices import Choices


def test_pretrained_weights_get_a_smaller_rate() -> None:
    fresh, pretrained = TrainSettings.of(data="x"), TrainSettings.of(data="x", weights="imagenet")
    for name, share in (("classification", 1 / 15), ("detection", 1 / 3)):
        task = task_of(name)
        rates = [Choices.first(settings, 500, task).lr for settings in (pretrained, fresh)]
        assert rates[0] == pytest.approx(rates[1] * share)


def test_detection_takes_smaller_steps() -> None:
    batches = [
        Choices.first(TrainSettings.of(data="x"), 500, task_of(name)).batch for name in ("classification", "detection")
    ]
    assert batches == [32, 16]
    assert Choices.first(TrainSettings.of(data="x", batch=10), 500, task_of("detection")).batch == 10
