"""WIDER FACE: lists of images with the faces of each, `wider_face_train_bbx_gt.txt`, and images in folders of events.

Source: Yang et al., "WIDER FACE: A Face Detection Benchmark", CVPR 2016, and the readme beside its lists.
"""

from collections.abc import Iterator
from pathlib import Path

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, check_present, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.names import split_called
from convsight.errors import UserError
from convsight.images import is_image_file
from convsight.words import quoted

_END = "_bbx_gt.txt"
_LISTS = "wider_face_split"
_CLASS = "face"
_FIELDS = (4, 10)  # left, top, width, height; perhaps blur, expression, illumination, invalid, occlusion, pose
_INVALID = 7


def is_wider_face(path: Path) -> bool:
    """Whether `path` is such a list, or a folder that holds some, or in wider_face_split/."""
    return bool(_lists(path))


def read_wider_face(path: Path) -> Dataset:
    """The images that the lists name, with their faces; those marked as invalid need not be found.

    The split is in the name of a list; images lie in `WIDER_<split>/images`, in `images`, or where the list does.

    Raises `UserError` naming list and line for what is no image's name, no count or no box, for an image that is not
    there, and what `boxes_dataset` refuses.
    """
    folder = path if path.is_dir() else path.parent
    folder = folder.parent if folder.name == _LISTS else folder
    read = [
        (split, origin, *each, _image(folder, split, each[1]))
        for split, origin in _lists(path).items()
        for each in _faces(origin)
    ]
    files = [each[-1] for each in read]
    where = f"images were looked for in {folder / 'WIDER_<split>' / 'images'}, and beside the list"
    check_present(files, [f"{origin}, {place}" for _, origin, place, *_ in read], where)
    annotated = [
        Annotated(split, relative_name(file, folder), file, origin, boxes, size)
        for (split, origin, _, _, boxes, file), size in zip(read, sizes_of(files), strict=True)
    ]
    return boxes_dataset(path, annotated, (_CLASS,), [])


def _lists(path: Path) -> dict[str, Path]:
    """The list of each split."""
    if path.is_file():
        return {_split(path): path} if path.name.endswith(_END) else {}
    if not path.is_dir():
        return {}
    return {_split(file): file for place in (path, path / _LISTS) for file in sorted(place.glob(f"*{_END}"))}


def _split(file: Path) -> str:
    words = file.name.removesuffix(_END).split("_")
    return next((split for word in words if (split := split_called(word))), UNSPLIT)


def _image(folder: Path, split: str, name: str) -> Path:
    places = (folder / f"WIDER_{split}" / "images", folder / "images", folder / f"WIDER_{split}", folder)
    return next((place / name for place in places if (place / name).is_file()), places[0] / name)


def _faces(file: Path) -> Iterator[tuple[str, str, list[AnnotatedBox]]]:
    """Where each image stands in `file`, its name, and its boxes."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {file}: {error}") from error
    at = 0
    while at < len(lines):
        place, name = f"line {at + 1}", lines[at]
        if not name:
            at += 1
            continue
        if not is_image_file(Path(name)):
            raise UserError(f"{file}, {place}: {quoted(name)} is not the name of an image")
        count = lines[at + 1] if at + 1 < len(lines) else ""
        # So many digits and no more: a longer number is damage, and slow to read.
        if not count.isdecimal() or len(count) > 9:
            raise UserError(f"{file}, line {at + 2}: {quoted(count)} is not how many faces {name} shows")
        # One without faces has a line of zeros all the same.
        rows = max(1, int(count)) if at + 2 < len(lines) and not is_image_file(Path(lines[at + 2])) else int(count)
        boxes = [_box(file, number, lines) for number in range(at + 2, at + 2 + int(count))]
        yield place, name, boxes
        at += 2 + rows


def _box(file: Path, number: int, lines: list[str]) -> AnnotatedBox:
    fields = lines[number].split() if number < len(lines) else []
    try:
        left, top, width, height = map(float, fields[:4])
    except ValueError:
        fields = []
    if len(fields) not in _FIELDS:
        shown = quoted(lines[number]) if number < len(lines) else "the end of the list"
        raise UserError(
            f"{file}, line {number + 1}: {shown}; expected left, top, width, height and six marks of a face"
        )
    invalid = len(fields) > _INVALID and fields[_INVALID] == "1"
    corners = (left, top, left + width, top + height)
    return AnnotatedBox(f"line {number + 1}", _CLASS, corners, difficult=invalid)
