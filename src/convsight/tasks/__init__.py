"""Kinds of question. One folder each: `reader.py` and `metrics.py` are light, `task.py` needs PyTorch."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from convsight.errors import unknown_name

if TYPE_CHECKING:
    from convsight.tasks.contract import Task
    from convsight.tasks.reader import Reader


class _Entry(NamedTuple):
    """Where the two halves of a task are; by name, so that the light half never imports the other."""

    reader: str
    task: str


TASKS = {
    "classification": _Entry(
        reader="convsight.tasks.classification.reader:ClassReader",
        task="convsight.tasks.classification.task:Classification",
    ),
}


def reader_of(task: str, classes: tuple[str, ...]) -> "Reader":
    """The light half of the task called `task`."""
    reader: Reader = _imported(_entry(task).reader)(classes)
    return reader


def task_of(task: str, classes: tuple[str, ...]) -> "Task":
    """The task called `task`, for training; imports PyTorch."""
    found: Task = _imported(_entry(task).task)(reader_of(task, classes))
    return found


def _entry(task: str) -> _Entry:
    if task not in TASKS:
        raise unknown_name("task", task, TASKS)
    return TASKS[task]


def _imported(place: str) -> Any:
    module, name = place.split(":")
    return getattr(import_module(module), name)
