"""The card of a safetensors file: in the metadata of its header, under the key `convsight`."""

import json
from pathlib import Path
from typing import Any

from convsight.card import METADATA_KEY
from convsight.errors import UserError

_LONGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors format itself


def safetensors_card_text(path: Path) -> str:
    """The card's JSON; raises `UserError` where the file is a pickle, cut short or not one of ours."""
    metadata = _header(path).get("__metadata__", {})
    if not isinstance(metadata, dict) or METADATA_KEY not in metadata:
        raise UserError(f"{path} is a safetensors file without a convsight card; it was not made by convsight")
    return str(metadata[METADATA_KEY])


def _header(path: Path) -> dict[str, Any]:
    """The JSON header, checked against the file's length."""
    with open(path, "rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        _refuse_foreign(path, start, length)
        text = file.read(length)
    try:
        header = json.loads(text)
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        expected = 8 + length + max(ends, default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UserError(f"{path} is not a model file of convsight, or is damaged: its header does not parse") from error
    if path.stat().st_size != expected:
        raise UserError(
            f"{path} is cut short or damaged: {path.stat().st_size} bytes instead of {expected}; copy or train it again"
        )
    return dict(header)


def _refuse_foreign(path: Path, start: bytes, length: int) -> None:
    # torch.save writes a zip of pickles; older versions and plain pickle start with the protocol opcode.
    # So may the length of a short header (640 bytes are 80 02 00 ...), but a pickle does not go on with zeros.
    pickled = start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
    if pickled and start[2:8] != bytes(6):
        raise UserError(
            f"{path} is a pickle (as torch.save writes): loading one can run any code, so it is refused; "
            "bring the weights as a safetensors file"
        )
    if len(start) < 8 or not 2 <= length <= min(_LONGEST_HEADER, path.stat().st_size):
        raise UserError(f"{path} is not a model file of convsight (or was cut short); expected model.safetensors")
