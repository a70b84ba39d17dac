"""The data.yaml of a YOLO data set: class names, and where the images of each split are."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from convsight.datasets.dataset import SPLIT_NAMES
from convsight.datasets.names import class_name, split_called
from convsight.errors import UserError
from convsight.words import quoted, shortened

_MOST_BYTES = 4 * 2**20  # of a data.yaml; 100,000 classes with long names are half of it
_DIGITS = 6  # of a class number; more classes are damage
_LONGEST = 200  # characters of a path in a message


@dataclass(frozen=True)
class YoloYaml:
    """What the file says: names by class number, places by split, whether its labels hold keypoints too.

    `named` is false where the file only counts the classes.
    """

    file: Path
    root: Path
    names: Mapping[int, str]
    named: bool
    splits: Mapping[str, Sequence[str]]
    keypoints: bool
    notes: tuple[str, ...]

    def resolved(self, split: str, text: str) -> Path:
        """The folder or file that `text` names.

        Raises `UserError` where there is no such.
        """
        places = [self.root / text, self.root / text.replace("\\", "/")]
        if text.startswith("../"):
            places.append(self.root / text.removeprefix("../"))  # so do Roboflow's files name folders beside them
        found = next((place for place in places if os.path.exists(place)), None)  # noqa: PTH110  (false for any text)
        if found is None:
            where = shortened(str(places[0]), _LONGEST)
            raise UserError(f"{self.file}: {split} is {quoted(text)}, but there is no {where}; correct it or 'path'")
        return found


def read_yaml(file: Path) -> YoloYaml:
    """The checked content of `file`; errors are those of `read_yolo`."""
    document = _parsed(file)
    names = _names(file, document)
    root = file.parent / _text(file, document, "path")
    splits, notes = _splits(file, document)
    return YoloYaml(
        file,
        root if root.is_dir() else file.parent,  # `path` is often that of another machine
        names,
        named="names" in document,
        splits=splits,
        keypoints="kpt_shape" in document,
        notes=notes,
    )


def _check_aliases(data: bytes) -> None:
    """Raise a `MarkedYAMLError` where more than a text is named once and meant again: such lists grow beyond memory."""
    texts = set()
    for event in yaml.parse(data, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.ScalarEvent):
            texts.add(event.anchor)
        elif isinstance(event, yaml.AliasEvent) and event.anchor not in texts:
            problem = "an alias for more than a text; write it out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        elif isinstance(event, yaml.CollectionStartEvent):
            texts.discard(event.anchor)


def _bytes(file: Path) -> bytes:
    if file.stat().st_size > _MOST_BYTES:
        raise UserError(f"{file} is larger than {_MOST_BYTES // 2**20} MiB, which no description of a data set is")
    return file.read_bytes()


def _parsed(file: Path) -> Mapping[str, Any]:
    try:
        # Texts, lists and mappings only: a class called `no` is none that YAML calls false.
        data = _bytes(file)
        _check_aliases(data)
        document = yaml.load(data, Loader=yaml.BaseLoader)  # noqa: S506
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{file}, line {line}: damaged YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{file} is no YAML text: {error}") from error
    if not isinstance(document, dict) or not ("names" in document or "nc" in document):
        raise UserError(f"{file} describes no data set; expected names, and train, val or test")
    return document


def _text(file: Path, document: Mapping[str, Any], key: str) -> str:
    value = document.get(key, "")
    if not isinstance(value, str):
        raise UserError(f"{file}: {key} is {quoted(value)}; expected a text")
    return value


def _names(file: Path, document: Mapping[str, Any]) -> dict[int, str]:
    count = _text(file, document, "nc") or None
    if count is not None and not _is_class_number(count):
        raise UserError(f"{file}: nc is {quoted(count)}; expected how many classes there are")
    given = document.get("names")
    if given is None:
        return {number: str(number) for number in range(int(count or 0))}
    pairs = (
        list(given.items()) if isinstance(given, dict) else list(enumerate(given)) if isinstance(given, list) else []
    )
    names: dict[int, str] = {}
    taken: set[str] = set()
    for key, text in pairs:
        name = class_name(text) if isinstance(text, str) else ""
        if not _is_class_number(str(key)) or not name:
            raise UserError(f"{file}: the class {quoted(key)} is named {quoted(text)}; expected a number and a name")
        if name in taken:
            raise UserError(f"{file}: the name {quoted(name)} is given to two classes; change one")
        taken.add(name)
        names[int(key)] = name
    if not names:
        raise UserError(f"{file}: names is {quoted(given)}; expected a list of names, or numbers with names")
    if count is not None and int(count) != len(names):
        raise UserError(f"{file}: nc is {count}, but there are {len(names)} names; correct one of them")
    return dict(sorted(names.items()))


def _is_class_number(text: str) -> bool:
    """Whether `text` is a whole number that classes can have, or be counted by."""
    return text.isdecimal() and len(text) <= _DIGITS


def _splits(file: Path, document: Mapping[str, Any]) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The places of each split; one that names those of another is none, and noted."""
    splits: dict[str, tuple[str, ...]] = {}
    notes = []
    for split in SPLIT_NAMES:
        others = (value for key, value in document.items() if split_called(str(key)) == split)
        given: Any = document.get(split) or next((value for value in others if value), [])
        places = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else ()
        if not all(isinstance(place, str) for place in places) or (given and not places):
            raise UserError(f"{file}: {split} is {quoted(given)}; expected a folder, a list of images, or several")
        same = next((other for other, known in splits.items() if known == places), None)
        if same:
            notes.append(f"{split} names the same images as {same}, so it would judge nothing; left out")
        elif places:
            splits[split] = places
    if not splits:
        raise UserError(f"{file} names no images; expected train, val or test with a folder")
    return splits, tuple(notes)
