"""Data of another kind of question that hold what a task asks for: boxes tell which classes an image shows."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from convsight.datasets import Dataset, read_as_it_is
from convsight.tasks import reader_type


@runtime_checkable
class Adopting(Protocol):
    """What the light half of a task has besides, where it can learn from targets of others."""

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        """The same images with targets of this task; None where those of `dataset` do not tell them."""


def data_for(source: str | Path | Dataset, task: str | None, column: str | None = None) -> Dataset:
    """The data at `source`, whether or not they can be learnt, with targets of `task` where they can tell these.

    Without a `task`, and where they cannot, they are as they are. Of `column` see `read_dataset`.
    """
    dataset = read_as_it_is(source, column)
    if task is None or dataset.task == task:
        return dataset
    reader: Any = reader_type(task)
    return (reader.adopted(dataset) if isinstance(reader, Adopting) else None) or dataset
