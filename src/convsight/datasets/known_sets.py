"""Data sets known by name: torchvision downloads them once, when there is a network, and checks their sums."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from convsight.datasets.dataset import UNSPLIT, Dataset, Split
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes

_TRAIN_TEST: Mapping[str, Mapping[str, Any]] = {"train": {"train": True}, "test": {"train": False}}
_SPLIT_NAMED: Mapping[str, Mapping[str, Any]] = {"train": {"split": "train"}, "test": {"split": "test"}}
_THREE: Mapping[str, Mapping[str, Any]] = {s: {"split": s} for s in ("train", "val", "test")}


@dataclass(frozen=True)
class KnownSet:
    """A class of `torchvision.datasets`, and the arguments that give each split.

    `in_memory` sets hold their images as one array; the others list files.
    """

    class_name: str
    splits: Mapping[str, Mapping[str, Any]]
    in_memory: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    written: bool = False  # images of writing, which a mirror changes though the class names do not say so


_DIGITS = tuple("0123456789")

KNOWN_SETS: Mapping[str, KnownSet] = {
    "fashion-mnist": KnownSet("FashionMNIST", _TRAIN_TEST),
    "mnist": KnownSet("MNIST", _TRAIN_TEST, classes=_DIGITS),
    "kmnist": KnownSet("KMNIST", _TRAIN_TEST, written=True),
    "cifar10": KnownSet("CIFAR10", _TRAIN_TEST),
    "cifar100": KnownSet("CIFAR100", _TRAIN_TEST),
    "svhn": KnownSet("SVHN", _SPLIT_NAMED, classes=_DIGITS),
    "stl10": KnownSet("STL10", _SPLIT_NAMED),
    "flowers102": KnownSet("Flowers102", _THREE, in_memory=False),
    "food101": KnownSet("Food101", _SPLIT_NAMED, in_memory=False),
    "dtd": KnownSet("DTD", _THREE, in_memory=False),
    "fgvc-aircraft": KnownSet("FGVCAircraft", _THREE, in_memory=False),
    "eurosat": KnownSet("EuroSAT", {UNSPLIT: {}}, in_memory=False),
    "imagenette": KnownSet(
        "Imagenette",
        {"train": {"split": "train"}, "test": {"split": "val"}},
        in_memory=False,
        arguments={"size": "320px"},
    ),
}


def cache_folder() -> Path:
    """Where downloaded sets are kept: `$CONVSIGHT_DATA`, else `~/.cache/convsight/data`."""
    return Path(os.environ.get("CONVSIGHT_DATA") or Path.home() / ".cache" / "convsight" / "data")


def is_known_set(path: Path) -> bool:
    """Whether `path` is the name of a known set rather than something on disk."""
    return str(path) in KNOWN_SETS and not path.exists()


def read_known_set(path: Path) -> Dataset:
    """The set named by `path`, downloaded where it is not in the cache yet.

    Raises `UserError` where it is neither in the cache nor can be downloaded.
    """
    name = str(path)
    known = KNOWN_SETS[name]
    found = {split: _load(name, known, arguments) for split, arguments in known.splits.items()}
    names = known.classes or _class_names(next(iter(found.values())))
    read = _array_split if known.in_memory else _file_split
    splits = {split: read(split, source, names) for split, source in found.items()}
    return Dataset(
        name=name,
        source=name,
        task="classification",
        target=Classes(names=names),
        splits=splits,
        classes_named=not known.written,
    )


def _load(name: str, known: KnownSet, arguments: Mapping[str, Any]) -> Any:
    kind = getattr(_torchvision_datasets(name), known.class_name)
    root = cache_folder()
    # As its own loader, Path makes torchvision hand over file names and leaves decoding to us.
    chosen = {**known.arguments, **arguments} | ({} if known.in_memory else {"loader": Path})
    try:
        return kind(root=root, download=False, **chosen)
    except (RuntimeError, FileNotFoundError):
        pass  # not downloaded yet
    try:
        root.mkdir(parents=True, exist_ok=True)
        return kind(root=root, download=True, **chosen)
    except (RuntimeError, OSError) as error:
        raise UserError(
            f"the data set {name!r} is not in {root} and could not be downloaded ({error}); "
            f"check the network, or bring its files there as torchvision.datasets.{known.class_name} lays them out, "
            "or give the path of your own copy"
        ) from error


def _torchvision_datasets(name: str) -> Any:
    # By name and only now, since torchvision is not in the light install.
    try:
        return import_module("torchvision.datasets")
    except ModuleNotFoundError as error:
        raise UserError(
            f'the data set {name!r} needs torchvision: pip install ".[train]" in the clone of convsight'
        ) from error


def _class_names(source: Any) -> tuple[str, ...]:
    # Imagenette lists tuples of synonyms, the others plain strings.
    return tuple(name if isinstance(name, str) else name[0] for name in source.classes)


def _array_split(name: str, source: Any, classes: tuple[str, ...]) -> Split:
    images = np.asarray(source.data)
    if images.ndim == 4 and images.shape[1] == 3:  # SVHN and STL-10 put channels first
        images = images.transpose(0, 2, 3, 1)
    labels = np.asarray(source.targets if hasattr(source, "targets") else source.labels)
    names = [f"{name}/{index:05d}" for index in range(len(labels))]
    return Split(name, np.ascontiguousarray(images, np.uint8), Labels(labels, classes), names)


def _file_split(name: str, source: Any, classes: tuple[str, ...]) -> Split:
    samples = [source[index] for index in range(len(source))]
    files = [Path(path) for path, _ in samples]
    labels = np.array([label for _, label in samples], np.int64)
    return Split(name, files, Labels(labels, classes), [f"{name}/{file.parent.name}/{file.name}" for file in files])
