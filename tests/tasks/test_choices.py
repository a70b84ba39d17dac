"""Settings of all tasks and of one: sorted, checked before data are read and after."""

from typing import Literal, get_origin

import pytest
from typer.testing import CliRunner

from convsight.errors import UserError
from convsight.settings import TaskSettings, TrainSettings
from convsight.tasks import TASKS, settings_of
from convsight.tasks.choices import for_task, own_names, train_settings
from convsight.train_options import train_app


@pytest.mark.parametrize(
    ("task", "name", "value"),
    [("detection", "mirror", False), ("classification", "box_loss", "giou"), ("classification", "multi_scale", True)],
)
def test_settings_of_another_task_are_refused(task: str, name: str, value: object) -> None:
    settings = train_settings(data="x", **{name: value})
    with pytest.raises(UserError, match=f"--{name.replace('_', '-')} is for .*, not for {task}"):
        for_task(settings, task)
    with pytest.raises(UserError, match=f"--{name.replace('_', '-')} is for"):
        train_settings(data="x", task=task, **{name: value})
    other = "classification" if task == "detection" else "detection"
    assert for_task(settings, other).own[name] == value
    assert for_task(settings, other).task == other


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"mosaik": 1}, "unknown setting 'mosaik'; did you mean mosaic"),
        ({"epoch": 3}, "unknown setting 'epoch'; did you mean epochs"),
        ({"mosaic": 3}, "mosaic=3"),
        ({"label_smoothing": "much"}, "label_smoothing='much'"),
        ({"task": "detection", "box_loss": "cious"}, "box_loss='cious'"),
        (
            {"task": "pose"},
            "there is no task 'pose' yet; there are classification, multilabel, detection, segmentation, instances, "
            "panoptic and regression",
        ),
    ],
)
def test_a_mistake_names_the_setting_before_data_are_read(choices: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as raised:
        train_settings(data="photos", **choices)
    assert message in str(raised.value)


def test_what_is_settled_is_settled_once_more_alike() -> None:
    settled = for_task(train_settings(data="x", overlap=0.5), "detection")
    assert settled.own["overlap"] == 0.5
    assert for_task(settled, "detection") == settled


@pytest.mark.parametrize("task", TASKS)
def test_every_setting_of_a_task_is_explained_and_none_is_general(task: str) -> None:
    fields = settings_of(task).model_fields
    assert issubclass(settings_of(task), TaskSettings)
    assert all(info.description for info in fields.values())
    assert not fields.keys() & TrainSettings.model_fields.keys()


@pytest.mark.parametrize("name", own_names())
def test_what_tasks_share_by_name_is_of_one_type_or_a_choice_by_name_for_all(name: str) -> None:
    fields = [kind.model_fields[name] for kind in own_names()[name]]
    chosen = all(field.annotation is str or get_origin(field.annotation) is Literal for field in fields)
    assert chosen or len({str(field.annotation) for field in fields}) == 1


@pytest.mark.parametrize(
    ("task", "shown", "hidden"),
    [(None, "--epochs", "--mosaic"), ("detection", "--mosaic", "--mirror"), ("classification", "--mirror", "--mosaic")],
)
def test_help_shows_the_options_of_a_task(task: str | None, shown: str, hidden: str) -> None:
    arguments = ["--help"] if task is None else ["--task", task, "--help"]
    text = CliRunner().invoke(train_app(task), arguments, env={"COLUMNS": "200"}).output
    assert shown in text
    assert hidden not in text
    assert ("--task detection --help" in text) is (task is None)
