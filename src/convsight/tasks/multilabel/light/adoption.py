"""Labels from what other kinds of questions know: the classes of boxes, a class, a class that names several."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from convsight.datasets import Dataset
from convsight.datasets.label_names import label_names, separator_of
from convsight.errors import UserError
from convsight.natural_order import natural_order
from convsight.results import BoxLists, Labels, LabelSets
from convsight.targets import SeveralLabels, Targets
from convsight.words import quoted


def as_labels(dataset: Dataset) -> Dataset | None:
    """The images of `dataset` with labels; None where its targets tell none.

    Boxes tell their classes, crowds and difficult ones as well, since they show them; a class is one label, or those
    that it names (`dog;grass`).
    """
    targets = [split.targets for split in dataset.splits.values()]
    if all(isinstance(each, BoxLists) for each in targets):
        return _with(dataset, dataset.target.names, _shown)
    if all(isinstance(each, Labels) for each in targets):
        classes = dataset.target.names
        separator = separator_of(classes, (";", "|"))
        named = [_names(dataset, name, separator) for name in classes]
        names = natural_order({name for each in named for name in each}) if separator else classes
        return _with(dataset, names, lambda targets: _named(targets, named, names))
    return None


def _names(dataset: Dataset, name: str, separator: str) -> tuple[str, ...]:
    if not separator:
        return (name,)
    try:
        return label_names(name, separator)
    except ValueError as error:
        raise UserError(f"{dataset.source}: the labels {quoted(name)}: {error}") from None


def _with(dataset: Dataset, names: tuple[str, ...], labels: Callable[[Targets], LabelSets]) -> Dataset:
    splits = {name: replace(split, targets=labels(split.targets)) for name, split in dataset.splits.items()}
    return replace(dataset, task="multilabel", target=SeveralLabels(names=names), splits=splits)


def _shown(targets: Targets) -> LabelSets:
    if not isinstance(targets, BoxLists):
        raise TypeError(f"expected boxes, not {type(targets).__name__}")
    present = np.zeros((len(targets), len(targets.classes)), np.bool_)
    for row, boxes in enumerate(targets):
        present[row, boxes.labels] = True
    return LabelSets(present, targets.classes)


def _named(targets: Targets, named: Sequence[tuple[str, ...]], names: tuple[str, ...]) -> LabelSets:
    if not isinstance(targets, Labels):
        raise TypeError(f"expected a class for each image, not {type(targets).__name__}")
    return LabelSets.of([named[index] for index in targets.indices.tolist()], names)
