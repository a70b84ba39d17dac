"""`Card`: the JSON that makes a model file self-describing, and the file that carries it.

A model file is one safetensors file: tensors, and in its metadata the card under the key `convsight`.
Reading it never runs code.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from convsight.errors import UserError
from convsight.pictures import Preprocessing
from convsight.tasks.reader import Measured

METADATA_KEY = "convsight"
_LONGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors format itself


class Card(BaseModel):
    """What a model file is: enough to rebuild the network, prepare its input and name its answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(1, ge=1, le=1, description="Version of this description.")
    task: str
    net: str
    classes: tuple[str, ...] = Field(min_length=1)
    preprocessing: Preprocessing
    mirror: bool = Field(False, description="Answers are the mean over a picture and its mirror image.")
    training: dict[str, Any] = Field(default_factory=dict, description="Summary of how it was trained.")
    metrics: dict[str, Measured] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict, description="Name, counts and fingerprint of the data.")
    versions: dict[str, str] = Field(default_factory=dict)

    def fingerprint(self) -> str:
        """A SHA-256 of the card: another training has another, since its metrics and data are on it."""
        return sha256(self.model_dump_json().encode()).hexdigest()


def read_card(path: Path) -> Card:
    """The card of a model file.

    Raises `UserError` where the file is missing, cut short, a pickle, or not one of ours.
    """
    return _parse_card(path, _header(path))


def _header(path: Path) -> dict[str, Any]:
    """The JSON header of a safetensors file, checked against the file's length."""
    try:
        with open(path, "rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            _refuse_foreign(path, start, length)
            text = file.read(length)
        header = json.loads(text)
        end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UserError(f"{path} is not a model file of convsight, or is damaged: its header does not parse") from error
    expected = 8 + length + end
    if path.stat().st_size != expected:
        raise UserError(
            f"{path} is cut short or damaged: {path.stat().st_size} bytes instead of {expected}; copy or train it again"
        )
    return dict(header)


def _refuse_foreign(path: Path, start: bytes, length: int) -> None:
    # torch.save writes a zip of pickles; older versions and plain pickle start with the protocol opcode.
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise UserError(
            f"{path} is a pickle (as torch.save writes): loading one can run any code, so it is refused; "
            "bring the weights as a safetensors file"
        )
    if len(start) < 8 or not 2 <= length <= min(_LONGEST_HEADER, path.stat().st_size):
        raise UserError(f"{path} is not a model file of convsight (or was cut short); expected model.safetensors")


def _parse_card(path: Path, header: dict[str, Any]) -> Card:
    metadata = header.get("__metadata__", {})
    if METADATA_KEY not in metadata:
        raise UserError(f"{path} is a safetensors file without a convsight card; it was not made by convsight")
    try:
        return Card.model_validate_json(metadata[METADATA_KEY])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: its card is not valid at {place!r}: {first['msg']}") from error
