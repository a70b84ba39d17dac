"""What stands in where a task lacks what only some can do."""

import math
from typing import Any

import pytest

from convsight.errors import UserError
from convsight.inputs import ImageInput, SequenceInput
from convsight.metrics import Measured, Metric
from convsight.settings import TrainSettings
from convsight.tasks import TASKS, task_of
from convsight.tasks.capabilities import WithGridHead, baselines_of, refuse_without_effect, trivial_value

RMSE = Metric("rmse", "lower", perfect=0.0, span=12.5, unit="m", share=False)
NOTHING: Any = object()  # neither a task that can anything nor examples


class Guessing:
    """A task with a method that learns nothing."""

    trivial_baseline_name = "usual"

    def trivial_baseline(self, train: Any, judged: Any) -> dict[str, Measured]:
        return {"rmse": Measured(11.0, 10.0, 12.0)}

    def baselines(self, train: Any, test: Any) -> dict[str, dict[str, Measured]]:
        return {self.trivial_baseline_name: self.trivial_baseline(train, test)}


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (RMSE, 12.5),
        (Metric("accuracy"), 0.0),
        (Metric("r2", span=2.0, share=False), -1.0),
        (Metric("psnr", perfect=math.inf, span=20.0, share=False), -math.inf),
        (Metric("log_likelihood_ratio", "lower", perfect=-math.inf, span=3.0, share=False), math.inf),
    ],
)
def test_without_a_baseline_a_span_from_perfect_stands_for_it(metric: Metric, value: float) -> None:
    assert trivial_value(NOTHING, metric, NOTHING, NOTHING) == value
    if math.isinf(metric.perfect):
        assert metric.beats(-3.0, value)


def test_a_baseline_of_the_task_is_taken() -> None:
    task: Any = Guessing()
    assert trivial_value(task, RMSE, NOTHING, NOTHING) == 11.0
    assert baselines_of(task, NOTHING, NOTHING) == {"usual": {"rmse": Measured(11.0, 10.0, 12.0)}}
    assert baselines_of(NOTHING, NOTHING, NOTHING) == {}


IMAGES = ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))
STEPS = SequenceInput(length=9, channels=1, mean=(0,), std=(1,))
OF_IMAGES: dict[str, Any] = {"size": 64, "fit": "pad", "colour": "grey", "grow": False}
OF_VARIATION: dict[str, Any] = {"augment": "none", "flip": "both", "rand_augment": 9, "erase": 0.5}


def given(**choices: Any) -> TrainSettings:
    return TrainSettings.of(data="x", task="toy", **choices)


@pytest.mark.parametrize(("name", "value"), {**OF_IMAGES, **OF_VARIATION}.items())
def test_a_setting_that_does_nothing_is_refused(name: str, value: Any) -> None:
    settings, option = given(**{name: value}), name.replace("_", "-")
    for task in map(task_of, TASKS):
        refuse_without_effect(task, IMAGES, settings)
    with pytest.raises(UserError, match=f"--{option} does nothing for toy of sequences of 9 steps"):
        refuse_without_effect(NOTHING, STEPS, settings)
    if name in {*OF_VARIATION, "grow"}:  # images grow where a task says how they vary
        with pytest.raises(UserError, match=f"--{option} does nothing for toy of images of 8 x 8 px"):
            refuse_without_effect(NOTHING, IMAGES, settings)
    else:
        refuse_without_effect(NOTHING, IMAGES, settings)


def test_a_last_layer_on_cells_is_of_tasks_that_have_one() -> None:
    for name in TASKS:
        task = task_of(name)
        if isinstance(task, WithGridHead):
            refuse_without_effect(task, IMAGES, given(head_pool=3))
        else:
            with pytest.raises(UserError, match="--head-pool does nothing for toy of images"):
                refuse_without_effect(task, IMAGES, given(head_pool=3))
    assert isinstance(task_of("classification"), WithGridHead)
    assert not isinstance(task_of("detection"), WithGridHead)


def test_operations_on_colours_need_colours() -> None:
    bands = IMAGES.model_copy(update={"channels": 13, "mean": (0.0,) * 13, "std": (1.0,) * 13, "range": (0, 1)})
    settings = given(rand_augment=9)
    for task in map(task_of, TASKS):
        refuse_without_effect(task, IMAGES, settings)
        if not bands.is_rgb:
            with pytest.raises(UserError, match="--rand-augment does nothing for toy of"):
                refuse_without_effect(task, bands, settings)


def test_what_was_not_given_is_not_refused() -> None:
    refuse_without_effect(NOTHING, STEPS, given(epochs=3, augment="auto"))
