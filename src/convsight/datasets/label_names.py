"""Several labels in one field of a table: `dog;grass`, `dog|grass`, `dog, grass`, `['dog', 'grass']`."""

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path

from convsight.datasets.names import class_name
from convsight.datasets.table_answers import LabelAnswers, TableRow
from convsight.errors import UserError
from convsight.natural_order import natural_order
from convsight.results.label_set import NONE
from convsight.words import counted, quoted

# Names of a column that holds several labels.
LABELS_COLUMNS = ("labels", "tags", "classes", "categories", "attributes")
_SEPARATORS = (";", "|", ",")
_NOTHING = (NONE, "[]")


def name_answers(table: Path, position: int, rows: Sequence[TableRow]) -> LabelAnswers:
    """The labels that the column at `position` names.

    They are separated by the first of `;`, `|` and `,` that the column holds, else by spaces where it has fewer words
    than texts, as tags have and names of two words have not. `none` and `[]` are no label.

    Raises `UserError` naming the line for a field that is empty, or holds an empty name.
    """
    texts = {row.fields[position].strip() for row in rows}
    separator = separator_of(texts)
    if empty := [row.place for row in rows if not row.fields[position].strip()]:
        raise UserError(
            f"{table}, {empty[0]}: the labels are empty ({counted(len(empty), 'row')} in all); write {NONE} where an "
            "image shows none of them, or remove the row"
        )
    known: dict[str, tuple[str, ...]] = {}

    def labels_of(row: TableRow) -> tuple[str, ...]:
        text = row.fields[position].strip()
        if text not in known:
            try:
                known[text] = label_names(text, separator)
            except ValueError as error:
                raise UserError(f"{table}, {row.place}: the labels are {quoted(text)}: {error}") from None
        return known[text]

    return LabelAnswers(table, labels_of, notes=["labels are separated by spaces"] if separator == " " else [])


def separator_of(texts: Iterable[str], known: Sequence[str] = _SEPARATORS) -> str:
    """What separates names in `texts`, the first of `known` there is; empty where nothing does.

    >>> separator_of({"dog;red, big", "cat"}), separator_of({"haze road", "clear road", "clear", "haze"})
    (';', ' ')
    >>> separator_of({"traffic light", "dog"})
    ''
    """
    plain = [text for text in texts if not text.startswith("[")]
    found = next((each for each in known if any(each in text for text in plain)), "")
    words = {word for text in plain for word in text.split()}
    return " " if not found and known == _SEPARATORS and len(words) < len(plain) else found


def label_names(text: str, separator: str) -> tuple[str, ...]:
    """The names in a field, in natural order; raises ValueError, which says what is wrong, where there are none.

    >>> label_names("grass; dog;", ";"), label_names("['dog', 'grass']", ""), label_names("none", ";")
    (('dog', 'grass'), ('dog', 'grass'), ())
    """
    if text.lower() in _NOTHING:
        return ()
    if text.startswith("[") and text.endswith("]"):
        parts = _listed(text)
    else:
        parts = text.split(separator) if separator else [text]
        if separator and not parts[-1].strip():
            parts.pop()
    names = {class_name(part) for part in parts if part.strip() or separator != " "}
    if not names or "" in names:
        raise ValueError("a name is empty")
    if NONE in {name.lower() for name in names}:
        raise ValueError(f"{NONE} cannot stand beside other labels")
    return natural_order(names)


def _listed(text: str) -> list[str]:
    """The texts in a list as Python or JSON writes it."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("no list of names") from None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError("no list of names")
    return found
