"""Kinds of question. One folder each: `reader.py` and `metrics.py` are light, `task.py` needs PyTorch."""

from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from convsight.errors import UserError, unknown_name

if TYPE_CHECKING:
    from torch import nn

    from convsight.card import Card
    from convsight.nets.task_nets import TaskNets
    from convsight.tasks.contract import Task
    from convsight.tasks.reader import Reader


class _Entry(NamedTuple):
    """Where the two halves of a task are; by name, so that the light half never imports the other.

    `settings` are those of a training that mean something to this task alone. `networks` are the `TaskNets` that it
    adds to the catalogue, empty where there are none.
    """

    reader: str
    task: str
    settings: frozenset[str]
    networks: str = ""


TASKS = {
    "classification": _Entry(
        reader="convsight.tasks.classification.light.reader:ClassReader",
        task="convsight.tasks.classification.task:Classification",
        settings=frozenset({"mirror"}),
    ),
    "detection": _Entry(
        reader="convsight.tasks.detection.light.reader:BoxReader",
        task="convsight.tasks.detection.task:Detection",
        settings=frozenset({"box_loss", "class_loss", "mosaic", "mixup", "multi_scale", "suppression", "overlap"}),
        networks="convsight.tasks.detection.networks:NETWORKS",
    ),
}


def reader_of(card: "Card") -> "Reader":
    """What reads the answers of the network on `card`: the light half of its task."""
    reader: Reader = _imported(_entry(card.task).reader)(card)
    return reader


def task_of(task: str) -> "Task":
    """The task called `task`, for training; imports PyTorch."""
    found: Task = _imported(_entry(task).task)()
    return found


def own_networks() -> "dict[str, TaskNets[nn.Module]]":
    """The networks that tasks add to the catalogue, by the name of the task; imports PyTorch."""
    return {name: _imported(entry.networks) for name, entry in TASKS.items() if entry.networks}


def task_with(net: str) -> "Task":
    """The task that has a network called `net`: the last that says so, since classification takes any name."""
    return next(task for task in map(task_of, reversed(TASKS)) if task.has(net))


def check_settings(task: str, given: Collection[str]) -> None:
    """Raise `UserError` where a setting was given that means something to another task than `task` alone."""
    own = _entry(task).settings
    for other, entry in TASKS.items():
        for name in sorted((entry.settings - own) & set(given)):
            raise UserError(f"--{name.replace('_', '-')} is for {other}, not for {task}: leave it out")


def _entry(task: str) -> _Entry:
    if task not in TASKS:
        raise unknown_name("task", task, TASKS)
    return TASKS[task]


def _imported(place: str) -> Any:
    module, name = place.split(":")
    return getattr(import_module(module), name)
