"""`OutputFolder`: a folder of new files about images, named after their places among the sources."""

import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

from convsight.errors import UserError
from convsight.runtime.sources.folders import takes_from

_UNSAFE = re.compile(r"[^\w.#=-]+", re.ASCII)
_PACKED = ".gz"
_LONGEST = 80  # characters of an image's own name in those of its files


class OutputFolder:
    """Files are called `000012-cat.jpg`: the place among the sources, what is left of the name, and a suffix.

    No file that exists is ever written to: the next name is taken, for all files of an image alike.
    """

    def __init__(self, folder: Path, option: str, sources: Iterable[str]) -> None:
        """The folder that `option` names.

        Raises `UserError` where it cannot be made, or lies among the sources, which would then grow.
        """
        inside = next((source for source in sources if takes_from(source, folder)), None)
        if inside is not None:
            raise UserError(f"{option} {folder} lies in {inside}, whose images are read; choose a folder elsewhere")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{option} {folder}: cannot make this folder: {error.strerror}; choose another") from error
        self._folder = folder

    def save(self, position: int, name: str, files: Mapping[str, bytes]) -> None:
        """Write the content of each of `files`, by suffix, for the image called `name`, the `position`-th of all.

        Raises `UserError` where they cannot be written.
        """
        number = 1
        while not self._written(_numbered(f"{position:06d}-{safe_name(name)}", number), files):
            number += 1

    def free(self, name: str, suffixes: Iterable[str]) -> Path:
        """The first path `cat`, `cat-2`, ... for the image called `name` of which no file with `suffixes` is there."""
        return self.place(safe_name(name).lstrip("-") or "picture", suffixes)  # no option of other commands

    def place(self, stem: str, suffixes: Iterable[str]) -> Path:
        """The same for files that are to be called `stem`, which must be safe as the name of a file."""
        wanted = list(suffixes)
        for number in count(1):
            path = self._folder / _numbered(stem, number)
            if not any(path.with_name(f"{path.name}.{suffix}").exists() for suffix in wanted):
                break
        return path

    def _written(self, stem: str, files: Mapping[str, bytes]) -> bool:
        """Whether the files could be written under `stem`: none of them was there."""
        paths = {self._folder / f"{stem}.{suffix}": content for suffix, content in files.items()}
        if any(path.exists() for path in paths):
            return False
        try:
            for path, content in paths.items():
                with open(path, "xb") as file:
                    file.write(content)
        except FileExistsError:  # another process was faster
            return False
        except OSError as error:
            raise UserError(
                f"cannot write to {self._folder}: {error.strerror or error}; free some space, or choose another folder"
            ) from error
        return True


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def safe_name(name: str) -> str:
    """The last part of an image's name, without suffix and without signs that a file system or shell might mind.

    >>> safe_name("photos/my cat (2).jpg"), safe_name("clip.mp4#frame=3"), safe_name("https://example.org/?id=7")
    ('my_cat_2', 'clip.mp4#frame=3', 'id=7')
    >>> safe_name("scans/head.1.nii.gz")
    'head.1'
    """
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    plain = last[: -len(_PACKED)] if last.lower().endswith(f".nii{_PACKED}") else last
    stem = last if "#frame=" in last else plain.rsplit(".", 1)[0]
    return _UNSAFE.sub("_", stem)[-_LONGEST:].strip("_.") or "picture"
