"""YOLO: a data.yaml with class names and folders, and a text file an image with a box a line.

Source: the description of the format in the documentation of Darknet and its successors.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from convsight.datasets.boxes.annotated import Annotated, check_present, named_in, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.yolo_keypoints import hold_keypoints
from convsight.datasets.boxes.yolo_labels import Lines
from convsight.datasets.boxes.yolo_yaml import YoloYaml, read_yaml
from convsight.datasets.dataset import Dataset
from convsight.datasets.image_files import image_files
from convsight.errors import UserError
from convsight.images import left_out_words
from convsight.words import quoted

_SUFFIXES = (".yaml", ".yml")
_NAMES = tuple(f"{name}{suffix}" for name in ("data", "dataset") for suffix in _SUFFIXES)


def is_yolo(path: Path) -> bool:
    """Whether `path` is a .yaml file, or a folder that holds data.yaml or dataset.yaml."""
    return path.suffix.lower() in _SUFFIXES if path.is_file() else path.is_dir() and _yaml_in(path) is not None


def _yaml_in(folder: Path) -> Path | None:
    return next((folder / name for name in _NAMES if (folder / name).is_file()), None)


def read_yolo(path: Path, *, outlines: bool = False) -> Dataset:
    """The images that data.yaml names, with the boxes of their label files.

    `train`, `val` and `test` are each a folder, a text file that lists images, or several of these, relative to
    `path`, which is relative to the file. Classes are `names`, a list or numbers with names; without it the `nc`
    numbers. The labels of images/a.jpg are in labels/a.txt, or beside it, as those of images elsewhere; an image
    without such a file has no boxes.

    A line is a class number and cx, cy, width, height as fractions of the image upright; or the corners of an
    outline, of which the bounding box and the area are taken, or, with `outlines`, its pixels (a box then has all
    pixels in it). Of `kpt_shape` data the box alone is taken, and of lines that look like such.

    Raises `UserError` naming file and line for damaged YAML, a missing folder or image, a class number without name,
    a line of another length, a field that is no number, coordinates that are no fractions, and what `boxes_dataset`
    refuses.
    """
    file = path if path.is_file() else _yaml_in(path) or path
    described = read_yaml(file)
    notes: list[str] = list(described.notes)
    left_out: list[str] = []
    images = {split: _images(described, split, places, left_out) for split, places in described.splits.items()}
    labels = {split: [label_file(image) for image in found] for split, found in images.items()}
    keypoints = described.keypoints or hold_keypoints(each for found in labels.values() for each in found)
    if keypoints and not described.keypoints:
        notes.append("the lines of the label files look like boxes with key points, which are passed over")
    lines = Lines(described.names, keypoints, with_outlines=outlines)
    annotated = [image for split in images for image in _annotated(file, split, images[split], labels[split], lines)]
    if annotated and not lines.files:
        expected = relative_name(annotated[0].origin, file.parent)
        raise UserError(
            f"{file}: none of {len(annotated):,} images has a label file; expected {expected} and so on, or such files "
            "beside the images"
        )
    notes += lines.notes()
    if left_out:
        notes.append(left_out_words([relative_name(Path(folder), file.parent) for folder in left_out]))
    classes = tuple(described.names.values())
    return boxes_dataset(path, annotated, classes, notes, classes_named=described.named, with_pixels=outlines)


def label_file(image: Path) -> Path:
    """Where the boxes of `image` stand: the first of the usual places that has a file, else the first.

    >>> label_file(Path("images/train/a.jpg")).as_posix(), label_file(Path("train/a.jpg")).as_posix()
    ('labels/train/a.txt', 'train/a.txt')
    """
    beside = image.with_suffix(".txt")
    folders = [place for place, part in enumerate(beside.parts[:-1]) if part == "images"]
    # The last such folder is meant as a rule; one further up may be that of somebody's data as a whole.
    mirrored = [Path(*beside.parts[:place], "labels", *beside.parts[place + 1 :]) for place in reversed(folders)]
    places = [*mirrored, beside]
    return next((place for place in places if os.path.isfile(place)), places[0])  # noqa: PTH113


def _images(described: YoloYaml, split: str, places: Sequence[str], left_out: list[str]) -> list[Path]:
    found: list[Path] = []
    for text in places:
        place = described.resolved(split, text)
        if place.is_dir():
            found += image_files(place, left_out)
        elif place.suffix.lower() == ".txt":
            found += _listed(place)
        else:
            raise UserError(
                f"{described.file}: {split} is {quoted(text)}, which is no folder and no .txt list of images"
            )
    if not found:
        raise UserError(f"{described.file}: {split} ({', '.join(places)}) holds no image; add some or remove the line")
    return found


def _listed(file: Path) -> list[Path]:
    """The images a list names, relative to its folder."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()]
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line]
    files = [Path(os.path.normpath(named_in(file.parent, line))) for _, line in numbered]
    check_present(files, [f"{file}, line {number}" for number, _ in numbered], f"paths are relative to {file.parent}")
    return files


def _annotated(
    file: Path, split: str, images: Sequence[Path], labels: Sequence[Path], lines: Lines
) -> Iterator[Annotated]:
    for image, origin, size in zip(images, labels, sizes_of(images), strict=True):
        name = relative_name(image, file.parent)
        yield Annotated(split, name, image, origin, lines.read(origin, size or (0, 0)), size)
