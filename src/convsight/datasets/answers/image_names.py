"""`ImageNames`: which image of a split an answer is about, by what other tools may call it."""

from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath

from convsight.datasets.dataset import Dataset, Split
from convsight.errors import UserError, unknown_name
from convsight.images import VOLUME_SUFFIXES
from convsight.words import quoted


class ImageNames:
    """The images of a split by their names: whole, without folders before them, without their suffix.

    A shorter name that is that of two images tells neither. Raises `UserError` naming the image when it is asked for
    one that is not there.
    """

    def __init__(self, split: Split, dataset: Dataset) -> None:
        self._split = split
        self._dataset = dataset
        self._whole = {name: position for position, name in enumerate(split.names)}
        self._files = _unique((PurePosixPath(name).name, position) for name, position in self._whole.items())
        self._stems = _unique((stem_of(name), position) for name, position in self._whole.items())

    def find(self, text: str, place: str) -> int:
        """The position of the image that `place`, a line or a file, calls `text`."""
        found = self.known(text)
        if found is None:
            raise UserError(f"{place}: {self._unknown(text)}")
        return found

    def known(self, text: str) -> int | None:
        """The same; None where there is no such image."""
        parts = PurePath(text.replace("\\", "/")).parts
        shorter = ("/".join(parts[first:]) for first in range(len(parts)))
        name, stem = PurePosixPath(*parts).name if parts else "", stem_of(parts[-1]) if parts else ""
        whole = next((self._whole[each] for each in shorter if each in self._whole), None)
        if whole is not None:
            return whole
        return self._files.get(name, self._stems.get(name, self._stems.get(stem)))

    def _unknown(self, text: str) -> str:
        for name, split in self._dataset.splits.items():
            if split is not self._split and ImageNames(split, self._dataset).known(text) is not None:
                judged = f"and {self._split.name!r} is judged: --split {name}"
                return f"{quoted(text)} is an image of the split {name!r}, {judged}"
        twice = [name for name in self._split.names if stem_of(name) == stem_of(text)]
        if len(twice) > 1:
            return f"{quoted(text)} may be {twice[0]} or {twice[1]}; name it with its folder"
        return f"{self._dataset.source}, {self._split.name}: {unknown_name('image', text, self._split.names)}"


def stem_of(name: str) -> str:
    """The last part of a name without its suffix.

    >>> stem_of("a/cat.jpg"), stem_of("head.1.nii.gz")
    ('cat', 'head.1')
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    suffix = next((each for each in VOLUME_SUFFIXES if last.lower().endswith(each)), "")
    return last[: len(last) - len(suffix)] if suffix else PurePosixPath(last).stem


def _unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Those names that only one image has."""
    found: dict[str, int] = {}
    twice = set()
    for name, position in pairs:
        if found.setdefault(name, position) != position:
            twice.add(name)
    return {name: position for name, position in found.items() if name not in twice}
