"""labelme: a JSON file an image, with its shapes, beside it; perhaps in a folder a split.

Source: the files that labelme 3 to 5 write.
"""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, check_present, named_in, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.json_file import parsed_json
from convsight.datasets.boxes.outlines import (
    Outline,
    circle_outline,
    joined_outlines,
    outline_area,
    rectangle_outline,
)
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.names import class_name, splits_called
from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.natural_order import natural_key, natural_order
from convsight.results.masks import Mask
from convsight.words import quoted

_LOOKED_AT = 5  # JSON files of a folder that show the format
_FOLDERS = ("annotations", "labels", "json", "jsons")  # of JSON files that are not beside their images
_FEWEST = 3  # corners of an outline
_AREAS = ("polygon", "rectangle", "circle", "mask")  # kinds of shapes that are no points and lines


class _Document(NamedTuple):
    """What a JSON file says: shapes, the image's path, and its (width, height) if stated."""

    file: Path
    shapes: Sequence[dict[str, Any]]
    image: str
    stated: tuple[int, int] | None


def is_labelme(path: Path) -> bool:
    """Whether `path` is a folder with such JSON files, or has such folders for splits."""
    return path.is_dir() and bool(_folders(path))


def read_labelme(path: Path, *, outlines: bool = False) -> Dataset:
    """The images that have a JSON file, with the bounding box of each shape; of a polygon with its area.

    With `outlines` things with their pixels are what the data hold: those in polygons, rectangles, circles and masks.

    An image has the name of its JSON file, else the `imagePath` in it. Shapes of one label and one `group_id` are one
    thing, as labelme's own converters have it. Points and lines are left out, and noted.

    Raises `UserError` naming file and shape for damaged JSON, a missing image, a shape without label or points, and
    what `boxes_dataset` refuses.
    """
    images: list[Annotated] = []
    left_out = 0
    for split, folder in _folders(path).items():
        read = [_document(origin) for origin in _json_files(folder)]
        known = _Images((folder, path, path / "images"))
        files = [known.of(each) for each in read]
        check_present(files, [str(each.file) for each in read], "an image has the name of its JSON file, or imagePath")
        for each, file, size in zip(read, files, sizes_of(files), strict=True):
            shapes = list(_boxes(each.file, each.shapes, outlines))
            left_out += len(each.shapes) - len(shapes)
            boxes = list(_grouped(each.file, shapes))
            images.append(Annotated(split, relative_name(file, path), file, each.file, boxes, size, each.stated))
    notes = [f"points, lines and the like, which have no box, left out: {left_out:,}"] if left_out else []
    classes = natural_order({box.label for image in images for box in image.boxes})
    return boxes_dataset(path, images, classes, notes, with_pixels=outlines)


def _folders(path: Path) -> dict[str, Path]:
    """The folder of JSON files of each split."""
    places = [path, *(path / name for name in _FOLDERS)]
    whole = next((place for place in places if _holds_shapes(place)), None)
    if whole:
        return {UNSPLIT: whole}
    called = splits_called([entry.name for entry in path.iterdir() if entry.is_dir()])
    return {split: path / name for name, split in called.items() if _holds_shapes(path / name)}


def _holds_shapes(folder: Path) -> bool:
    first = map(_bytes, islice(folder.glob("*.json"), _LOOKED_AT))
    return any(b'"shapes"' in data and b'"imagePath"' in data for data in first)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _json_files(folder: Path) -> list[Path]:
    found = (file for file in folder.glob("*.json") if not file.name.startswith("."))
    return sorted(found, key=lambda file: natural_key(file.name))


def _document(file: Path) -> _Document:
    document = parsed_json(file)
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(shapes, list) or not all(isinstance(s, dict) for s in shapes):
        raise UserError(f"{file} is not labelme's: it has no list 'shapes'; remove it, or put it elsewhere")
    image, width, height = (document.get(key) for key in ("imagePath", "imageWidth", "imageHeight"))
    stated = (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 < height else None
    return _Document(file, shapes, image if isinstance(image, str) and "\0" not in image else "", stated)


class _Images:
    """The images in `folders`, by name and by the name of their JSON file."""

    def __init__(self, folders: Sequence[Path]) -> None:
        listed = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())]
        files = [file for file in reversed(listed) if is_image_file(file)]
        self._by_name = {file.name: file for file in files}
        self._by_stem = {file.stem: file for file in files}

    def of(self, document: _Document) -> Path:
        """The image of a JSON file: of its name, else the one it states; it may not be there."""
        stem, last = document.file.stem, document.image.replace("\\", "/").rpartition("/")[2]
        if Path(last).stem == stem and last in self._by_name:  # of several with one stem
            return self._by_name[last]
        found = self._by_stem.get(stem) or self._by_name.get(last)
        return found or named_in(document.file.parent, document.image or f"{stem}.jpg")


