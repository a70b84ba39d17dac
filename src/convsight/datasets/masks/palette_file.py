"""Files that say which classes masks hold: names in order, or with the number or the colour of each.

Read are: names a line (classes.txt); a number, a colour or both beside each name (label_colors.txt, a line of which is
`64 128 64 Animal`); CVAT's labelmap.txt; tables with a header (class_dict.csv: name,r,g,b); JSON as a list of objects
with name, color and id, as `{"labels": [...]}` (Mapillary) or `{"classes": [...], "ignore": [255], "nearest": true}`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from convsight.datasets.boxes.json_file import parsed_json
from convsight.datasets.names import class_name
from convsight.datasets.text_rows import text_rows
from convsight.errors import UserError
from convsight.words import quoted

Colour = tuple[int, int, int]

OPTIONS = "masks.json"
_NAMES = (
    OPTIONS,
    *(
        "palette.json",
        "classes.json",
        "label_colors.json",
        "class_dict.csv",
        "palette.csv",
        "classes.csv",
        "colors.csv",
    ),
    *("label_colors.txt", "label_colours.txt", "labelmap.txt", "palette.txt", "colors.txt"),
    *("classes.txt", "class_names.txt", "labels.txt", "names.txt", "codes.txt", "config.json", "config_v2.0.json"),
    "config_v1.2.json",
)
# What people call pixels that are of no class.
_IGNORED = frozenset(
    (
        *("void", "unlabelled", "unlabeled", "ignore", "ignored", "don't care", "dontcare", "unannotated"),
        *("unlabelled pixels", "not labelled", "not labeled", "ignore region"),
    )
)
_COLUMNS = {
    **dict.fromkeys(("name", "class", "label", "class_name", "classname", "category", "label_name"), "name"),
    **dict.fromkeys(("id", "index", "value", "number", "class_id", "label_id", "pixel", "grey", "gray"), "value"),
    **dict.fromkeys(("r", "red"), "r"),
    **dict.fromkeys(("g", "green"), "g"),
    **dict.fromkeys(("b", "blue"), "b"),
    **dict.fromkeys(("color", "colour", "hex", "rgb", "color_rgb"), "colour"),
    **dict.fromkeys(("ignore", "ignored"), "ignore"),
    **dict.fromkeys(("isthing", "thing", "things", "instances"), "things"),
}
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_TRUE = ("1", "true", "yes", "True")
_LARGEST = 65_535


class PaletteEntry(NamedTuple):
    """A class: the number and the colour that it has in masks, where they are told; or, if `ignored`, none."""

    name: str
    value: int | None = None
    colour: Colour | None = None
    ignored: bool = False
    things: bool | None = None


class PaletteFile(NamedTuple):
    """What `file` says; `ignored` are numbers of no class, `nearest` asks for the nearest class of what has none."""

    file: Path
    entries: tuple[PaletteEntry, ...]
    ignored: frozenset[int] = frozenset()
    nearest: bool = False


def find_palette(folders: Sequence[Path]) -> PaletteFile | None:
    """The first such file in the first of `folders` that has one, with the options of masks.json.

    Raises `UserError` naming file and line for what cannot be read.
    """
    places = (folder / name for folder in folders for name in _NAMES)
    files = [place for place in places if place.is_file()]
    found = next((read for file in files if file.name != OPTIONS and (read := read_palette(file)).entries), None)
    options = next((read_palette(file) for file in files if file.name == OPTIONS), None)
    if options is None or options.entries:
        return options or found
    if found is None:
        return options
    return found._replace(ignored=found.ignored | options.ignored, nearest=found.nearest or options.nearest)


def read_palette(file: Path) -> PaletteFile:
    """The classes that `file` names; `UserError` names file and line of what is no class."""
    if file.suffix.lower() == ".json":
        return _from_json(file, parsed_json(file))
    if file.suffix.lower() in {".csv", ".tsv"}:
        header, *rows = text_rows(file)
        columns = [_COLUMNS.get(name.strip().lower().lstrip("﻿"), "") for name in header[1]]
        if "name" in columns:
            return _checked(file, [_from_row(file, place, columns, fields) for place, fields in rows])
    return _checked(file, list(_from_lines(file)))


def _from_row(file: Path, place: str, columns: Sequence[str], fields: Sequence[str]) -> PaletteEntry:
    row = {column: field.strip() for column, field in zip(columns, fields, strict=True) if column}
    where = f"{file}, {place}"
    parts = [row[channel] for channel in "rgb" if channel in row]
    colour = _colour(where, parts) if len(parts) == 3 else _colour(where, row["colour"]) if row.get("colour") else None
    value = _number(where, row["value"]) if row.get("value") else None
    things = row["things"] in _TRUE if row.get("things") else None
    return _entry(where, row["name"], value, colour, ignored=row.get("ignore") in _TRUE, things=things)


def _from_lines(file: Path) -> Iterator[PaletteEntry]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    numbered = [(f"{file}, line {number}", line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(where, line) for where, line in numbered if line and not line.startswith("#")]
    has_numbers = all(re.match(r"\d", line) or re.search(r"\d$", line) for _, line in lines)
    for where, line in lines:
        yield _from_line(where, line, has_numbers=has_numbers)


def _from_line(where: str, line: str, *, has_numbers: bool) -> PaletteEntry:
    if (cvat := re.fullmatch(r"([^:]+):(\d+,\d+,\d+):[^:]*:[^:]*", line)) is not None:
        return _entry(where, cvat[1], None, _colour(where, cvat[2].split(",")))
    words = re.split(r"[\s,;:]+", line)
    before = next((place for place, word in enumerate(words) if not word.isdecimal()), len(words))
    after = next((place for place, word in enumerate(reversed(words)) if not word.isdecimal()), len(words))
    numbers = [*words[:before], *(words[len(words) - after :] if before < len(words) else [])]
    name = " ".join(words[before : len(words) - after])
    if not has_numbers or not name or len(numbers) not in {1, 3, 4}:
        return _entry(where, line, None, None)
    if len(numbers) == 1:
        return _entry(where, name, _number(where, numbers[0]), None) if before else _entry(where, line, None, None)
    value = _number(where, numbers[0]) if len(numbers) == 4 else None
    return _entry(where, name, value, _colour(where, numbers[-3:]))


def _from_json(file: Path, document: object) -> PaletteFile:
    ignored: frozenset[int] = frozenset()
    nearest = False
    listed: object = document
    if isinstance(document, dict):
        listed = next((document[key] for key in ("classes", "labels", "categories") if key in document), None)
        if "nearest" in document or "ignore" in document or listed is not None:
            nearest = document.get("nearest") is True
            given = document.get("ignore", [])
            ignored = frozenset(_number(str(file), each) for each in (given if isinstance(given, list) else [given]))
        else:
            listed = document
    if listed is None:
        return PaletteFile(file, (), ignored, nearest)
    if isinstance(listed, dict):
        entries = [_from_pair(file, key, value) for key, value in listed.items()]
    elif isinstance(listed, list):
        entries = [_from_object(f"{file}, class {number}", each) for number, each in enumerate(listed)]
    else:
        raise UserError(f"{file} names no classes: expected a list of names, or of objects with name, color and id")
    return _checked(file, entries)._replace(ignored=ignored, nearest=nearest)


def _from_pair(file: Path, key: str, value: Any) -> PaletteEntry:
    """`{"sky": [70, 130, 180]}`, or `{"0": "sky"}`, or `{"sky": 0}`."""
    where = f"{file}, {quoted(key)}"
    if isinstance(value, list) or (isinstance(value, str) and _HEX.fullmatch(value) and not key.isdecimal()):
        return _entry(where, key, None, _colour(where, value))
    if isinstance(value, int):
        return _entry(where, key, _number(where, value), None)
    return _entry(where, value, _number(where, key), None)


def _from_object(where: str, each: Any) -> PaletteEntry:
    if isinstance(each, str):
        return _entry(where, each, None, None)
    if not isinstance(each, Mapping):
        raise UserError(f"{where} is {quoted(each)}; expected a name, or an object with name, color and id")
    told = {_COLUMNS.get(str(key).lower(), ""): value for key, value in each.items()}
    colour = None if told.get("colour") is None else _colour(where, told["colour"])
    value = None if told.get("value") is None else _number(where, told["value"])
    things = None if told.get("things") is None else bool(told["things"])
    ignored = bool(told.get("ignore")) or each.get("evaluate") is False
    return _entry(where, told.get("name"), value, colour, ignored=ignored, things=things)


def _entry(
    where: str,
    name: object,
    value: int | None,
    colour: Colour | None,
    *,
    ignored: bool = False,
    things: bool | None = None,
) -> PaletteEntry:
    text = class_name(name) if isinstance(name, str) else ""
    if not text:
        raise UserError(f"{where}: the name is {quoted(name)}; expected a text")
    return PaletteEntry(text, value, colour, ignored or text.lower() in _IGNORED, things)


def _number(where: str, text: object) -> int:
    try:
        number = int(str(text))
    except ValueError:
        number = -1
    if not 0 <= number <= _LARGEST:
        raise UserError(f"{where}: {quoted(text)} is no number of a class; expected 0 to {_LARGEST:,}")
    return number


def _colour(where: str, given: Any) -> Colour:
    parts: Sequence[Any] = given
    if isinstance(given, str):
        code = _HEX.fullmatch(given.strip())
        parts = [int(code[1][place : place + 2], 16) for place in (0, 2, 4)] if code else re.findall(r"\d+", given)
    try:
        red, green, blue = (int(str(part)) for part in parts)
    except (ValueError, TypeError):
        raise UserError(f"{where}: the colour is {quoted(given)}; expected red, green and blue") from None
    if not all(0 <= part <= 255 for part in (red, green, blue)):
        raise UserError(f"{where}: the colour is {quoted(given)}; expected 0 to 255 for red, green and blue")
    return red, green, blue


def _checked(file: Path, entries: Sequence[PaletteEntry]) -> PaletteFile:
    """Names, numbers and colours each once; either all classes have numbers or none, and so for colours."""
    for what, values in (
        ("name", [each.name for each in entries]),
        ("number", [each.value for each in entries if each.value is not None]),
        ("colour", [each.colour for each in entries if each.colour is not None and not each.ignored]),
    ):
        twice = next((value for place, value in enumerate(values) if value in values[:place]), None)
        if twice is not None:
            raise UserError(f"{file}: the {what} {quoted(twice)} is there twice; correct one")
    for what, known in (
        ("number", [each.value is not None for each in entries]),
        ("colour", [each.colour is not None for each in entries]),
    ):
        if any(known) and not all(known):
            raise UserError(f"{file}: {quoted(entries[known.index(False)].name)} has no {what}, as others have; add it")
    return PaletteFile(file, tuple(entries))
