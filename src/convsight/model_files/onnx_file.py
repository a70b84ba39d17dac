"""The card of an ONNX file: in its metadata, under the key `convsight`.

An ONNX file is one protocol-buffer message, `ModelProto` (onnx.proto3). Its few outermost fields are walked here, the
graph in one step, so that the light half reads a card without any ONNX library and without reading the weights.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from convsight.card import METADATA_KEY
from convsight.errors import UserError

_METADATA_PROPS = 14  # field number of ModelProto.metadata_props: messages of a key (1) and a value (2)
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # wire types
_LONGEST_ENTRY = 100_000_000  # bytes


class _DamagedError(Exception):
    """The bytes are no protocol-buffer message, or end too soon."""


def onnx_card_text(path: Path) -> str:
    """The card's JSON; raises `UserError` where the file is cut short or not one of ours."""
    try:
        with open(path, "rb") as file:
            metadata = dict(_entries(file, path.stat().st_size))
    except (_DamagedError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not an ONNX file, or is cut short or damaged; copy or export it again") from error
    if METADATA_KEY not in metadata:
        raise UserError(f"{path} is an ONNX file without a convsight card; it was not made by convsight")
    return metadata[METADATA_KEY]


def _entries(file: BinaryIO, size: int) -> Iterator[tuple[str, str]]:
    """Keys and values of the metadata; everything else is stepped over."""
    while file.tell() < size:
        field, wire = divmod(_varint(file), 8)
        if wire == _LENGTH:
            length = _varint(file)
            if file.tell() + length > size:
                raise _DamagedError
            if field == _METADATA_PROPS and length <= _LONGEST_ENTRY:
                yield _entry(file, length)
            else:
                file.seek(length, 1)
        elif wire == _VARINT:
            _varint(file)
        elif wire in {_FIXED64, _FIXED32}:
            file.seek(8 if wire == _FIXED64 else 4, 1)
        else:
            raise _DamagedError


def _entry(file: BinaryIO, length: int) -> tuple[str, str]:
    end = file.tell() + length
    texts = {1: "", 2: ""}
    while file.tell() < end:
        field, wire = divmod(_varint(file), 8)
        if wire != _LENGTH or field not in texts:
            raise _DamagedError
        size = _varint(file)
        if file.tell() + size > end:
            raise _DamagedError
        texts[field] = file.read(size).decode()
    if file.tell() != end:
        raise _DamagedError
    return texts[1], texts[2]


def _varint(file: BinaryIO) -> int:
    """A number in groups of seven bits, the lowest first; the eighth bit says whether another follows."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise _DamagedError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise _DamagedError
