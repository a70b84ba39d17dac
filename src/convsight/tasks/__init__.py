"""Kinds of question. One folder each: `light/` is what needs no PyTorch, and beside it lies what does."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from convsight.errors import unknown_name

if TYPE_CHECKING:
    from convsight.card import Card
    from convsight.settings import TaskSettings
    from convsight.tasks.contract import Task
    from convsight.tasks.reader import Reader


class TaskFolder(NamedTuple):
    """Where the parts of a task are, as `module:name`, so that the light half never imports the other."""

    reader: str
    settings: str
    task: str


def _folder(name: str, reader: str, settings: str, task: str) -> TaskFolder:
    """The entry of the folder called `name`, which has the classes with these names in its files."""
    place = f"{__name__}.{name}"
    return TaskFolder(f"{place}.light.reader:{reader}", f"{place}.light.settings:{settings}", f"{place}.task:{task}")


TASKS = {
    "classification": _folder("classification", "ClassReader", "ClassificationSettings", "Classification"),
    "detection": _folder("detection", "BoxReader", "DetectionSettings", "Detection"),
}


def reader_of(card: "Card") -> "Reader":
    """What reads the answers of the network on `card`: the light half of its task."""
    reader: Reader = _imported(_entry(card.task).reader)(card)
    return reader


def task_of(task: str) -> "Task":
    """The task called `task`, for training; imports PyTorch."""
    found: Task = _imported(_entry(task).task)()
    return found


def settings_of(task: str) -> "type[TaskSettings]":
    """The choices of a training that only the task called `task` has."""
    found: type[TaskSettings] = _imported(_entry(task).settings)
    return found


def _entry(task: str) -> TaskFolder:
    if task not in TASKS:
        raise unknown_name("task", task, TASKS)
    return TASKS[task]


def _imported(place: str) -> Any:
    module, name = place.split(":")
    return getattr(import_module(module), name)
