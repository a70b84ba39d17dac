"""Which picture files a user means by a list of files and folders."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from convsight.errors import UserError
from convsight.pictures import is_picture_file


def picture_files(places: Iterable[Path]) -> list[Path]:
    """The files given, and those with a picture's suffix in the folders given, sorted within each folder.

    Raises `UserError` for a place that does not exist, and for a folder without pictures.
    """
    return [file for place in places for file in _files_of(place)]


def _files_of(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place  # whatever its suffix: the user named it
        return
    if not place.is_dir():
        raise UserError(f"{place} does not exist; give picture files or folders of them")
    found = sorted(file for file in place.rglob("*") if is_picture_file(file) and file.is_file())
    if not found:
        raise UserError(f"{place} holds no pictures")
    yield from found