def _grouped(file: Path, shapes: Sequence[tuple[Any, AnnotatedBox]]) -> Iterator[AnnotatedBox]:
    """The things of an image: shapes by themselves, and those of one group together, at the place of the first."""
    things: dict[Any, list[AnnotatedBox]] = {}
    for number, (group, box) in enumerate(shapes):
        key = (box.label, group) if isinstance(group, int | str) else number
        things.setdefault(key, []).append(box)
    yield from (parts[0] if len(parts) == 1 else _joined(file, parts) for parts in things.values())


def _joined(file: Path, parts: Sequence[AnnotatedBox]) -> AnnotatedBox:
    """One thing of several shapes."""
    corners = np.array([part.xyxy for part in parts])
    left, top = corners[:, :2].min(axis=0).tolist()
    right, bottom = corners[:, 2:].max(axis=0).tolist()
    sides = corners[:, 2:] - corners[:, :2]
    areas = [side.prod() if part.area is None else part.area for part, side in zip(parts, sides, strict=True)]
    outline = None
    if any(part.outline is not None for part in parts):
        outline = joined_outlines([part.outline or rectangle_outline(part.xyxy) for part in parts])
        if outline is None:
            raise UserError(f"{file}, {parts[1].place}: a group of masks and outlines; draw its parts in one way")
    return parts[0]._replace(xyxy=(left, top, right, bottom), area=float(sum(areas)), outline=outline)


def _boxes(file: Path, shapes: Sequence[dict[str, Any]], outlines: bool) -> Iterator[tuple[Any, AnnotatedBox]]:
    """The box of each shape, and the group that it is said to be of."""
    for number, shape in enumerate(shapes, start=1):
        place, kind = f"shape {number}", shape.get("shape_type") or "polygon"
        if kind not in _AREAS:
            continue
        text = shape.get("label")
        label = class_name(text) if isinstance(text, str) else ""
        if not label:
            raise UserError(f"{file}, {place}: the label is {quoted(text)}; say which class it is")
        points = _points(f"{file}, {place}", shape.get("points"))
        if kind == "circle":  # its centre, and a point of its edge
            radius = float(np.hypot(*(points[1] - points[0]))) if len(points) > 1 else 0.0
            points = np.array([points[0] - radius, points[0] + radius])
        left, top = points.min(axis=0).tolist()
        right, bottom = points.max(axis=0).tolist()
        area = outline_area(points) if kind == "polygon" else None
        outline = _outline(f"{file}, {place}", kind, shape, points) if outlines else None
        yield shape.get("group_id"), AnnotatedBox(place, label, (left, top, right, bottom), area=area, outline=outline)


def _outline(where: str, kind: str, shape: dict[str, Any], points: Any) -> Outline | None:
    """The pixels of a shape; None where all of its box are."""
    if kind == "circle":
        return circle_outline(points.mean(axis=0), float(points[1, 0] - points[0, 0]) / 2)
    if kind == "mask":
        return Outline(pixels=_mask(where, shape.get("mask"), points))
    return Outline((points,)) if kind == "polygon" and len(points) >= _FEWEST else None


def _mask(where: str, text: object, points: Any) -> Mask:
    """The pixels of a shape that is a PNG as text, whose first pixel lies at the first of `points`."""
    left, top = np.rint(points[0]).astype(int).tolist()
    try:
        with Image.open(BytesIO(b64decode(text if isinstance(text, str) else ""))) as image:
            return Mask.of(np.asarray(image.convert("L")) > 0, left, top)
    except (OSError, ValueError) as error:
        raise UserError(f"{where}: the mask cannot be read ({error}); draw it again") from error


def _points(where: str, given: object) -> Any:
    try:
        points = np.array(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        points = np.zeros(0)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise UserError(f"{where}: points are {quoted(given)}; expected x and y of each")
    return points
