"""Data that a Python program holds: arrays with labels, tables, map-style datasets, and splits of these."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import IN_MEMORY, SPLIT_NAMES, UNSPLIT, Dataset, Images, Split
from convsight.datasets.held_label_sets import held_label_sets
from convsight.datasets.held_pictures import HeldPictures, array_of_images
from convsight.datasets.held_table import table_dataset
from convsight.datasets.map_style import is_map_style, pictures_and_labels
from convsight.datasets.names import class_name, numbered_names, split_called
from convsight.errors import UserError, unknown_name
from convsight.foreign import is_table, is_tensor
from convsight.natural_order import natural_order
from convsight.results import Labels, LabelSets
from convsight.targets import Classes, SeveralLabels
from convsight.words import counted

TAKEN = (
    "a path, the name of a known data set, (images, labels), a table of pandas or polars with the columns path and "
    "label, a dataset of (image, label), or a dict of these by split"
)


def data_of(data: object, column: str | None = None) -> Dataset | str:
    """What a program gives as data: a path or name as text, all else as a `Dataset`.

    Of a table, `Split.groups` holds its `column`.

    Images are an array (images, height, width[, channels]), a tensor with channels first, or a list of paths, PIL
    images or arrays; labels are texts or whole numbers, one an image, or several of them, see `held_label_sets`. Of a
    table the columns are those of a file of its kind, and paths are relative to the working directory. A dict has them
    by split: `{"train": ..., "test": ...}`.

    Raises `TypeError` for what is none of these, and `UserError` where images and labels do not belong together.
    """
    match data:
        case str() | os.PathLike():
            return os.fsdecode(os.fspath(data))
        case Dataset():
            return data
        case Mapping():
            return _by_split(data)
        case _ if is_table(data):
            return table_dataset(data, column)
    images, labels, names, what = _images_and_labels(data)
    return _dataset(what, {UNSPLIT: (images, labels)}, names)


_Pair = tuple[Images, Sequence[Any]]


def _images_and_labels(data: Any) -> tuple[Images, Sequence[Any], tuple[str, ...] | None, str]:
    """Images, labels, the names of classes that labels number, if known, and what to call all of it."""
    if isinstance(data, tuple | list) and len(data) == 2:
        images, several = _images(data[0]), held_label_sets(data[1])
        labels = several.labels if several else _labels(data[1])
        if len(images) != len(labels):
            raise UserError(f"{counted(len(images), 'image')} but {counted(len(labels), 'label')}; give one an image")
        return images, labels, several.names if several else None, "arrays"
    if is_map_style(data):
        held = pictures_and_labels(data)
        return held.images, held.labels, held.names, held.what
    raise TypeError(f"data of the type {type(data).__name__}: give {TAKEN}")


def _by_split(data: Mapping[Any, Any]) -> Dataset:
    found: dict[str, _Pair] = {}
    known: tuple[str, ...] | None = None
    for spelling, part in data.items():
        name = split_called(str(spelling))
        if name is None:
            raise unknown_name("split", str(spelling), SPLIT_NAMES)
        if is_table(part) or isinstance(part, str | os.PathLike):
            raise TypeError(f"the split {name}: give (images, labels) or a dataset; tables have a column split")
        images, labels, names, _ = _images_and_labels(part)
        found[name] = images, labels
        known = known or names
    return _dataset("arrays", {name: found[name] for name in SPLIT_NAMES if name in found}, known)


def _dataset(what: str, splits: Mapping[str, _Pair], names: tuple[str, ...] | None) -> Dataset:
    every = [label for _, labels in splits.values() for label in labels]
    if any(isinstance(label, tuple) for label in every):
        return _labelled(what, splits, names or natural_order({name for label in every for name in _names(label)}))
    classes = names or natural_order({label for _, labels in splits.values() for label in map(_text, labels)})
    made = {
        name: Split(name, images, _targets(labels, classes, names), numbered_names(name, len(images)))
        for name, (images, labels) in splits.items()
    }
    numbered = names is None and all(isinstance(label, int) for label in every)
    return Dataset(
        name=what.lower().replace(" ", "-"),
        source=f"{what}{IN_MEMORY}",
        task="classification",
        target=Classes(names=classes),
        splits=made,
        classes_named=not numbered,
    )


def _labelled(what: str, splits: Mapping[str, _Pair], names: tuple[str, ...]) -> Dataset:
    """Any number of labels an image, each a tuple of names; a single class is one label."""
    made = {
        split: Split(
            split, images, LabelSets.of([_names(label) for label in labels], names), numbered_names(split, len(images))
        )
        for split, (images, labels) in splits.items()
    }
    named = not all(name.isdecimal() for name in names)
    source = f"{what}{IN_MEMORY}"
    return Dataset(what.lower(), source, "multilabel", SeveralLabels(names=names), made, classes_named=named)


def _names(label: Any) -> tuple[str, ...]:
    return label if isinstance(label, tuple) else (_text(label),)


def _targets(labels: Sequence[Any], classes: tuple[str, ...], names: tuple[str, ...] | None) -> Labels:
    if names is not None and all(isinstance(label, int) for label in labels):
        wrong = next((label for label in labels if not 0 <= label < len(names)), None)
        if wrong is not None:
            raise UserError(f"the label {wrong} is not one of 0 to {len(names) - 1}, as many as there are classes")
        return Labels(np.array(labels, np.int64), classes)
    index = {name: position for position, name in enumerate(classes)}
    unknown = next((label for label in labels if _text(label) not in index), None)
    if unknown is not None:
        raise unknown_name("label", _text(unknown), classes)
    return Labels(np.array([index[_text(label)] for label in labels], np.int64), classes)


def _text(label: Any) -> str:
    return class_name(str(label))


def _images(images: Any) -> Images:
    if is_tensor(images) or isinstance(images, np.ndarray):
        return array_of_images(images)
    if isinstance(images, str | bytes) or not isinstance(images, Sequence) or not len(images):
        raise TypeError(
            f"images of the type {type(images).__name__}: give an array, a tensor, or a list of one or more"
        )
    if all(isinstance(image, str | os.PathLike) for image in images):
        return [Path(image) for image in images]
    return HeldPictures.of(images)


def _labels(labels: Any) -> list[Any]:
    """Texts or whole numbers; raises `UserError` for anything else, such as a row an image."""
    array: NDArray[Any] = np.asarray(labels.detach().cpu() if is_tensor(labels) else labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(f"labels of shape {array.shape}: give one an image, a text or a whole number (argmax(axis=1))")
    if array.dtype.kind == "f" and (array == np.floor(array)).all():
        array = array.astype(np.int64)
    wrong = next((label for label in array.tolist() if not isinstance(label, str | int)), None)
    if wrong is not None:
        raise UserError(f"the label {wrong!r} is neither a text nor a whole number; give one an image")
    return list(array.tolist())
