"""`Annotated`: an image and its boxes as somebody wrote them down, before they are checked."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from convsight.datasets.boxes.outlines import Outline
from convsight.datasets.names import storable
from convsight.datasets.threads import map_in_threads
from convsight.errors import UserError
from convsight.images import image_size

_READERS = 4  # threads that look into the headers of images

Corners = tuple[float, float, float, float]


class AnnotatedBox(NamedTuple):
    """A box: where a message finds it (`line 3`), its class, and left, top, right, bottom in pixels.

    `area` is that of the thing's outline, None where none is known; `outline` that itself, where it was asked for.
    """

    place: str
    label: str
    xyxy: Corners
    crowd: bool = False
    difficult: bool = False
    area: float | None = None
    outline: Outline | None = None


@dataclass(frozen=True)
class Annotated:
    """An image with its boxes, and `origin`, the file that tells of them.

    `size` is the (width, height) of the image upright, None where its file cannot be read; `stated` the one that
    `origin` says, None where it says none.
    """

    split: str
    name: str
    file: Path
    origin: Path
    boxes: Sequence[AnnotatedBox]
    size: tuple[int, int] | None
    stated: tuple[int, int] | None = None
    group: str | None = None  # what a column says that was asked for, where there is one


def sizes_of(files: Iterable[Path]) -> list[tuple[int, int] | None]:
    """The (width, height) of each image upright, from its header; None where it has none."""
    return list(map_in_threads(image_size, files, _READERS))


def check_present(files: Sequence[Path], places: Sequence[str], where: str) -> None:
    """Raise `UserError` where a file is not there; `places` say who names each, and `where` files were looked for."""
    missing = [row for row, file in enumerate(files) if not os.path.isfile(file)]  # noqa: PTH113
    if missing:
        first = missing[0]
        raise UserError(
            f"{places[first]}: no such file: {files[first].name} ({len(missing):,} of {len(files):,} images are not "
            f"there); {where}"
        )


def named_in(folder: Path, name: str) -> Path:
    r"""The file in `folder` that a foreign program calls `name`, which may separate folders by backslashes."""
    file = folder / name
    return file if "\\" not in name or os.path.isfile(file) else folder / name.replace("\\", "/")  # noqa: PTH113


def relative_name(file: Path, folder: Path) -> str:
    """What to call an image: its path relative to the data's folder, with forward slashes.

    >>> relative_name(Path("data/images/a.jpg"), Path("data"))
    'images/a.jpg'
    """
    return storable(os.path.relpath(file, folder).replace(os.sep, "/"))
