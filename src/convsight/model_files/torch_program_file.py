"""A PyTorch program (`.pt2`): a zip, whose records are read here as bytes; the card is the extra file `convsight`.

PyTorch's own loader runs what such a file says (expressions, operators by name, pickles where there are any), so it is
never called on a file that is given to convsight.
"""

import zipfile
from pathlib import Path

from convsight.card import METADATA_KEY
from convsight.errors import UserError

_LARGEST_CARD = 100_000_000  # bytes


def torch_program_card_text(path: Path) -> str:
    """The card's JSON; raises `UserError` where the file is cut short or not one of ours."""
    name = f"extra/{METADATA_KEY}"
    found = torch_program_records(path, name, _LARGEST_CARD)
    if name not in found:
        raise UserError(f"{path} is a PyTorch program without a convsight card; it was not made by convsight")
    try:
        return found[name].decode()
    except UnicodeDecodeError as error:
        raise damaged(path) from error


def torch_program_records(path: Path, start: str, largest: int | None = None) -> dict[str, bytes]:
    """The records whose names begin with `start`, by their names within the folder that all of them lie in.

    Raises `UserError` where the file is damaged, or no such program, or one of them has more than `largest` bytes.
    """
    records: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = entry.filename.partition("/")[2]
                if not name.startswith(start):
                    continue
                if entry.compress_type != zipfile.ZIP_STORED:  # so that nothing is larger than the file
                    raise UserError(f"{path}: {name} is compressed, which no PyTorch program is; export it again")
                if name in records or (largest is not None and entry.file_size > largest):
                    raise damaged(path)
                records[name] = archive.read(entry)
    except (zipfile.BadZipFile, RuntimeError, EOFError, ValueError) as error:
        raise damaged(path) from error
    return records


def damaged(path: Path) -> UserError:
    """That the file at `path` cannot be read as a PyTorch program."""
    return UserError(f"{path} is not a PyTorch program, or is cut short or damaged; copy or export it again")
