"""Text files that list images with the class of each, `cat/1.jpg 0`, and ImageNet's list of numbers alone.

Source: Caffe's ImageNet example (`train.txt`, `val.txt`), and the readme of ImageNet's development kit of 2012, in
which line k of `ILSVRC2012_validation_ground_truth.txt` is the class of the k-th image by name.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset
from convsight.datasets.image_files import image_files
from convsight.datasets.label_table import LabelRow, labelled_images
from convsight.datasets.names import class_name, splits_called
from convsight.datasets.table_answers import ClassAnswers
from convsight.datasets.table_images import relative_to
from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.natural_order import natural_key
from convsight.words import quoted

_LOOKED_AT = 2**14  # bytes of a list, in which its first line stands
_NUMBERS = "*validation_ground_truth.txt"
_KITS = (".", "data", "*/data")  # folders of the development kit
_CLASSES = ("synsets.txt", "synset_words.txt", "classes.txt", "labels.txt", "class_names.txt")
_CODE = re.compile(r"n\d{8}\s+(?=\S)")  # before the words of a class


def is_image_list(path: Path) -> bool:
    """Whether `path` is such a list, or a folder of some that are called after splits, or of ImageNet's numbers."""
    return bool(_lists(path)) or _kit(path) is not None


def read_image_lists(path: Path) -> Dataset:
    """The images of the lists; paths are relative to the folder of the lists, or found as `TableImages.find` says.

    A number stands for the line of `synsets.txt`, `synset_words.txt`, `classes.txt` or `labels.txt` beside the lists,
    counted from 0 (of ImageNet's numbers from 1); without such a file it is the name of the class.

    Raises `UserError` naming list and line for one without a class, a number without a name, an image that is not
    there, and one with two classes or in two splits.
    """
    folder = path if path.is_dir() else path.parent
    lists = _lists(path)
    if not lists and (kit := _kit(path)):
        rows = _numbered(folder, kit)
    else:
        names = _class_names(folder)
        rows = (row for split, file in lists.items() for row in _rows(file, split, names, folder))
    return labelled_images(path, folder, ClassAnswers(lambda row: row.fields[-1]), rows)


def _lists(path: Path) -> dict[str, Path]:
    """The list of each split."""
    if path.is_file():
        return {UNSPLIT: path} if path.suffix.lower() == ".txt" and _begins_as_list(path) else {}
    if not path.is_dir():
        return {}
    files = {file.stem: file for file in sorted(path.glob("*.txt"))}
    found = {split: files[name] for name, split in splits_called(list(files)).items() if _begins_as_list(files[name])}
    return {split: found[split] for split in SPLIT_NAMES if split in found}


def _begins_as_list(file: Path) -> bool:
    """Whether the first line of `file` is the name of an image and a word that is none."""
    try:
        with file.open("rb") as stream:
            text = stream.read(_LOOKED_AT).decode("utf-8-sig", errors="replace")
    except OSError:
        return False
    first = next((line for line in text.splitlines() if line.strip()), "").rsplit(None, 1)
    return len(first) == 2 and is_image_file(Path(first[0])) and not is_image_file(Path(first[1]))


def _kit(path: Path) -> Path | None:
    """ImageNet's list of numbers in the folder `path`, which holds images too."""
    if not path.is_dir():
        return None
    found = next((file for place in _KITS for file in sorted(path.glob(f"{place}/{_NUMBERS}"))), None)
    return found if found and next(image_files(path), None) else None


def _rows(file: Path, split: str, names: tuple[str, ...], folder: Path) -> Iterator[LabelRow]:
    for place, line in _lines(file):
        parts = line.rsplit(None, 1)
        if len(parts) != 2:
            raise UserError(f"{file}, {place}: {quoted(line)}; expected an image and its class")
        name = parts[0].strip()
        # Some lists begin each path with the slash of their own folder.
        name = name if not name.startswith("/") or (folder / name).is_file() else name.lstrip("/")
        yield LabelRow(f"{file.name}, {place}", name, _class(f"{file}, {place}", parts[1], names, 0), split, None)


def _numbered(folder: Path, kit: Path) -> Iterator[LabelRow]:
    """The images below `folder` by their names, with the numbers of `kit`."""
    images = sorted(image_files(folder), key=lambda file: natural_key(file.name))
    lines = list(_lines(kit))
    if len(lines) != len(images):
        raise UserError(
            f"{kit} holds {len(lines):,} classes, but {folder} {len(images):,} images; name the folder that holds the "
            "list and its images alone"
        )
    names = _class_names(kit.parent) or _class_names(folder)
    for (place, line), file in zip(lines, images, strict=True):
        label = _class(f"{kit}, {place}", line, names, 1)
        yield LabelRow(f"{kit.name}, {place}", relative_to(file, folder), label, UNSPLIT, None)


def _class(where: str, text: str, names: tuple[str, ...], first: int) -> str:
    if not names or not text.isdecimal():
        return class_name(text)
    number = int(text) - first if len(text) < 10 else len(names)
    if not 0 <= number < len(names):
        raise UserError(f"{where}: class {quoted(text)} is out of range; {len(names):,} classes have a name")
    return names[number]


def _class_names(folder: Path) -> tuple[str, ...]:
    """The names of the classes in their order; none where no file beside the lists tells them."""
    file = next((folder / name for name in _CLASSES if (folder / name).is_file()), None)
    if file is None:
        return ()
    return tuple(class_name(_CODE.sub("", line)) for _, line in _lines(file))


def _lines(file: Path) -> list[tuple[str, str]]:
    """The lines of `file` that are not empty, and where each stands."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    lines = enumerate(text.splitlines(), start=1)
    return [(f"line {number}", line.strip()) for number, line in lines if line.strip()]
