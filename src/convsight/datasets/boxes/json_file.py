"""JSON files that others wrote: read whole, or recognised by their beginning."""

import json
import mmap
from pathlib import Path

from convsight.errors import UserError

_HEAD_BYTES = 2**16
_SEGMENTS = b'"segments_info"'


def parsed_json(file: Path) -> object:
    """What `file` holds; raises `UserError` naming it, with the line of what is damaged."""
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{file}, line {error.lineno}, column {error.colno}: damaged JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, a number of thousands of digits, too deep
        raise UserError(f"{file} is no JSON text: {error}") from error


def json_head(file: Path) -> str:
    """The beginning of `file`, in which the names of its first fields stand; empty where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def holds_segments(file: Path) -> bool:
    """Whether the word is in `file` that only COCO's files of panoptic segments hold."""
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(_SEGMENTS) >= 0
    except (OSError, ValueError):  # an empty file
        return False
