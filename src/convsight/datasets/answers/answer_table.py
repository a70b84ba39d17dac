"""A table of answers, an image a line: its columns, and what each line says of its image."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.answers.answers import GivenAnswers
from convsight.datasets.names import class_name
from convsight.datasets.text_rows import text_rows
from convsight.errors import UserError
from convsight.words import first_few, quoted

_IMAGE = ("image", "file", "filename", "file_name", "image_id", "path", "name", "id")

Row = NDArray[np.float64]


class AnswerTable(NamedTuple):
    """The names of the columns, that of the image, and the other lines with what messages call each."""

    given: GivenAnswers
    header: Sequence[str]
    image: int
    lines: Sequence[tuple[str, Sequence[str]]]

    def column(self, names: Sequence[str]) -> int | None:
        """The first column that has one of `names`, in lower case."""
        lowered = [name.strip().lower() for name in self.header]
        return next((lowered.index(name) for name in names if name in lowered), None)

    def name_columns(self, spellings: Sequence[str], one: str, many: str) -> tuple[list[int], int | None]:
        """The columns of a number for each name of the data, if all are there, and that of names themselves.

        The latter is called as the first of `spellings` is, or another. What names are, `one` and `many` of them, is
        for messages. Raises `UserError` where there is neither.
        """
        named = self.column(spellings)
        places = {class_name(name): place for place, name in enumerate(self.header) if place not in {self.image, named}}
        wanted = self.given.dataset.target.names
        lacking = [name for name in wanted if name not in places]
        if not lacking:
            return [places[name] for name in wanted], named
        if named is None:
            there = f"; of the {many} it lacks {first_few(lacking)}" if len(lacking) < len(wanted) else ""
            raise UserError(
                f"{self.given.path} has neither a column {spellings[0]} nor one for each {one}{there}; it has "
                f"{first_few(self.header)}"
            )
        return [], named

    def read(self, says: Callable[[str, Sequence[str]], Row | None]) -> Mapping[int, Row]:
        """What `says` makes of the fields of each line, by the position of its image; None for nothing.

        Raises `UserError` naming the line for an unknown image, and one that is answered twice.
        """
        found: dict[int, Row] = {}
        lines: dict[int, str] = {}
        for position, line, place, fields in self._placed():
            if position in found:
                raise UserError(
                    f"{place}: {quoted(fields[self.image])} is answered twice, also in {lines[position]}; keep one"
                )
            row = says(place, fields)
            if row is not None:
                found[position], lines[position] = row, line
        return found

    def _placed(self) -> Iterator[tuple[int, str, str, Sequence[str]]]:
        names = self.given.names
        for line, fields in self.lines:
            place = f"{self.given.path}, {line}"
            yield names.find(fields[self.image], place), line, place, fields


def answer_table(given: GivenAnswers, wanted: str) -> AnswerTable:
    """The .csv or .tsv of `given`; raises `UserError`, which says what is `wanted`, where it is none."""
    if given.path.suffix.lower() not in {".csv", ".tsv"}:
        raise given.refused(wanted)
    (_, header), *rows = text_rows(given.path)
    found = AnswerTable(given, header, 0, rows)
    image = found.column(_IMAGE)
    if image is None:
        raise UserError(f"{given.path} has no column image; it has {first_few(header)}")
    return found._replace(image=image)


def numbers_in(place: str, texts: Sequence[str], what: str) -> Row:
    """Fields as finite numbers; raises `UserError` where one is none, which says `what` is expected."""
    try:
        values = np.array([float(text) for text in texts])
    except ValueError as error:
        raise UserError(f"{place}: {error}; expected {what}") from error
    if not np.isfinite(values).all():
        raise UserError(f"{place}: {quoted(texts)} are no finite numbers; expected {what}")
    return values
