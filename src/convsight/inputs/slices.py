"""Volumes as stacks of slices: a folder of images, or the pages of one TIFF."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from convsight.images import TIFF_SUFFIXES, ImageError, is_image_name, is_volume_name
from convsight.images.pillow import undisturbed
from convsight.inputs.array_file import ARRAY_SUFFIXES
from convsight.inputs.resample import Spacing
from convsight.natural_order import natural_key

SPACING_FILE = "spacing.txt"

_LOSSLESS = ("PNG", "TIFF", "BMP", "PPM", "GIF")
_FORMATS = (*_LOSSLESS, "JPEG", "WEBP")
_MODES = {"L": np.uint8, "P": np.uint8, "1": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "F": np.float32}
_MEANT = "volumes"  # what a folder is called whose TIFFs are volumes
_LONGEST = 4096  # bytes of a file that says the spacing
_NUMBER = re.compile(r"([0-9]+)[^0-9]*$")
_NAMED = 3  # gaps in a message


class StackHeader(NamedTuple):
    """What is known of a stack before its slices are decoded: (depth, height, width), and the type of its values."""

    shape: tuple[int, int, int]
    dtype: str


def is_stack(path: Path) -> bool:
    """Whether `path` is one volume: a folder of slices, or a TIFF of pages where that is meant.

    A folder holds slices where it holds images of one page, and no volumes in files of their own. A TIFF is a volume
    where it lies in a folder called `volumes`, or where a `spacing.txt` lies beside it or one folder up.
    """
    if path.is_dir():
        files = list(path.iterdir())
        if any(is_volume_name(file.name) or file.suffix.lower() in ARRAY_SUFFIXES for file in files):
            return False
        first = min((file for file in files if _is_slice(file)), key=_by_name, default=None)
        return first is not None and (first.suffix.lower() not in TIFF_SUFFIXES or _pages_of(first) == 1)
    if path.suffix.lower() not in TIFF_SUFFIXES or not path.is_file():
        return False
    return path.parent.name == _MEANT or _spacing_file(path) is not None


def read_slices(source: Path | bytes, name: str, most: float, *, indices: bool = False) -> NDArray[Any]:
    """The slices (depth, height, width) in a folder, by their names in natural order, or the pages of a TIFF.

    They are grey, of 8 or 16 bits or floating point, and all alike. With `indices` they are masks: palettes and bits
    are read as the numbers that are stored, and formats that blend neighbours are refused. Raises `ImageError` where
    one is not so, is damaged, or all together have more than `most` voxels.
    """
    slices: list[NDArray[Any]] = []
    left, first = most, ""
    for number, (called, image) in enumerate(_opened(source, name, _LOSSLESS if indices else _FORMATS)):
        left -= image.width * image.height
        if left < 0:
            raise ImageError(f"{name} has over {most / 1e6:,.6g} million voxels; raise it with --max-megapixels")
        slices.append(_values(image, called, indices=indices))
        first = first or called
        if (slices[-1].shape, slices[-1].dtype) != (slices[0].shape, slices[0].dtype):
            raise ImageError(
                f"{called}, slice {number + 1}, is {_words(slices[-1])}; the first, {first}, is {_words(slices[0])}: "
                "all slices of a volume have to be alike"
            )
    if not slices:
        raise ImageError(f"{name} holds no slices; give a folder of images, or a TIFF of several pages")
    return np.stack(slices)


def stack_header(source: Path | bytes) -> StackHeader | None:
    """What the number of slices and the first of them say; None where that cannot be read."""
    try:
        files = _slices_in(source) if isinstance(source, Path) and source.is_dir() else []
        opened = BytesIO(source) if isinstance(source, bytes) else (files[0] if files else source)
        with undisturbed(Image.Image), Image.open(opened, formats=_FORMATS) as image:
            count = len(files) or getattr(image, "n_frames", 1)
            return StackHeader((count, image.height, image.width), np.dtype(_MODES[image.mode]).name)
    except Exception:  # whoever reads it says what is wrong
        return None


def stack_spacing(path: Path) -> Spacing | None:
    """The size in mm of a voxel between slices, rows and columns; None where no file says it.

    `spacing.txt` says it with three numbers: in the folder of slices, else beside it or beside the TIFF, else one
    folder up from there. Raises `ImageError` where it holds anything else.
    """
    file = _spacing_file(path)
    if file is None:
        return None
    text = file.read_bytes()[:_LONGEST].decode("utf-8-sig", "replace")
    try:
        depth, height, width = (float(word) for word in text.replace(",", " ").split())
    except ValueError:
        depth = height = width = np.nan
    if not all(0 < side < np.inf for side in (depth, height, width)):
        shown = " ".join(text.split())[:60]
        raise ImageError(
            f"{file} says {shown!r}; expected three numbers above 0, the mm between slices, rows and columns, "
            "such as '2 0.7 0.7'"
        )
    return depth, height, width


def gaps(path: Path) -> str:
    """Which slices are missing in a folder by the numbers in their names, in words; empty where none is.

    Steps between numbers may be of any size, as long as all are alike. Names without numbers say nothing.

    >>> gaps(Path("no folder"))
    ''
    """
    names = [file.name for file in _slices_in(path)] if path.is_dir() else []
    found = [_NUMBER.search(Path(name).stem) for name in names]
    numbers = [int(each.group(1)) for each in found if each]
    if len(numbers) < max(len(names), 2):
        return ""
    steps = np.diff(np.array(numbers, object))
    usual = min((step for step in steps if step > 0), default=1)
    places = [row for row, step in enumerate(steps) if step > usual]
    if not places:
        return ""
    missing = sum(round(steps[row] / usual) - 1 for row in places)
    between = ", ".join(f"{names[row]} and {names[row + 1]}" for row in places[:_NAMED])
    more = f" and {len(places) - _NAMED} more places" if len(places) > _NAMED else ""
    return f"by the numbers {missing:,} slice{'s' * (missing != 1)} missing: between {between}{more}"


def _spacing_file(path: Path) -> Path | None:
    folders: Sequence[Path] = (path.parent, path.parent.parent)
    found = (folder / SPACING_FILE for folder in ((path, *folders) if path.is_dir() else folders))
    return next((file for file in found if file.is_file()), None)


def _is_slice(file: Path) -> bool:
    return is_image_name(file.name) and not is_volume_name(file.name)


def _slices_in(folder: Path) -> list[Path]:
    return sorted((each for each in folder.iterdir() if _is_slice(each)), key=_by_name)


def _opened(source: Path | bytes, name: str, formats: tuple[str, ...]) -> Iterator[tuple[str, Image.Image]]:
    """Each slice, its pixels not decoded, and what messages call it."""
    if isinstance(source, Path) and source.is_dir():
        for file in _slices_in(source):
            yield from ((str(file), page) for page in _pages(file, str(file), formats))
        return
    yield from ((f"{name}, page {page + 1}", image) for page, image in enumerate(_pages(source, name, formats)))


def _by_name(file: Path) -> Any:
    return natural_key(file.name)


def _pages(source: Path | bytes, name: str, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    try:
        file = BytesIO(source) if isinstance(source, bytes) else source
        with undisturbed(Image.Image), Image.open(file, formats=formats) as image:
            yield from ImageSequence.Iterator(image)
    except Exception as error:  # whatever Pillow's parsers run into
        raise ImageError(f"{name} cannot be read as an image ({error}); save it again or leave it out") from error


def _pages_of(file: Path) -> int:
    try:
        with undisturbed(Image.Image), Image.open(file, formats=_FORMATS) as image:
            return getattr(image, "n_frames", 1)
    except Exception:  # whoever reads it says what is wrong
        return 1


def _values(image: Image.Image, name: str, *, indices: bool) -> NDArray[Any]:
    if image.mode not in _MODES:
        raise ImageError(f"{name} is of the mode {image.mode}; expected grey of 8 or 16 bits or floating point")
    try:
        values = np.asarray(image.convert("L") if image.mode in {"P", "1"} and not indices else image)
    except Exception as error:  # whatever Pillow's decoders run into
        raise ImageError(f"{name} cannot be decoded ({error}); save it again or leave it out") from error
    return values.astype(_MODES[image.mode])


def _words(values: NDArray[Any]) -> str:
    return f"{values.shape[1]} x {values.shape[0]} of {values.dtype}"
