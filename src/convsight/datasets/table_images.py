"""The images that a table names: its folder, or one below, holds them under that name, perhaps without a suffix."""

import os
from collections.abc import Sequence
from pathlib import Path

from convsight.datasets.image_files import image_files
from convsight.datasets.names import storable
from convsight.errors import UserError
from convsight.words import first_few, shortened

# Accepted spellings of the columns of all tables; of several that are there, the first counts.
IMAGE_COLUMNS = (
    *("path", "image", "file", "filename", "image_path", "image_name"),
    *("file_name", "filepath", "file_path", "image_id", "imageid", "img", "img_id", "id"),
)
_LONGEST = 200  # characters of a name in a message
LABEL_COLUMNS = ("label", "class", "target", "cell_type", "class_name", "category", "name")


class TableImages:
    """Finds images by their names in the table at `table`, and counts those that were not where the name says.

    `folder` is the one that names are relative to, that of the table where it is not given.
    """

    def __init__(self, table: Path, folder: Path | None = None) -> None:
        self._table = table
        self._folder = folder or table.parent
        self._known: dict[str, Path] = {}
        self._missing: dict[str, str] = {}  # the place that names each
        self._below: dict[str, list[Path]] | None = None
        self._elsewhere: set[str] = set()

    def find(self, place: str, name: str) -> Path:
        """The file called `name`, relative to the table's folder; one that is not there where nothing fits.

        Backslashes may stand for slashes. One that is not there is looked for in the folders below, where a name
        without an image's suffix is that of the only image which begins so. `place` is where the table names it.

        Raises `UserError` where several fit.
        """
        if name not in self._known:
            self._known[name] = self._found(place, name)
        return self._known[name]

    def check_all_found(self) -> None:
        """Raise `UserError` with the first of those that were looked for in vain."""
        if self._missing:
            name, place = next(iter(self._missing.items()))
            raise UserError(
                f"{self._table}, {place}: no such file: {shortened(name, _LONGEST)} ({len(self._missing):,} of "
                f"{len(self._known):,} images are not there); paths are relative to {self._folder}, and were looked "
                "for in the folders below it"
            )

    def notes(self) -> list[str]:
        """A remark on images that were in other folders than the table says."""
        folders = sorted(self._elsewhere - {"."})
        return [f"images were found in {first_few(folders)}"] if folders else []

    def _found(self, place: str, name: str) -> Path:
        for spelling in dict.fromkeys((name, name.replace("\\", "/"))):
            if os.path.isfile(file := self._folder / spelling):  # noqa: PTH113
                return file
        if self._below is None:
            self._below = _images_below(self._folder)
        folder, _, last = os.path.normpath(name.replace("\\", "/")).replace(os.sep, "/").rpartition("/")
        fitting = [each for each in self._below.get(last, []) if f"{each.parent.as_posix()}/".endswith(f"/{folder}/")]
        if not folder:
            fitting = self._below.get(last, [])
        if len(fitting) > 1:
            names = first_few([relative_to(each, self._folder) for each in fitting])
            raise UserError(
                f"{self._table}, {place}: {last} is there several times ({names}); write its folder and suffix too"
            )
        if not fitting:
            self._missing[name] = place
            return self._folder / name
        if (folder or ".") != (where := relative_to(fitting[0].parent, self._folder)):
            self._elsewhere.add(where)
        return fitting[0]


def relative_to(file: Path, folder: Path) -> str:
    """The path of `file` relative to `folder`, with forward slashes."""
    return storable(os.path.relpath(file, folder).replace(os.sep, "/"))


def find_column(names: Sequence[str], spellings: Sequence[str]) -> int:
    """Where the column stands that has the first of `spellings` among `names`, in any case; -1 where none has one."""
    positions = {name.strip().lower(): position for position, name in reversed(list(enumerate(names)))}
    return next((positions[each] for each in spellings if each in positions), -1)


def _images_below(folder: Path) -> dict[str, list[Path]]:
    """The images in `folder` and below by their names, with and without suffix."""
    found: dict[str, list[Path]] = {}
    for file in image_files(folder):
        found.setdefault(file.name, []).append(file)
        found.setdefault(file.stem, []).append(file)
    return found
