"""The rows of a CSV or TSV file, with what a message needs to name each."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from convsight.errors import UserError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HEAD_BYTES = 2**16  # in which the header stands


def read_header(table: Path) -> list[str]:
    """The names of the columns; none where the first line cannot be read."""
    try:
        with table.open("rb") as file:
            text = _decoded(file.read(_HEAD_BYTES), final=False)
        delimiter, lines = _delimiter(table, text)
        return next(csv.reader([lines.partition("\n")[0]], delimiter=delimiter), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def text_rows(table: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows of `table`, the header first, empty lines left out: where each stands (`line 3`), and its fields.

    Text is UTF-8, or UTF-16 with its mark, as spreadsheets save "Unicode text". Fields are separated by what a first
    line `sep=;` says; by tabs in a .tsv; else by the comma, semicolon or tab of the header.

    Raises `UserError` naming the line for another encoding, wrong quotes and a row that is not as long as the header.
    """
    try:
        text = _decoded(table.read_bytes(), final=True)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{table} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    delimiter, lines = _delimiter(table, text)
    before = text.count("\n", 0, len(text) - len(lines))
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, strict=True)
    columns = 0
    try:
        for fields in reader:
            if not fields:
                continue
            place = f"line {reader.line_num + before}"
            columns = columns or len(fields)
            if len(fields) != columns:
                raise UserError(f"{table}, {place}: {len(fields)} fields, but the header has {columns}")
            yield place, fields
    except csv.Error as error:
        raise UserError(f"{table}, line {reader.line_num + before}: {error}; check its quotes") from error


def _decoded(data: bytes, *, final: bool) -> str:
    """The text of `data`, which may end within a character where it is not `final`."""
    name = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    return codecs.getincrementaldecoder(name)().decode(data, final)


def _delimiter(table: Path, text: str) -> tuple[str, str]:
    """What separates fields, and the text from its header on."""
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"')
    if said.lower().startswith("sep=") and len(said) <= len("sep=;"):
        return said[len("sep=") :] or "\t", rest
    if table.suffix.lower() == ".tsv":
        return "\t", text
    # Spreadsheets write semicolons where the comma separates decimals.
    return next((each for each in (",", ";", "\t") if each in first), ","), text
