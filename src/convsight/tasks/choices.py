"""Choices of a training sorted into those of every task and those of one: checked before data are read, and after."""

from collections.abc import Mapping
from typing import Any

from convsight.errors import UserError, unknown_name
from convsight.habits import habit_of_setting
from convsight.settings import TaskSettings, TrainSettings, checked
from convsight.tasks import TASKS, settings_of


def train_settings(**choices: Any) -> TrainSettings:
    """Settings from keyword arguments, those of single tasks among them, as far as they can be checked without data.

    Raises `UserError` for a name that no task knows, and for a value that no task with that name can use.

    >>> train_settings(data="photos", mosaic=0.5).own
    {'mosaic': 0.5}
    >>> train_settings(data="photos", mosaik=0.5)
    Traceback (most recent call last):
        ...
    convsight.errors.UserError: unknown setting 'mosaik'; did you mean mosaic?
    """
    general = {name: value for name, value in choices.items() if name in TrainSettings.model_fields}
    own = {name: value for name, value in choices.items() if name not in general} | general.pop("own", {})
    known = own_names()
    for name in own:
        if name not in known:
            if here := habit_of_setting(name):
                raise UserError(f"unknown setting {name!r}; here it is {here}")
            raise unknown_name("setting", name, [*TrainSettings.model_fields, *known])
    settings = TrainSettings.of(**general, own=own)
    if settings.task is not None:
        return for_task(settings, settings.task)
    for name in own:
        _check_anywhere(name, own)
    return settings


def for_task(settings: TrainSettings, task: str) -> TrainSettings:
    """`settings` for data of that task, its own choices settled.

    Raises `UserError` where one was given that does nothing for the task, or has a wrong value.
    """
    kind = settings_of(task)
    for name in sorted(settings.own.keys() - kind.model_fields.keys()):
        *others, last = (other for other in TASKS if name in settings_of(other).model_fields)
        those = f"{', '.join(others)} and {last}" if others else last
        raise UserError(f"--{_option(name)} is for {those}, not for {task}: leave it out")
    own = kind.of(settings)
    return settings.model_copy(update={"task": task, "own": own.model_dump(exclude_none=True)})


def own_names() -> Mapping[str, tuple[type[TaskSettings], ...]]:
    """The settings that only some tasks have, by name, and the models that explain them."""
    kinds = [settings_of(task) for task in TASKS]
    names = dict.fromkeys(name for kind in kinds for name in kind.model_fields)
    return {name: tuple(kind for kind in kinds if name in kind.model_fields) for name in names}


def _check_anywhere(name: str, own: Mapping[str, Any]) -> None:
    """Raise what the first task says against its value where none can use it with those of the others that it has."""
    refusals = []
    for kind in own_names()[name]:
        try:
            checked(kind, {other: value for other, value in own.items() if other in kind.model_fields})
        except UserError as error:
            refusals.append(error)
        else:
            return
    raise refusals[0]


def _option(name: str) -> str:
    return name.replace("_", "-")
