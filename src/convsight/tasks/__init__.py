"""Kinds of question. One folder each: `light/` is what needs no PyTorch, and beside it lies what does."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from convsight.errors import UserError, unknown_name

if TYPE_CHECKING:
    from torch import nn

    from convsight.card import Card
    from convsight.nets.task_nets import TaskNets
    from convsight.settings import TaskSettings
    from convsight.tasks.contract import Task
    from convsight.tasks.reader import Reader


class TaskFolder(NamedTuple):
    """Where the parts of a task are, as `module:name`, so that the light half never imports the other.

    `networks` are the `TaskNets` that it adds to the catalogue, empty where there are none.
    """

    reader: str
    settings: str
    task: str
    networks: str = ""


def _folder(name: str, reader: str, settings: str, task: str, networks: str = "") -> TaskFolder:
    """The entry of the folder called `name`, which has what is called so in its files."""
    place = f"{__name__}.{name}"
    return TaskFolder(
        reader=f"{place}.light.reader:{reader}",
        settings=f"{place}.light.settings:{settings}",
        task=f"{place}.task:{task}",
        networks=networks and f"{place}.networks:{networks}",
    )


TASKS = {
    "classification": _folder("classification", "ClassReader", "ClassificationSettings", "Classification"),
    "multilabel": _folder("multilabel", "LabelSetReader", "MultilabelSettings", "Multilabel"),
    "detection": _folder("detection", "BoxReader", "DetectionSettings", "Detection", "NETWORKS"),
    "segmentation": _folder("segmentation", "ClassMapReader", "SegmentationSettings", "Segmentation", "NETWORKS"),
    "instances": _folder("instances", "InstanceReader", "InstanceSettings", "Instances", "NETWORKS"),
    "panoptic": _folder("panoptic", "PanopticReader", "PanopticSettings", "PanopticTask", "NETWORKS"),
    "regression": _folder("regression", "NumberReader", "RegressionSettings", "Regression"),
}


def reader_of(card: "Card") -> "Reader":
    """What reads the predictions of the network on `card`: the light half of its task."""
    return reader_type(card.task)(card)


def reader_type(task: str) -> "type[Reader]":
    """The light half of the task called `task`."""
    found: type[Reader] = _imported(_entry(task).reader)
    return found


def task_of(task: str) -> "Task":
    """The task called `task`, for training; imports PyTorch."""
    found: Task = _imported(_entry(task).task)()
    return found


def settings_of(task: str) -> "type[TaskSettings]":
    """The choices of a training that only the task called `task` has."""
    found: type[TaskSettings] = _imported(_entry(task).settings)
    return found


def own_networks() -> "dict[str, TaskNets[nn.Module]]":
    """The networks that tasks add to the catalogue, by the name of the task; imports PyTorch."""
    return {name: _imported(entry.networks) for name, entry in TASKS.items() if entry.networks}


# Parts of other tools' names for kinds of question -> ours; the first one counts.
_HERE = {"instance": "instances", "panoptic": "panoptic", "segment": "segmentation"}
# Those that have no folder here yet: none of ours is nearly the same.
_NOT_YET = ("pose", "keypoint", "obb", "depth", "embed", "retriev", "caption", "ocr", "generat")


def _entry(task: str) -> TaskFolder:
    if task not in TASKS:
        here = next((ours for part, ours in _HERE.items() if part in task.lower()), None)
        if here:
            raise UserError(f"there is no task {task!r}; here it is {here}")
        if any(part in task.lower() for part in _NOT_YET):
            *others, last = TASKS
            raise UserError(f"there is no task {task!r} yet; there are {', '.join(others)} and {last}")
        raise unknown_name("task", task, TASKS)
    return TASKS[task]


def _imported(place: str) -> Any:
    module, name = place.split(":")
    return getattr(import_module(module), name)
