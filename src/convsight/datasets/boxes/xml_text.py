"""XML files of any encoding that is known, as elements without namespaces."""

import codecs
import re
from pathlib import Path
from xml.etree import ElementTree as Xml

from convsight.errors import UserError
from convsight.words import quoted

_HEAD_BYTES = 4096  # in which the first element stands
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
# What programs write under these names holds more characters than the standards of these names, as browsers know
# (https://encoding.spec.whatwg.org).
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs"}


def xml_head(file: Path) -> str:
    """The beginning of `file`, in which its root stands; what cannot be decoded is left out."""
    with file.open("rb") as stream:
        data = stream.read(_HEAD_BYTES)
    try:
        return data.decode(_encoding(file, data), errors="ignore")
    except UserError:
        return data.decode("ascii", errors="ignore")


def parsed_xml(file: Path) -> Xml.Element:
    """The root of `file`, whose elements have the names that stand behind a namespace.

    The text is decoded by its byte order mark, else by the encoding that it declares, else as UTF-8.

    Raises `UserError` naming the file for an encoding that is unknown or not that of the text, a document type, and
    damaged XML with its line.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    text = _text(file, data)
    if "<!DOCTYPE" in text:
        raise UserError(f"{file} defines a document type, which no annotation needs; remove it")
    try:
        root = Xml.fromstring(text)  # noqa: S314  (what makes XML dangerous needs a document type)
    except Xml.ParseError as error:
        line, column = error.position
        raise UserError(f"{file}, line {line}, column {column + 1}: damaged XML: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _text(file: Path, data: bytes) -> str:
    encoding = _encoding(file, data)
    try:
        # A declaration counts for bytes alone, and a mark is none of the text.
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        where = f" ({error.reason} at byte {error.start:,})" if isinstance(error, UnicodeDecodeError) else ""
        raise UserError(f"{file} is no text in {encoding}{where}; declare its encoding, or save it as UTF-8") from error


def _encoding(file: Path, data: bytes) -> str:
    """The name of the encoding as Python knows it."""
    certain = next((name for start, name in (*_MARKS, *_UNMARKED) if data.startswith(start)), None)
    declared = _DECLARED.match(data)
    if certain or not declared:
        return certain or "utf-8"
    name = declared[1].decode(errors="replace")
    try:
        known = codecs.lookup(name).name
        b"<".decode(known, "ignore")  # some turn bytes into bytes
    except (LookupError, ValueError):
        raise UserError(f"{file} declares the encoding {quoted(name)}, which is unknown; save it as UTF-8") from None
    if known.startswith(("utf-16", "utf-32")):
        return "utf-8"  # or the declaration could not have been read
    return _WIDER.get(known, known)
