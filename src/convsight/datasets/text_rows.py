"""The rows of a CSV or TSV file, with what a message needs to name each."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from convsight.errors import UserError


def read_header(table: Path) -> list[str]:
    """The names of the columns; none where the first line cannot be read."""
    try:
        with table.open("rb") as file:
            text = file.readline().decode("utf-8-sig")
        return next(csv.reader([text], delimiter=_delimiter(table, text)), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def text_rows(table: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows of `table`, the header first, empty lines left out: where each stands (`line 3`), and its fields.

    Text is UTF-8; fields are separated by tabs in a .tsv, else by commas or semicolons.

    Raises `UserError` naming the line for another encoding, wrong quotes and a row that is not as long as the header.
    """
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{table} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(table, text), strict=True)
    columns = 0
    try:
        for fields in reader:
            if not fields:
                continue
            place = f"line {reader.line_num}"
            columns = columns or len(fields)
            if len(fields) != columns:
                raise UserError(f"{table}, {place}: {len(fields)} fields, but the header has {columns}")
            yield place, fields
    except csv.Error as error:
        raise UserError(f"{table}, line {reader.line_num}: {error}; check its quotes") from error


def _delimiter(table: Path, text: str) -> str:
    if table.suffix.lower() == ".tsv":
        return "\t"
    header = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma separates decimals.
    return ";" if ";" in header and "," not in header else ","
