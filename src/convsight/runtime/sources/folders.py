"""Images and videos under a folder, all or those that a pattern names, in an order that depends on names alone."""

import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from convsight.images import is_image_file, is_system_folder, left_out_words
from convsight.runtime.sources.item import Item, failed_item, file_item
from convsight.runtime.sources.video import frames
from convsight.runtime.sources.video_source import is_video_file

IsFile = Callable[[Path], bool]  # whether the name of a file is that of an image, or of what else is put in
IsWhole = Callable[[Path], bool]  # whether a folder is one original, such as a volume of slices
_Parts = tuple[str, ...]  # of a path below the folder where a walk began


def no_folder(folder: Path) -> bool:
    """That no folder is an original, as of images."""
    return False


class LeftOut:
    """The folders that were left out, since a system or a file server made them: each once, as it was come by."""

    def __init__(self) -> None:
        self._folders: dict[str, None] = {}

    def add(self, folder: str) -> None:
        """Take in a folder; one that is known already is none more."""
        self._folders[folder] = None

    @property
    def words(self) -> str:
        """A note on them; empty where there is none."""
        return left_out_words(list(self._folders)) if self._folders else ""


def images_in(
    folder: Path, is_file: IsFile = is_image_file, left_out: LeftOut | None = None, is_whole: IsWhole = no_folder
) -> Iterator[Item]:
    """The images in `folder` and the folders in it, sorted by name within each; `is_file` knows them by their names.

    A folder in it that `is_whole` is one of them.

    Folders that a system or a file server made are left out, which `left_out` is told.

    Only the names of the folder at hand and of those above it are held, however many there are in all.
    Links to folders are not followed: they could lead back.
    """
    takes = _Takes(lambda file: is_file(Path(file[-1])), is_whole)
    found = _walk(_start(folder), lambda parts: True, takes, left_out or LeftOut())
    return map(file_item_or_failure, found)


def images_matching(
    pattern: str, every: int, is_file: IsFile = is_image_file, left_out: LeftOut | None = None
) -> Iterator[Item]:
    """The images and videos that `pattern` names: `*`, `?` and `[...]` in a name, `**` for any number of folders.

    They come in the order of `images_in`; of a video every `every`-th frame.
    """
    root, wanted = _split(pattern)
    if not root.is_dir():
        return
    takes = _Takes(
        lambda file: (is_file(Path(file[-1])) or is_video_file(file[-1])) and _matches(file, wanted), no_folder
    )
    found = _walk(_start(root), lambda folder: _may_lead(folder, wanted), takes, left_out or LeftOut())
    for path in found:
        if isinstance(path, str) and is_video_file(path):
            yield from frames(path, every)
        else:
            yield file_item_or_failure(path)


def is_pattern(text: str) -> bool:
    """Whether `text` holds a sign that stands for others.

    >>> is_pattern("photos/**/*.jpg"), is_pattern("cat.jpg")
    (True, False)
    """
    return any(sign in text for sign in "*?[")


def takes_from(source: str, folder: Path) -> bool:
    """Whether images in `folder`, which need not exist, are among those that `source`, a folder or pattern, names.

    >>> takes_from("photos/*.jpg", Path("photos")), takes_from("photos/*.jpg", Path("photos/drawn"))
    (True, False)
    """
    path = Path(source)
    root, wanted = (path, ("**",)) if path.exists() or not is_pattern(source) else _split(source)
    inside, begins = folder.resolve(), root.resolve()
    return inside.is_relative_to(begins) and _may_lead(inside.relative_to(begins).parts, wanted)


def file_item_or_failure(found: str | OSError) -> Item:
    """An item of a walk: a file, or a folder that could not be read."""
    if isinstance(found, str):
        return file_item(found)
    return failed_item(str(found.filename), f"cannot read {found.filename}: {found.strerror}; check its permissions")


class _Takes(NamedTuple):
    """What a walk yields: files by their parts below the folder where it began, and folders that are one original."""

    file: Callable[[_Parts], bool]
    folder: IsWhole


def _walk(
    folder: str,
    enters: Callable[[_Parts], bool],
    takes: _Takes,
    left_out: LeftOut,
    above: _Parts = (),
) -> Iterator[str | OSError]:
    """The files under `folder` that `takes` wants; in the place of a folder that cannot be read, the error."""
    try:
        with os.scandir(folder or os.curdir) as entries:
            # Short strings, since one folder may hold a million of them; a folder's name ends in a slash.
            names = sorted(name for entry in entries if (name := _name(entry, above, takes.file)))
    except OSError as error:
        yield error
        return
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118 -- a Path each takes ten times as long
        if not name.endswith("/"):
            yield path
        elif enters((*above, name[:-1])):
            if is_system_folder(name[:-1]):
                left_out.add(path[:-1])
            elif takes.folder(Path(path)):
                yield path[:-1]
            else:
                yield from _walk(path[:-1], enters, takes, left_out, (*above, name[:-1]))


def _name(entry: "os.DirEntry[str]", above: _Parts, takes: Callable[[_Parts], bool]) -> str | None:
    if entry.is_dir(follow_symlinks=False):
        return f"{entry.name}/"
    return entry.name if takes((*above, entry.name)) and entry.is_file() else None


def _split(pattern: str) -> tuple[Path, _Parts]:
    """The folder where a pattern begins, and what has to match below it."""
    parts = Path(pattern).parts
    fixed = 0
    # A folder may be called like a pattern.
    while fixed < len(parts) - 1 and (not is_pattern(parts[fixed]) or Path(*parts[: fixed + 1]).is_dir()):
        fixed += 1
    return Path(*parts[:fixed]), parts[fixed:]


def _is_called(name: str, pattern: str) -> bool:
    """Whether `pattern` names `name`, as a shell takes it, or with brackets that stand for themselves.

    >>> [_is_called(name, "[1]*.jpg") for name in ("1a.jpg", "[1]a.jpg", "a.jpg")]
    [True, True, False]
    """
    return fnmatchcase(name, pattern) or ("[" in pattern and fnmatchcase(name, pattern.replace("[", "[[]")))


def _start(folder: Path) -> str:
    return "" if folder == Path() else str(folder)


def _matches(parts: _Parts, pattern: _Parts) -> bool:
    """Whether a path is one that `pattern` names.

    >>> _matches(("a", "b", "cat.jpg"), ("**", "*.jpg")), _matches(("a", "cat.jpg"), ("*.jpg",))
    (True, False)
    """
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and _is_called(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _may_lead(folder: _Parts, pattern: _Parts) -> bool:
    """Whether anything in `folder` could be named by `pattern`."""
    if not folder:
        return bool(pattern)
    if not pattern:
        return False
    return pattern[0] == "**" or (_is_called(folder[0], pattern[0]) and _may_lead(folder[1:], pattern[1:]))
