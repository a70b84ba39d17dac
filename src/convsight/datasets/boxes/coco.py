"""COCO: one JSON file a split, with lists of images, annotations and categories.

Source: Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, and its published description of the format.
"""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from convsight.datasets.boxes.annotated import Annotated, check_present, named_in, relative_name, sizes_of
from convsight.datasets.boxes.boxes_dataset import boxes_dataset
from convsight.datasets.boxes.coco_json import CocoFile, read_coco_json
from convsight.datasets.boxes.json_file import holds_segments, json_head
from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset
from convsight.datasets.names import split_called
from convsight.errors import UserError

_ROBOFLOW = "_annotations.coco.json"
# Names of files for all images, beside them; beginnings of names of files without boxes.
_WHOLE = ("labels", "annotations", "coco", "result", "instances_default")
_NO_BOXES = ("captions", "panoptic", "stuff", "image_info")
_FIRST = re.compile(r'\s*\{\s*"(info|licenses|images|annotations|categories|type)"')
_LISTS = re.compile(r'"(images|annotations|categories)"\s*:\s*\[')
_LOOKED_AT = 50  # images of a file that show where its images lie


def is_coco(path: Path) -> bool:
    """Whether `path` is a .json file, not of segments, or a folder of such files as COCO or Roboflow name them."""
    if path.is_file():
        return path.suffix.lower() == ".json" and not holds_segments(path)
    return path.is_dir() and bool(_files(path))


def is_coco_by_another_name(path: Path) -> bool:
    """Whether `path` is a folder that holds COCO's JSON under names such as annotations/train.json or labels.json."""
    return path.is_dir() and not is_coco(path) and bool(_other_files(path))


def read_coco(path: Path, column: str = "", *, outlines: bool = False) -> Dataset:
    """The boxes of one JSON file, or of a folder's, a split each.

    A folder holds instances*.json, itself or in annotations/, or other files of COCO in annotations/, or train.json,
    labels.json and the like itself; or _annotations.coco.json, itself or in folders called
    train, valid and test. The split is in the file's or folder's name (instances_train2017.json). Images are looked
    for by their `file_name` beside the file, in images/ or data/, or in a folder called like the split (train2017/),
    beside the file or one folder up.

    Classes are in the order of the category ids, which may have gaps and are not kept. `iscrowd` and `area` are kept;
    outlines are if asked for: then things with their pixels are what the data hold. A box is (x, y, width, height), so
    its right edge is x + width. `Split.groups` holds what the entries of images say under `column`, if any says it.

    Raises `UserError` naming file and id for damaged JSON, a field that is missing or of another type, an id or a
    category's name given twice, an annotation of an unknown image or category, a missing file, two images of one
    file, and what `boxes_dataset` refuses.
    """
    files = coco_files(path)
    folder = path.parent if path.is_file() else path
    read = {split: read_coco_json(file, column, outlines=outlines) for split, file in files.items()}
    annotated = [each for split, document in read.items() for each in _annotated(folder, split, document)]
    notes = [note for document in read.values() for note in document.notes]
    return boxes_dataset(path, annotated, _classes(read.values()), notes, with_pixels=outlines)


def coco_files(path: Path) -> dict[str, Path]:
    """The JSON files at `path` by split, of whatever name `read_coco` takes; empty where there are none."""
    if path.is_file():
        return {UNSPLIT: path} if path.suffix.lower() == ".json" else {}
    return _files(path) or _other_files(path)


def _files(folder: Path) -> dict[str, Path]:
    """The JSON files of `folder` by split; empty where there is none of a known name."""
    found = sorted(folder.glob("instances*.json")) or sorted((folder / "annotations").glob("instances*.json"))
    return files_by_split(found) or _roboflow(folder)


def _other_files(folder: Path) -> dict[str, Path]:
    """The JSON files of `folder` by split that begin like COCO's, in annotations/ or under usual names."""
    inside = sorted((folder / "annotations").glob("*.json"))
    beside = [file for file in sorted(folder.glob("*.json")) if split_in(file.stem) != UNSPLIT or file.stem in _WHOLE]
    return files_by_split([file for file in inside if _begins_like_coco(file)]) or files_by_split(
        [file for file in beside if _begins_like_coco(file)]
    )


def _begins_like_coco(file: Path) -> bool:
    """By its first fields; captions and panoptic segments are no boxes."""
    head = json_head(file)
    return bool(_FIRST.match(head) and _LISTS.search(head)) and not file.stem.lower().startswith(_NO_BOXES)


def files_by_split(files: Sequence[Path]) -> dict[str, Path]:
    """The file of each split, by what files are called; raises `UserError` where two are of one, or one of all."""
    splits: dict[str, Path] = {}
    for file in files:
        split = split_in(file.stem)
        if split in splits:
            raise UserError(f"{splits[split]} and {file.name} are both of the split {split!r}; name one of the files")
        splits[split] = file
    if UNSPLIT in splits and len(splits) > 1:
        raise UserError(f"{splits[UNSPLIT]} stands beside files of splits; name the file you mean")
    return {split: splits[split] for split in (*SPLIT_NAMES, UNSPLIT) if split in splits}


def _roboflow(folder: Path) -> dict[str, Path]:
    if (folder / _ROBOFLOW).is_file():
        return {UNSPLIT: folder / _ROBOFLOW}
    files = {split_called(file.parent.name): file for file in folder.glob(f"*/{_ROBOFLOW}")}
    return {split: files[split] for split in SPLIT_NAMES if split in files}


def split_in(stem: str) -> str:
    """The split that a name tells.

    >>> split_in("instances_train2017"), split_in("instances")
    ('train', 'all')
    """
    words = re.split(r"[^a-z]+", stem.lower())
    return next((split for word in words if (split := split_called(word))), UNSPLIT)


def _classes(documents: Iterable[CocoFile]) -> tuple[str, ...]:
    """The categories of all files, each once."""
    return tuple(dict.fromkeys(name for document in documents for name in document.categories.values()))


def _annotated(folder: Path, split: str, document: CocoFile) -> list[Annotated]:
    place = _image_folder(document, split)
    files = [named_in(place, image.file_name) for image in document.images]
    where = f"looked for in {place} by their file_name"
    check_present(files, [f"{document.file}, image {image.id}" for image in document.images], where)
    return [
        Annotated(split, relative_name(file, folder), file, document.file, image.boxes, size, image.size, image.group)
        for image, file, size in zip(document.images, files, sizes_of(files), strict=True)
    ]


def _image_folder(document: CocoFile, split: str) -> Path:
    """The first of the usual folders that holds one of the first images."""
    here, above = document.file.parent, document.file.parent.parent
    ends = [match[0] for match in re.finditer(r"[A-Za-z]+\d*", document.file.stem)]  # train2017
    called = [end for end in (*ends, split) if split_called(re.sub(r"\d", "", end))]
    named = [place / name for name in called for place in (here, here / "images", above, above / "images")]
    places = [here, here / "images", *named, above / "images", above, here / "data", above / "data"]
    looked_at = document.images[:_LOOKED_AT]
    found = (
        place
        for place in places
        for image in looked_at
        if os.path.isfile(named_in(place, image.file_name))  # noqa: PTH113  (false for any text)
    )
    return next(found, here / "images" if (here / "images").is_dir() else here)
