"""Class folders: one folder a class, all in one folder or in one folder a split."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from convsight.datasets.class_names import LAYOUT, check_classes, places_hint
from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.names import class_name, data_name, splits_called, storable
from convsight.errors import UserError
from convsight.images import is_image_name, is_system_folder, left_out_words
from convsight.natural_order import natural_key, natural_order
from convsight.results import Labels
from convsight.targets import Classes
from convsight.words import first_few, quoted

_FOLD = re.compile(r"(?:cv|k)?[ _-]?fold[ _-]?\d+", re.IGNORECASE)


def read_folders(path: Path) -> Dataset:
    """Images in class folders, perhaps inside folders called train, val and test.

    A class folder's own folders belong to it. Names are relative to `path`. What is no image, hidden,
    or beside the class folders is left out and said so in the notes. A folder that holds nothing but the
    folder of the class folders is stepped into. Splits may be called otherwise, see `splits_called`; folders called
    fold1, fold2 and so on are read as one set.

    Raises `UserError` where there is no image, no class folder, an empty class folder or an empty split, and where the
    class folders look like something else: parts of the data that hold the classes, or a layout of boxes.
    """
    tree = _Tree(path)
    root = tree.data_root()
    splits = tree.split_folders(root) or {UNSPLIT: tree.fold_folders(root) or [root]}
    found = {split: tree.class_images(folders) for split, folders in splits.items()}
    classes = natural_order({name for images in found.values() for name in images})
    notes = tree.notes()
    if root != tree.path:
        notes = (f"the class folders were found in {tree.name(root)}/", *notes)
    if len(folds := splits.get(UNSPLIT, [])) > 1:
        notes = (f"read as one set: {first_few([tree.name(folder) for folder in folds])}", *notes)
    return Dataset(
        name=data_name(path),
        source=str(path),
        task="classification",
        target=Classes(names=classes),
        splits={split: tree.split(split, images, classes) for split, images in found.items()},
        notes=notes,
    )


@dataclass(frozen=True)
class _Listing:
    """What a folder holds, in natural order; `others` are hidden or no images.

    Files are strings, since there can be a million.
    """

    folders: list[Path]
    images: list[str]
    others: list[str]


@dataclass
class _Tree:
    """One reading of the folder at `path`, which becomes absolute."""

    path: Path
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Absolute, since `.` and `./cat` are written differently as the start of a path.
        self.path = self.path.absolute()
        # A link to a folder that holds the data would lead round and round.
        self._above = _and_above(self.path)
        self._start = len(os.path.join(self.path, ""))  # noqa: PTH118  (a Path drops the separator)

    def name(self, path: str | Path) -> str:
        """`path` relative to the data, with forward slashes."""
        return storable(str(path)[self._start :].replace(os.sep, "/"))

    def leave_out(self, folders: Iterable[Path]) -> None:
        """Note whole folders as left out."""
        self.left_out += [f"{folder}{os.sep}" for folder in folders]

    def notes(self) -> tuple[str, ...]:
        """What was left out: what people put there, and what systems did."""
        names = [self.name(path) for path in self.left_out]
        systems = [name.rstrip("/") for name in names if is_system_folder(name.rstrip("/").rpartition("/")[2])]
        others = [name for name in names if name.rstrip("/") not in systems]
        notes = []
        if others:
            notes.append(f"left out, since not images in class folders: {len(others):,} ({first_few(others)})")
        return (*notes, left_out_words(systems)) if systems else tuple(notes)

    def data_root(self) -> Path:
        """The folder of the class or split folders: the data's own, or the only one inside it."""
        root = self.path
        while True:
            inside = self.contents(root)
            only = inside.folders[0] if len(inside.folders) == 1 and not inside.images else None
            if only is None or splits_called([only.name]) or _identity(only) in self._above:
                return root
            if not self.contents(only).folders:
                return root
            self.left_out += inside.others
            root = only

    def split_folders(self, root: Path) -> dict[str, list[Path]]:
        """The folders called train, val and test, where these hold class folders; none for plain class folders."""
        inside = self.contents(root)
        called = splits_called([folder.name for folder in inside.folders])
        named = [folder for folder in inside.folders if folder.name in called]
        others = [folder for folder in inside.folders if folder not in named]
        with_classes = [folder for folder in named if self.contents(folder).folders]
        if not with_classes and (not named or (others and len(named) == 1)):
            return {}  # one class may well be called "train"
        for folder in named:
            self._check_split_folder(folder)
        if others and len(named) == 1:
            raise UserError(
                f"{self.path}: {self.name(named[0])!r} looks like a split but stands beside "
                f"{first_few([self.name(folder) for folder in others])}; {LAYOUT}"
            )
        self.leave_out(others)
        self.left_out += [*inside.others, *inside.images]
        return self._one_folder_a_split(named, called)

    def fold_folders(self, root: Path) -> list[Path]:
        """The folders of a cross-validation, each with class folders in it; none where there is anything else."""
        inside = self.contents(root)
        folds = [folder for folder in inside.folders if _FOLD.fullmatch(folder.name) and self.contents(folder).folders]
        if len(folds) < 2 or len(folds) < len(inside.folders):
            return []
        if nested := next((folder for folder in folds if self.split_folders(folder)), None):
            raise UserError(
                f"{self.path} holds {len(folds):,} folds with splits of their own; name one of them, such as {nested}"
            )
        self.left_out += [*inside.others, *inside.images]
        return folds

    def _check_split_folder(self, folder: Path) -> None:
        inside = self.contents(folder)
        if inside.folders:
            return
        if inside.images:
            raise UserError(f"{folder} holds images ({len(inside.images):,}) but no class folders; {LAYOUT}")
        raise UserError(f"the split folder {folder} holds no image; add class folders with images or remove it")

    def _one_folder_a_split(self, folders: list[Path], called: Mapping[str, str]) -> dict[str, list[Path]]:
        splits: dict[str, Path] = {}
        for folder in folders:
            split = called[folder.name]
            if split in splits:
                raise UserError(f"{splits[split]} and {folder} both name the split {split!r}; keep one of them")
            splits[split] = folder
        return {split: [self._stepped_into(splits[split])] for split in SPLIT_NAMES if split in splits}

    def _stepped_into(self, folder: Path) -> Path:
        """The folder of the class folders: that of a split, or one in it which has its name (`train/train`)."""
        inside = self.contents(folder)
        only = inside.folders[0] if len(inside.folders) == 1 and not inside.images else None
        if only is None or only.name.lower() != folder.name.lower() or not self.contents(only).folders:
            return folder
        self.left_out += inside.others
        return self._stepped_into(only)

    def class_images(self, folders: Iterable[Path]) -> dict[str, list[str]]:
        """The images of each class folder in `folders`."""
        found: dict[str, list[str]] = {}
        for folder in folders:
            for name, images in self._class_images(folder).items():
                found.setdefault(name, []).extend(images)
        return found

    def _class_images(self, folder: Path) -> dict[str, list[str]]:
        inside = self.contents(folder)
        if not inside.folders:
            found = f"images ({len(inside.images):,}) but no class folders" if inside.images else "no images"
            raise UserError(f"{folder}: {found}; {LAYOUT}")
        check_classes(folder, {each.name: _folders_alone(each) for each in inside.folders})
        self.left_out += [*inside.others, *inside.images]
        upwards = self._above | _and_above(folder)
        siblings = {_identity(each) for each in inside.folders}
        classes: dict[str, list[str]] = {}
        for each in inside.folders:
            # Links to another class, upwards, or in a circle are not followed.
            barred = upwards | (siblings - {_identity(each)})
            classes.setdefault(class_name(each.name), []).extend(self._images(each, barred))
        if not any(classes.values()):
            raise UserError(f"{folder}: no images in {first_few([self.name(f) for f in inside.folders])}; {LAYOUT}")
        return classes

    def _images(self, class_folder: Path, seen: set[tuple[int, int]]) -> list[str]:
        """All images below a class folder, less those of folders in `seen`, which takes in each folder read."""
        found: list[str] = []
        waiting = [class_folder]
        while waiting:
            folder = waiting.pop()
            identity = _identity(folder)
            if identity in seen:
                self.leave_out([folder])
                continue
            seen.add(identity)
            inside = self.contents(folder)
            found += inside.images
            self.left_out += inside.others
            waiting += reversed(inside.folders)
        return found

    def split(self, name: str, images: Mapping[str, list[str]], classes: tuple[str, ...]) -> Split:
        """The images of one split with their labels."""
        for label, paths in images.items():
            if not paths:
                place = self.path if name == UNSPLIT else f"{self.path} ({name})"
                words = f"the class folder {quoted(label)} holds no image; add some or remove the folder"
                raise UserError(f"{place}: {words}{places_hint(label)}")
        paths = [path for label in images for path in images[label]]
        index = {label: position for position, label in enumerate(classes)}
        indices = np.repeat([index[label] for label in images], [len(images[label]) for label in images])
        return Split(name, [Path(path) for path in paths], Labels(indices, classes), [self.name(p) for p in paths])

    def contents(self, folder: Path) -> _Listing:
        """What `folder` holds."""
        listing = _Listing([], [], [])
        try:
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda entry: natural_key(entry.name)):
                    _sort_in(entry, listing)
        except OSError as error:
            raise UserError(f"cannot read the folder {folder}: {error.strerror}") from error
        return listing


def _sort_in(entry: "os.DirEntry[str]", listing: _Listing) -> None:
    try:
        is_folder, is_file = entry.is_dir(), entry.is_file()
    except OSError:  # a link that leads to itself
        is_folder = is_file = False
    if entry.name.startswith(".") or is_system_folder(entry.name):
        listing.others.append(entry.path + (os.sep if is_folder else ""))
    elif is_folder:
        listing.folders.append(Path(entry.path))
    elif is_file and is_image_name(entry.name):
        listing.images.append(entry.path)
    else:
        listing.others.append(entry.path)


def _folders_alone(folder: Path) -> list[str]:
    """The names of the folders in `folder`; none where it holds an image, too."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_image_name(entry.name):
                    return []
                if not (entry.name.startswith(".") or is_system_folder(entry.name)) and entry.is_dir():
                    found.append(entry.name)
    except OSError:  # is told where its images are read
        return []
    return sorted(found, key=natural_key)


def _and_above(folder: Path) -> set[tuple[int, int]]:
    here = folder.resolve()
    return {_identity(each) for each in (here, *here.parents)}


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError as error:
        raise UserError(f"cannot read the folder {folder}: {error.strerror}") from error
    return status.st_dev, status.st_ino
